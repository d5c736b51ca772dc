"""The steps for the scaling policies of a service."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.reconcile.attached import Ref, Target
from stack.reconcile.draft import Draft
from stack.reconcile.handover import Attachment
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Change, Joined, ResultOf
from stack.reconcile.scalable_target import Answer, ScalableTarget, place
from stack.reconcile.scaling import (
    PREFIX,
    REQUESTS,
    TRACKING,
    Policy,
    Scaling,
    is_own,
    normal_policy,
    part_name,
)
from stack.reconcile.scaling_steps import ALREADY_GONE, BUSY, STEPS

_BALANCER, _GROUP = ':loadbalancer/', ':targetgroup/'
_NETWORK = ':loadbalancer/net/'


@dataclass(frozen=True)
class Counted:
    """The load balancer and the target group whose requests are counted, by ARN."""

    balancer: Ref
    group: Ref


def counted_requests(attached: Sequence[Attachment], targets: Iterable[Target], observed: Observed) -> Counted | None:
    """Those of the first application load balancer of a service; None where it has none."""
    for own in attached:
        if own.alias.balancer.kind == 'application':
            return Counted(own.alias.balancer.arn, own.target.group)
    for target in targets:
        group = observed.index.target_groups.get(target.group) if isinstance(target.group, str) else None
        for balancer in group.load_balancers if group else ():
            if _NETWORK not in balancer:
                return Counted(balancer, target.group)
    return None


def counted_as_attached(service: Service, observed: Observed) -> Counted | None:
    """Those of the first application load balancer that a service is attached to as it runs."""
    groups = [attachment.get('targetGroupArn', '') for attachment in service.load_balancers]
    return counted_requests((), [Target(arn, 0) for arn in groups], observed)


def plan_policies(
    draft: Draft,
    stated: Scaling,
    target: ScalableTarget | None,
    counted: Counted | None,
    after: list[str | None],
) -> None:
    where = place(draft.owner.cluster, draft.service)
    there = {part_name(policy): policy for policy in target.policies} if target else {}
    for policy in stated.policies:
        if policy.needs_label and counted is None:
            draft.note('Its requests are not followed: no application load balancer forwards to it.')
            continue
        tracking = _with_label(policy, counted)
        wanted = {'PolicyType': 'TargetTrackingScaling', TRACKING: tracking}
        before = there.get(policy.name)
        if any(_is_same(known, wanted) for known in there.values() if known is before or not is_own(known)):
            if before is not None and not _is_same(before, wanted):
                delete_policy(draft, where, before)
            continue
        draft.add(
            f'autoscaling/policy/{policy.name}',
            'application-autoscaling:PutScalingPolicy',
            f'Scale {draft.service} by {policy.field}',
            {**where, 'PolicyName': policy.name, **wanted},
            after=after,
            why=_policy_changes(policy, before, tracking),
            not_yet=BUSY,
        )
    kept = {policy.name for policy in stated.policies}
    for name, before in there.items():
        if is_own(before) and name not in kept and not name.startswith(STEPS):
            delete_policy(draft, where, before)


def _is_same(policy: Answer, wanted: Answer) -> bool:
    return normal_policy(policy) == normal_policy(wanted)


def _with_label(policy: Policy, counted: Counted | None) -> dict[str, Any]:
    """The configuration of a policy, with the load balancer and target group whose requests are counted.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html
    """
    configuration = dict(policy.configuration)
    if policy.needs_label and counted:
        label = _label(counted.balancer, counted.group)
        configuration['PredefinedMetricSpecification'] = {'PredefinedMetricType': REQUESTS, 'ResourceLabel': label}
    return configuration


def balancer_label(balancer: str, group: str) -> str:
    """The last parts of both ARNs, as `app/web/50dc6c495c0c9188/targetgroup/web/943f017f100becff`."""
    return f'{balancer.partition(_BALANCER)[2]}/targetgroup/{group.partition(_GROUP)[2]}'


def _label(balancer: Ref, group: Ref) -> str | Joined:
    if isinstance(balancer, str) and isinstance(group, str):
        return balancer_label(balancer, group)
    return Joined((_last(balancer, _BALANCER), '/targetgroup/', _last(group, _GROUP)))


def _last(arn: Ref, after: str) -> Ref:
    if isinstance(arn, ResultOf):
        return ResultOf(arn.step, arn.path, after)
    return arn.partition(after)[2]


def _policy_changes(policy: Policy, before: Answer | None, tracking: Mapping[str, Any]) -> list[Change]:
    """The differing fields. Cooldowns are stated once for all policies."""
    path = f'autoscaling.{policy.field}'
    if before is None or not before.get(TRACKING):
        return [Change(path, None, tracking['TargetValue'])]
    old, new = normal_policy(before), normal_policy({TRACKING: tracking})
    found = []
    if old['TargetValue'] != new['TargetValue']:
        found.append(Change(path, old['TargetValue'], new['TargetValue']))
    for member, field in (('ScaleInCooldown', 'in_cooldown'), ('ScaleOutCooldown', 'out_cooldown')):
        if old[member] != new[member]:
            found.append(Change(f'autoscaling.{field}', old[member], new[member]))
    if old['Customized'] != new['Customized']:
        found.append(Change(path, _metric_name(old), _metric_name(new)))
    return found or [Change(path, 'another definition', tracking['TargetValue'])]


def _metric_name(policy: Mapping[str, Any]) -> Any:
    return (policy['Customized'] or {}).get('MetricName')


def delete_policy(draft: Draft, where: Mapping[str, str], policy: Answer, after: Iterable[str] = ()) -> str:
    name = part_name(policy)
    return draft.add(
        f'autoscaling/policy/delete/{name}',
        'application-autoscaling:DeleteScalingPolicy',
        f'Delete the scaling policy {name} of {draft.service}',
        {**where, 'PolicyName': name},
        after=after,
        why=[Change(f'autoscaling.{name.removeprefix(PREFIX)}', name, None)],
        not_yet=BUSY,
        already=ALREADY_GONE,
    )


def is_declared_policy(policy: Answer, stated: Scaling) -> bool:
    """Whether a policy is a declared one, whatever load balancer it counts the requests of."""
    found = _without_label(policy)
    return any(found == _without_label({TRACKING: wanted.configuration}) for wanted in stated.policies)


def _without_label(policy: Answer) -> dict[str, Any]:
    normal = normal_policy(policy)
    return {**normal, 'Predefined': (normal.get('Predefined') or {}).get('PredefinedMetricType')}
