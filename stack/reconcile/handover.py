"""The handover from one load balancer or target group to its successor, without an interruption.

Until the successor has a healthy target, requests go where they went. Then the listener or the record is switched, and
the predecessor is marked with the time. Clients keep an address for as long as its record states (60 s for an alias:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html), so the service
stays attached to both for `GRACE_S`; a pass after that removes the predecessor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import LoadBalancer, Observed
from stack.reconcile.plan import Change, ResultOf, Until
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.record import plan_record
from stack.reconcile.wanted import Balancer

Ref = str | ResultOf

# How long a load balancer goes on serving after its successor took over, in seconds.
GRACE_S = 180.0


@dataclass(frozen=True)
class Switch:
    """A listener that changes its target group once the new one serves."""

    text: str
    arguments: Mapping[str, Any]
    why: tuple[Change, ...]


@dataclass(frozen=True)
class Attachment:
    """What the service is attached to, and the steps (`ready`) after which it can be.

    `seen_to`: the ARNs of the parts that stay. `also`: target groups of `predecessors`, which stay attached. `waits`:
    whether the record, the listener's `switch` and the marks on predecessors are left to `plan_handover`.
    """

    target_group: Ref
    container_port: int
    ready: tuple[str, ...]
    seen_to: frozenset[str]
    also: tuple[str, ...]
    wanted: Balancer
    balancer: PlannedBalancer
    switch: Switch | None
    predecessors: tuple[LoadBalancer, ...]
    waits: bool


def left(balancer: LoadBalancer, at: float | None = None) -> bool:
    """Whether a successor took over from it; with `at`, a time in seconds since the epoch: `GRACE_S` before that."""
    marked = balancer.tags.get(names.LEFT_TAG, '')
    if not marked.isdecimal():
        return False
    return at is None or at - int(marked) >= GRACE_S


def predecessors(owner: Owner, observed: Observed, current: LoadBalancer | None) -> tuple[LoadBalancer, ...]:
    """The owner's other load balancers through which its service is reached now."""
    service = observed.service(owner.service or '')
    attached = {each.get('targetGroupArn') for each in service.load_balancers} if service else set()
    return tuple(
        each
        for each in observed.load_balancers
        if names.owner(each.tags) == owner
        and (current is None or each.arn != current.arn)
        and any(listener.target_group in attached for listener in each.listeners if listener.target_group)
    )


def plan_handover(draft: Draft, attachment: Attachment, observed: Observed) -> None:
    """Add the steps that follow the service's own: wait, switch, point the record, mark the predecessors."""
    for each in attachment.predecessors:
        if left(each):
            draft.note(f'The load balancer {each.name} was succeeded, and is deleted by a later pass.')
    if not attachment.waits:
        return
    serves = draft.add(
        'target-group/serves',
        'elbv2:DescribeTargetHealth',
        'Wait until a task is healthy in its new target group',
        {'TargetGroupArn': attachment.target_group},
        after=[each.id for each in draft.steps if each.kind in ('ecs:UpdateService', 'ecs:CreateService')],
        until=Until('TargetHealthDescriptions.0.TargetHealth.State', ('healthy',)),
    )
    done: list[str | None] = [serves]
    if switch := attachment.switch:
        done.append(
            draft.add('listener', 'elbv2:ModifyListener', switch.text, switch.arguments, after=[serves], why=switch.why)
        )
    done.append(plan_record(draft, attachment.wanted, observed, attachment.balancer, after=[serves]))
    for each in attachment.predecessors:
        if not left(each):
            _leave(draft, each, observed.at, done)


def _leave(draft: Draft, balancer: LoadBalancer, at: float, after: list[str | None]) -> None:
    draft.add(
        f'load-balancer/leave/{balancer.arn}',
        'elbv2:AddTags',
        f'Note on {balancer.name} that its successor serves',
        {'ResourceArns': [balancer.arn], 'Tags': names.tag_list({names.LEFT_TAG: str(int(at))})},
        after=after,
        why=[Change('elb', balancer.name, None)],
    )
    draft.note(f'The load balancer {balancer.name} serves until its successor does; a later pass deletes it.')
