"""What Nysa calls the things that it makes in AWS, and how it marks them as its own."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from stack.stackfile.task_definition import CLUSTER_TAG, SERVICE_TAG

# On a load balancer: the record that points at it, as `zone/name`. A record cannot be tagged itself.
RECORD_TAG = 'nysa:record'
# On a load balancer: when its successor took over, in whole seconds since the epoch.
LEFT_TAG = 'nysa:left'
# On what can only be replaced: what it was made for, so that it is not replaced by the same again.
MADE_FOR_TAG = 'nysa:made-for'
# On a service whose stackfile stated everything when it was taken over: what is left out later has its default.
WHOLE_TAG = 'nysa:whole'
# On a task definition: the revision of the desired state for which its task was run.
RAN_TAG = 'nysa:ran'


class Owner(NamedTuple):
    """For whom something was made; `service` is None where a whole cluster shares it."""

    cluster: str
    service: str | None = None

    @property
    def tags(self) -> dict[str, str]:
        return {CLUSTER_TAG: self.cluster} | ({SERVICE_TAG: self.service} if self.service else {})

    @property
    def description(self) -> str:
        """In words, for what can be listed with its description but not with its tags; ends as its cluster's does."""
        return f'{f"Service {self.service} " if self.service else ""}of the ECS cluster {self.cluster}, made by Nysa'


def owner(tags: Mapping[str, str]) -> Owner | None:
    """Whose a thing is by its tags, or None where Nysa did not make it and has not taken it over."""
    cluster = tags.get(CLUSTER_TAG)
    return Owner(cluster, tags.get(SERVICE_TAG)) if cluster else None


def ecs_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as ECS takes them."""
    return [{'key': key, 'value': value} for key, value in tags.items()]


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as Elastic Load Balancing and Cloud Map take them."""
    return [{'Key': key, 'Value': value} for key, value in tags.items()]


def read_tags(tags: Any) -> dict[str, str]:
    """Tags from an answer of either spelling."""
    return {each.get('Key') or each['key']: each.get('Value', each.get('value', '')) for each in tags or ()}


def token(*parts: str) -> str:
    """An idempotency token of 32 letters and digits: the same for the same parts."""
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()[:32]


def successive(balancer: str) -> Iterator[str]:
    """A load balancer's name and those of its successors, none longer than the first: `…-lb`, then `…-l2` to `…-l9`."""
    yield balancer
    yield from (f'{balancer.removesuffix("-lb")}-l{n}' for n in range(2, 10))


def first_of(balancer: str) -> str:
    """The name of the load balancer that one of this name may have succeeded: `…-lb` for `…-l2` to `…-l9`."""
    return re.sub(r'-l[2-9]$', '-lb', balancer)


def unused(balancer: str, used: Collection[str]) -> str | None:
    """The first of the successive names that is not used, if one is left."""
    return next((each for each in successive(balancer) if each not in used), None)


def dns_name(name: str) -> str:
    """A domain name as one compares it: in lower case, without the final dot, `*` as Route 53 gives it unescaped."""
    return name.lower().rstrip('.').replace('\\052', '*')


def alias_target(name: str) -> str:
    """A load balancer's DNS name as one compares it: consoles put `dualstack.` before it."""
    return dns_name(name).removeprefix('dualstack.')


def record_tag(zone: str, name: str) -> str:
    """The value of `RECORD_TAG`. A tag cannot hold `*`, and no name that Route 53 takes has `@`."""
    return f'{zone}/{dns_name(name).replace("*", "@")}'


def tagged_record(value: str) -> tuple[str, str] | None:
    """Zone and name from a value of `RECORD_TAG`."""
    zone, slash, name = value.partition('/')
    return (zone, name.replace('@', '*')) if slash and zone and name else None
