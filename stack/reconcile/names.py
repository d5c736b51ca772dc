"""Names and ownership tags of the AWS resources that Nysa creates."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stack.stackfile.task_definition import CLUSTER_TAG, SERVICE_TAG

# On a load balancer or target group: its records, each as `zone/name`. A record cannot be tagged itself.
RECORD_TAG = 'nysa:record'
# On a load balancer: the time of the switch to its successor, in whole seconds since the epoch.
LEFT_TAG = 'nysa:left'
# On a load balancer whose listener moves to another port: its ports, each as `port/time` where it was left then.
PORTS_TAG = 'nysa:ports'
# On a load balancer: the port of its listener for tests.
TEST_TAG = 'nysa:test-port'
# On a target group: the names of the settings that its stackfile states, which go back to a default without it.
SET_TAG = 'nysa:set'
# On an ECS service: the ids of the target groups of others that its stackfile names.
ATTACHED_TAG = 'nysa:attached'
# On a resource that can only be replaced: the settings it was created for, so that it is not replaced by an equal one.
MADE_FOR_TAG = 'nysa:made-for'
# On an adopted service whose stackfile stated everything: a field left out later has its default.
WHOLE_TAG = 'nysa:whole'
# On a service whose stackfile states Service Connect: left out later, it is turned off.
CONNECT_TAG = 'nysa:service-connect'
# On a task definition: the revision of the desired state for which its task ran.
RAN_TAG = 'nysa:ran'
# On a task definition: the schedule that runs it, as `group/name`.
SCHEDULE_TAG = 'nysa:schedule'


class Owner(NamedTuple):
    """The owner of an AWS resource; `service` is None where a whole cluster shares it."""

    cluster: str
    service: str | None = None

    @property
    def tags(self) -> dict[str, str]:
        return {CLUSTER_TAG: self.cluster} | ({SERVICE_TAG: self.service} if self.service else {})

    @property
    def description(self) -> str:
        """The owner as text, for resources that are listed with their description but not with their tags."""
        return f'{f"Service {self.service} " if self.service else ""}of the ECS cluster {self.cluster}, made by Nysa'


def owner(tags: Mapping[str, str]) -> Owner | None:
    """The owner by the tags, or None where Nysa neither created nor adopted the resource."""
    cluster = tags.get(CLUSTER_TAG)
    return Owner(cluster, tags.get(SERVICE_TAG)) if cluster else None


_DESCRIPTION = re.compile(r'Service (?P<service>\S+) of the ECS cluster (?P<cluster>\S+), made by Nysa')


def described_owner(description: str) -> Owner | None:
    """The service that owns a resource by its description; None for any other text."""
    match = _DESCRIPTION.fullmatch(description)
    return Owner(match['cluster'], match['service']) if match else None


def ecs_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the format of ECS."""
    return [{'key': key, 'value': value} for key, value in tags.items()]


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the format of Elastic Load Balancing and Cloud Map."""
    return [{'Key': key, 'Value': value} for key, value in tags.items()]


def read_tags(tags: Any) -> dict[str, str]:
    """Tags from a response in either format."""
    return {tag.get('Key') or tag['key']: tag.get('Value', tag.get('value', '')) for tag in tags or ()}


def token(*parts: str) -> str:
    """An idempotency token of 32 letters and digits: the same for the same parts."""
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()[:32]


def successive(balancer: str) -> Iterator[str]:
    """A load balancer's name and those of its successors, none longer than the first: `…-lb`, then `…-l2` to `…-l9`."""
    yield balancer
    yield from (f'{balancer.removesuffix("-lb")}-l{n}' for n in range(2, 10))


def first_of(balancer: str) -> str:
    """The first name in the succession: `…-lb` for `…-l2` to `…-l9`."""
    return re.sub(r'-l[2-9]$', '-lb', balancer)


def unused(balancer: str, *used: Collection[str]) -> str | None:
    """The first unused name in the succession, if any."""
    return next((name for name in successive(balancer) if not any(name in some for some in used)), None)


def dns_name(name: str) -> str:
    """A domain name for comparison: in lower case, without the final dot, and with Route 53's `\\052` as `*`."""
    return name.lower().rstrip('.').replace('\\052', '*')


def alias_target(name: str) -> str:
    """A load balancer's DNS name for comparison: consoles put `dualstack.` before it."""
    return dns_name(name).removeprefix('dualstack.')


def record_tag(zone: str, name: str) -> str:
    """The value of `RECORD_TAG`. A tag cannot contain `*`, and Route 53 accepts no name with `@`."""
    return f'{zone}/{dns_name(name).replace("*", "@")}'


def records_tag(records: Iterable[tuple[str, str]]) -> str:
    """The value of `RECORD_TAG` for several records, by zone and name."""
    return ' '.join(sorted(record_tag(*record) for record in records))


def tagged_records(value: str) -> list[tuple[str, str]]:
    """Zone and name of each record in a value of `RECORD_TAG`."""
    return [record for part in value.split() if (record := tagged_record(part))]


def tagged_record(value: str) -> tuple[str, str] | None:
    """Zone and name from a value of `RECORD_TAG`."""
    zone, slash, name = value.partition('/')
    return (zone, name.replace('@', '*')) if slash and zone and name else None


def balancer_of(listener: str) -> str:
    """The ARN of a listener's load balancer.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
    """
    return listener.rpartition('/')[0].replace(':listener/', ':loadbalancer/')
