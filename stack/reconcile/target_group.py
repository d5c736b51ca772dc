"""The target group of a service's load balancer: reused, created, or changed in place."""

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import LoadBalancer, Observed, TargetGroup
from stack.reconcile.plan import Change, ResultOf, differences
from stack.reconcile.wanted_balancers import Balancer


def usable_target_group(
    draft: Draft, wanted: Balancer, observed: Observed, balancer: LoadBalancer | None
) -> TargetGroup | None:
    """An existing target group of the right VPC and type that no other load balancer uses."""
    own = set(names.successive(wanted.name))
    own_balancer = {balancer.arn} if balancer else set()
    led_to = (
        {listener.target_group for listener in balancer.listeners if listener.port == wanted.port}
        if balancer
        else set()
    )
    for group in observed.target_groups:
        if names.owner(group.tags) not in (None, draft.owner) or not (group.name in own or group.arn in led_to):
            continue
        fits = (group.vpc, group.target_type, group.protocol) == (wanted.vpc, wanted.target_type, 'HTTP')
        if fits and own_balancer.issuperset(group.load_balancers):
            return group
    return None


def plan_target_group(draft: Draft, wanted: Balancer, observed: Observed, there: TargetGroup | None) -> str | ResultOf:
    """The target group's ARN, known or to come; `there` is the existing one, if any."""
    if there is None:
        name = names.unused(wanted.name, {group.name for group in observed.target_groups})
        if name is None:
            raise Blocked(f'All names for a target group of {wanted.name} are used.')
        made = draft.add(
            'target-group',
            'elbv2:CreateTargetGroup',
            f'Create the target group {name}',
            {
                'Name': name,
                'Protocol': 'HTTP',
                'Port': wanted.container_port,
                'VpcId': wanted.vpc,
                'TargetType': wanted.target_type,
                **wanted.health,
                'Tags': names.tag_list(draft.owner.tags),
            },
            why=[Change('elb.target_group', None, name)],
        )
        return ResultOf(made, 'TargetGroups.0.TargetGroupArn')
    if names.owner(there.tags) is None:
        draft.take_over('target-group', there.name, there.arn)
    changes = differences({name: there.health.get(name) for name in wanted.health}, wanted.health, 'elb.healthcheck')
    if changes:
        draft.add(
            'target-group/health-check',
            'elbv2:ModifyTargetGroup',
            f'Change the health check of {there.name}',
            {'TargetGroupArn': there.arn, **wanted.health},
            why=changes,
        )
    return there.arn
