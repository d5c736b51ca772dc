"""Handover from one load balancer or target group to its successor without an outage.

Until the successor has a healthy target, requests go to the predecessor. Then the listener or the record is switched,
and the predecessor is tagged with the time. Clients cache an address for the TTL of its record (60 s for an alias:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html), so the service
stays attached to both for `GRACE_S`; a pass after that removes the predecessor.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.attached import Target
from stack.reconcile.draft import Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.plan import Change, Until
from stack.reconcile.record import Alias, plan_record

# How long a load balancer serves after the switch to its successor, in seconds.
GRACE_S = 180.0


@dataclass(frozen=True)
class Switch:
    """A listener or rule that changes once the new target group has a healthy target; `id` and `kind` of its step."""

    id: str
    kind: str
    text: str
    arguments: Mapping[str, Any]
    why: tuple[Change, ...]
    after: tuple[str, ...] = ()
    interrupts: bool = False


@dataclass(frozen=True)
class Attachment:
    """The target group of the service, and the steps (`ready`) after which the service can be attached to it.

    `draft` is the one that the load balancer's steps are in.
    `seen_to`: the ARNs of the parts that stay. `also`: target groups that requests still go to, which stay attached.
    `waits`: whether `plan_handover` adds the record, the `switches` and the tags on predecessors. `interrupts`: the
    service has to leave a target group that serves before the switch, since ECS attaches it to one target type only.
    `untested`: a load balancer whose listener for tests goes.
    """

    draft: Draft
    target: Target
    ready: tuple[str, ...]
    seen_to: frozenset[str]
    also: frozenset[str]
    alias: Alias
    switches: tuple[Switch, ...]
    predecessors: tuple[LoadBalancer, ...]
    waits: bool
    interrupts: bool = False
    untested: LoadBalancer | None = None


def left(balancer: LoadBalancer, at: float | None = None) -> bool:
    """Whether a successor serves in its place; with `at` (seconds since the epoch), for at least `GRACE_S`."""
    marked = balancer.tags.get(names.LEFT_TAG, '')
    if not marked.isdecimal():
        return False
    return at is None or at - int(marked) >= GRACE_S


def predecessors(owner: Owner, observed: Observed, current: Collection[str]) -> tuple[LoadBalancer, ...]:
    """The owner's load balancers that forward to its service now, except those in `current` (ARNs)."""
    service = observed.service(owner.service or '')
    attached = service.target_groups if service else frozenset()
    return tuple(
        balancer
        for balancer in observed.index.load_balancers_of(owner)
        if balancer.arn not in current and any(listener.target_group in attached for listener in balancer.listeners)
    )


def plan_handover(attachment: Attachment, observed: Observed) -> None:
    """Add the steps that follow the service's own: wait, switch, point the record, mark the predecessors."""
    draft = attachment.draft
    for predecessor in attachment.predecessors:
        if left(predecessor):
            draft.note(f'The load balancer {predecessor.name} has a successor; a later pass deletes it.')
    if not attachment.waits:
        return
    serves = draft.add(
        'target-group/serves',
        'elbv2:DescribeTargetHealth',
        'Wait until a task is healthy in its new target group',
        {'TargetGroupArn': attachment.target.group},
        after=[step.id for step in draft.steps if step.kind in ('ecs:UpdateService', 'ecs:CreateService')],
        until=Until('TargetHealthDescriptions.0.TargetHealth.State', ('healthy',)),
    )
    done: list[str | None] = [serves]
    for switch in attachment.switches:
        after = [serves, *switch.after]
        done.append(
            draft.add(
                switch.id,
                switch.kind,
                switch.text,
                switch.arguments,
                after=after,
                why=switch.why,
                interrupts=switch.interrupts,
            )
        )
    done += plan_record(draft, attachment.alias, observed, after=[serves])
    for predecessor in attachment.predecessors:
        if not left(predecessor):
            _leave(draft, predecessor, observed.at, done)


def _leave(draft: Draft, balancer: LoadBalancer, at: float, after: list[str | None]) -> None:
    draft.add(
        f'load-balancer/leave/{balancer.arn}',
        'elbv2:AddTags',
        f'Tag {balancer.name} with the time of the switch to its successor',
        {'ResourceArns': [balancer.arn], 'Tags': names.tag_list({names.LEFT_TAG: str(int(at))})},
        after=after,
        why=[Change('elb', balancer.name, None)],
    )
    draft.note(f'The load balancer {balancer.name} serves until its successor does; a later pass deletes it.')
