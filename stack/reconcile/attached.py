"""The target groups that a service is attached to: `loadBalancers` of CreateService and UpdateService.

Attachments that others made stay. Those that the stackfile named and names no longer go: the service has the ids of
their target groups in a tag.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.service_fields import Changed
from stack.reconcile.shifting import stated_shift, without_shift
from stack.reconcile.wanted_balancers import OthersGroup

Ref = str | ResultOf


@dataclass(frozen=True)
class Target:
    """A target group that the service is attached to. `container` is None for the main container.

    `others`: whether other programs made it. `shift` has the members of `advancedConfiguration` where ECS shifts
    traffic.
    """

    group: Ref
    container_port: int
    container: str | None = None
    others: bool = False
    shift: Mapping[str, Ref] | None = None


def plan_others_group(wanted: OthersGroup, observed: Observed) -> Target:
    """The attachment to a target group that others made. Raises `Blocked` where ECS would refuse it."""
    group = observed.index.target_groups.get(wanted.arn)
    if group is None:
        raise Blocked(f'There is no target group {wanted.arn}.')
    if group.target_type != wanted.target_type:
        raise Blocked(
            f'The target group {group.name} has targets of type {group.target_type}: its tasks need one of type '
            f'{wanted.target_type}.'
        )
    if not group.load_balancers:
        raise Blocked(f'No listener forwards to the target group {group.name}: ECS refuses to attach a service to it.')
    return Target(group.arn, wanted.container_port, wanted.container, others=True, shift=stated_shift(wanted.shift))


def attached_tags(targets: Iterable[Target]) -> dict[str, str]:
    """The tag of a service that is attached to target groups of others."""
    ids = sorted(_id(target.group) for target in targets if target.others)
    return {names.ATTACHED_TAG: ' '.join(ids)} if ids else {}


def attachments(targets: Iterable[Target], main: str) -> list[dict[str, Any]]:
    """Members of `loadBalancers`; `main` is the name of the main container."""
    return [
        {
            'targetGroupArn': target.group,
            'containerName': target.container or main,
            'containerPort': target.container_port,
            **({'advancedConfiguration': dict(target.shift)} if target.shift else {}),
        }
        for target in targets
    ]


def changed_attachments(
    draft: Draft,
    targets: Collection[Target],
    service: Service,
    observed: Observed,
    kept: 'Kept',
) -> Changed:
    """The argument of UpdateService and its differences; None where the attachments are as they are wanted."""
    own: set[Ref] = {*(observed.groups_of(draft.owner) - kept.groups), *(target.group for target in targets)}
    stated_before = set(service.tags.get(names.ATTACHED_TAG, '').split())
    before = [{key: value for key, value in attachment.items() if value} for attachment in service.load_balancers]
    known = {attachment.get('targetGroupArn'): attachment for attachment in before}
    staying = [
        attachment
        for attachment in before
        if attachment.get('targetGroupArn') not in own
        and _id(attachment.get('targetGroupArn', '')) not in stated_before
    ]
    after = [kept.with_container(attachment) for attachment in (staying if kept.stated is None else kept.stated)]
    rolling: set[Ref] = {target.group for target in targets if not target.others and not target.shift}
    known = {arn: without_shift(each) if arn in rolling else each for arn, each in known.items()}
    after += [{**known.get(new['targetGroupArn'], {}), **new} for new in attachments(targets, kept.main)]
    if sorted(before, key=str) == sorted(after, key=str):
        return None
    return after, [Change('elb', _as_text(before), _as_text(after))]


@dataclass(frozen=True)
class Kept:
    """What an update leaves: `groups` of the service's own that predecessors serve, and attachments `stated` in `ecs`.

    `containers` are those of the new task definition, `main` is the main one.
    """

    groups: frozenset[str]
    stated: list[Mapping[str, Any]] | None
    containers: frozenset[str]
    main: str

    def with_container(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """An attachment or registry, with the main container where its container is not in the new definition."""
        if part.get('containerName') in {None, *self.containers}:
            return dict(part)
        return {**part, 'containerName': self.main}


def _id(group: Ref) -> str:
    """The last part of the ARN of a target group, which is unique."""
    return group.rpartition('/')[2] if isinstance(group, str) else ''


def _as_text(attachments: list[dict[str, Any]]) -> str | None:
    """Attachments as text, such as `staging-web-lb:8080`."""
    shown = []
    for attachment in attachments:
        group = attachment.get('targetGroupArn', attachment.get('loadBalancerName', ''))
        name = 'new' if isinstance(group, ResultOf) else group.partition('targetgroup/')[2].partition('/')[0] or group
        shifted = ' and its alternate' if attachment.get('advancedConfiguration') else ''
        shown.append(f'{name}:{attachment.get("containerPort")}{shifted}')
    return ', '.join(shown) or None
