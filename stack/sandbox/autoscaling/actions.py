"""The actions of the API of Application Auto Scaling.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stack.sandbox.autoscaling.expressions import check_expression
from stack.sandbox.autoscaling.model import SUSPENSIONS, Action, Policy, Region, ScalingError, Target, Wire, invalid
from stack.sandbox.autoscaling.ports import Services

# https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html
_MOST_POLICIES, _MOST_ACTIONS = 50, 200
_ROLE = 'aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService'
_KEPT_OF_ACTION = ('Schedule', 'Timezone', 'ScalableTargetAction')
_CONFIGURATIONS = ('TargetTrackingScalingPolicyConfiguration', 'StepScalingPolicyConfiguration')


class Scope:
    """What an action needs besides its request: the region's state, its ECS services, and the time."""

    def __init__(self, region: Region, services: Services, now: float):
        self.region = region
        self.services = services
        self.now = now


def register(scope: Scope, params: Wire) -> Wire:
    region, target = scope.region, scope.region.targets.get(params['ResourceId'])
    _check_resource(params)
    if not scope.services.exists(*params['ResourceId'].split('/')[1:]):
        raise invalid(f"ECS service doesn't exist: {params['ResourceId']}")
    if target is None and not {'MinCapacity', 'MaxCapacity'} <= params.keys():
        raise invalid('Minimum and maximum capacity are required to register a new scalable target')
    low = params.get('MinCapacity', target.minimum if target else 0)
    high = params.get('MaxCapacity', target.maximum if target else 0)
    if low < 0:
        raise invalid('Minimum capacity must be 0 or greater')
    if low > high:
        raise invalid('Maximum capacity cannot be less than minimum capacity')
    if target is None:
        target = Target(
            params['ResourceId'],
            params['ScalableDimension'],
            region.next_id(),
            low,
            high,
            scope.now,
            tags=dict(params.get('Tags') or {}),
        )
        region.targets[target.resource] = target
    target.minimum, target.maximum = low, high
    target.suspended |= {
        name: params.get('SuspendedState', {}).get(name, was) for name, was in target.suspended.items()
    }
    keep_within(scope, target)
    return {'ScalableTargetARN': _target_arn(region, target)}


def keep_within(scope: Scope, target: Target) -> None:
    """Bring the desired count between the limits."""
    count = scope.services.desired(target.cluster, target.service)
    within = max(target.minimum, min(count, target.maximum))
    if within == count:
        return
    limit, value = ('minimum', target.minimum) if within > count else ('maximum', target.maximum)
    set_count(scope, target, within, f'{limit} capacity was set to {value}')


def set_count(scope: Scope, target: Target, count: int, cause: str) -> None:
    scope.services.scale(target.cluster, target.service, count)
    scope.region.record(
        target,
        scope.now,
        Description=f'Setting desired count to {count}.',
        Cause=cause,
        StatusMessage=f'Successfully set desired count to {count}. Change successfully fulfilled by ecs.',
    )


def _check_resource(params: Wire) -> None:
    parts = params['ResourceId'].split('/')
    if params['ServiceNamespace'] != 'ecs' or params['ScalableDimension'] != 'ecs:service:DesiredCount':
        raise invalid('The embedded AWS scales ECS services alone: ecs, ecs:service:DesiredCount')
    if len(parts) != 3 or parts[0] != 'service' or not all(parts):
        raise invalid(f'Unsupported service namespace, resource type or scalable dimension: {params["ResourceId"]}')


def deregister(scope: Scope, params: Wire) -> Wire:
    """Policies and scheduled actions go with their target."""
    target = scope.region.target(params)
    del scope.region.targets[target.resource]
    return {}


def put_policy(scope: Scope, params: Wire) -> Wire:
    target = scope.region.target(params)
    there = target.policies.get(params['PolicyName'])
    kind = params.get('PolicyType') or (there.spec['PolicyType'] if there else 'StepScaling')
    configuration = f'{kind}PolicyConfiguration'
    if configuration not in _CONFIGURATIONS:
        raise invalid(f'The embedded AWS has no policies of the type {kind}')
    if configuration not in params:
        raise invalid(f'{configuration} is required for the policy type {kind}')
    if kind == 'TargetTrackingScaling':
        _check_tracking(scope, target, params[configuration])
    if there is None and len(target.policies) >= _MOST_POLICIES:
        raise ScalingError('LimitExceededException', 'Too many scaling policies for the scalable target')
    policy = there or Policy(params['PolicyName'], scope.region.next_id(), {}, scope.now)
    policy.spec = {'PolicyType': kind, configuration: params[configuration]}
    if kind == 'TargetTrackingScaling' and not policy.alarms:
        stem = f'TargetTracking-{target.resource}'
        policy.alarms = [f'{stem}-Alarm{side}-{scope.region.next_id()}' for side in ('High', 'Low')]
    target.policies[policy.name] = policy
    return {'PolicyARN': policy_arn(scope.region, target, policy), 'Alarms': _alarms(scope.region, policy)}


def _check_tracking(scope: Scope, target: Target, tracking: Wire) -> None:
    predefined = tracking.get('PredefinedMetricSpecification')
    if bool(predefined) == ('CustomizedMetricSpecification' in tracking):
        raise invalid('Exactly one of a predefined and a customized metric is required')
    if not predefined:
        return
    metric, label = predefined['PredefinedMetricType'], predefined.get('ResourceLabel')
    if not metric.startswith(('ECSServiceAverage', 'ALBRequestCountPerTarget')):
        raise invalid(f'The metric {metric} is not for ECS services')
    counts_requests = metric == 'ALBRequestCountPerTarget'
    if counts_requests != bool(label):
        raise invalid('A resource label is required with ALBRequestCountPerTarget, and with no other metric')
    if counts_requests and not scope.services.serves(target.cluster, target.service, label):
        raise invalid(f'The load balancer and target group of {label} do not serve {target.resource}')


def delete_policy(scope: Scope, params: Wire) -> Wire:
    target = scope.region.target(params)
    if params['PolicyName'] not in target.policies:
        raise ScalingError('ObjectNotFoundException', f'No scaling policy found: {params["PolicyName"]}')
    del target.policies[params['PolicyName']]
    return {}


def put_action(scope: Scope, params: Wire) -> Wire:
    """Without StartTime and EndTime, those of before are deleted."""
    target = scope.region.target(params)
    there = target.actions.get(params['ScheduledActionName'])
    before = there.spec if there else {}
    spec = {name: before[name] for name in _KEPT_OF_ACTION if name in before}
    spec |= {name: params[name] for name in (*_KEPT_OF_ACTION, 'StartTime', 'EndTime') if name in params}
    if 'Schedule' not in spec:
        raise invalid('Schedule is required for a new scheduled action')
    check_expression(spec['Schedule'], spec.get('Timezone', 'UTC'), scope.now)
    limits = spec.get('ScalableTargetAction') or {}
    if not limits or limits.get('MinCapacity', 0) > limits.get('MaxCapacity', limits.get('MinCapacity', 0)):
        raise invalid('A minimum capacity, a maximum capacity or both are required, in their order')
    if there is None and len(target.actions) >= _MOST_ACTIONS:
        raise ScalingError('LimitExceededException', 'Too many scheduled actions for the scalable target')
    identity = there.id if there else scope.region.next_id()
    created = there.created_at if there else scope.now
    target.actions[params['ScheduledActionName']] = Action(
        params['ScheduledActionName'], identity, spec, created, scope.now
    )
    return {}


def delete_action(scope: Scope, params: Wire) -> Wire:
    target = scope.region.target(params)
    if params['ScheduledActionName'] not in target.actions:
        raise ScalingError('ObjectNotFoundException', f'No scheduled action found: {params["ScheduledActionName"]}')
    del target.actions[params['ScheduledActionName']]
    return {}


def describe_targets(scope: Scope, params: Wire) -> Wire:
    wanted = params.get('ResourceIds')
    found = [target for target in scope.region.targets.values() if not wanted or target.resource in wanted]
    return _page('ScalableTargets', (_target(scope.region, target) for target in found), params, 50)


def describe_policies(scope: Scope, params: Wire) -> Wire:
    names = params.get('PolicyNames')
    found = [
        {
            'PolicyARN': policy_arn(scope.region, target, policy),
            'PolicyName': policy.name,
            **_where(target),
            **policy.spec,
            'Alarms': _alarms(scope.region, policy),
            'CreationTime': policy.created_at,
        }
        for target in _asked(scope.region, params)
        for policy in target.policies.values()
        if not names or policy.name in names
    ]
    return _page('ScalingPolicies', found, params, 10)


def describe_actions(scope: Scope, params: Wire) -> Wire:
    names = params.get('ScheduledActionNames')
    found = [
        {
            'ScheduledActionName': action.name,
            'ScheduledActionARN': scope.region.arn(
                f'autoscaling scheduledAction:{action.id}:resource/ecs/{target.resource}'
                f':scheduledActionName/{action.name}'
            ),
            **_where(target),
            **action.spec,
            'CreationTime': action.created_at,
        }
        for target in _asked(scope.region, params)
        for action in target.actions.values()
        if not names or action.name in names
    ]
    return _page('ScheduledActions', found, params, 50)


def describe_activities(scope: Scope, params: Wire) -> Wire:
    found = [
        activity
        for activity in scope.region.activities
        if params.get('ResourceId') in (None, activity['ResourceId'])
        and (params.get('IncludeNotScaledActivities') or 'NotScaledReasons' not in activity)
    ]
    return _page('ScalingActivities', found, params, 50)


def list_tags(scope: Scope, params: Wire) -> Wire:
    return {'Tags': dict(_tagged(scope.region, params['ResourceARN']).tags)}


def tag(scope: Scope, params: Wire) -> Wire:
    _tagged(scope.region, params['ResourceARN']).tags.update(params['Tags'])
    return {}


def untag(scope: Scope, params: Wire) -> Wire:
    target = _tagged(scope.region, params['ResourceARN'])
    target.tags = {key: value for key, value in target.tags.items() if key not in params['TagKeys']}
    return {}


def _tagged(region: Region, arn: str) -> Target:
    for target in region.targets.values():
        if _target_arn(region, target) == arn:
            return target
    raise ScalingError('ResourceNotFoundException', f'The specified resource does not exist: {arn}')


def _asked(region: Region, params: Wire) -> Iterable[Target]:
    wanted = params.get('ResourceId')
    return [target for target in region.targets.values() if wanted in (None, target.resource)]


def _page(name: str, items: Iterable[Any], params: Wire, most: int) -> Wire:
    size, start = params.get('MaxResults', most), params.get('NextToken', '0')
    if not 1 <= size <= most:
        raise invalid(f'MaxResults must be between 1 and {most}')
    if not start.isdecimal():
        raise ScalingError('InvalidNextTokenException', 'Invalid token')
    rest = list(items)[int(start) :]
    following = {'NextToken': str(int(start) + size)} if len(rest) > size else {}
    return {name: rest[:size], **following}


def _where(target: Target) -> Wire:
    return {'ServiceNamespace': 'ecs', 'ResourceId': target.resource, 'ScalableDimension': target.dimension}


def _target(region: Region, target: Target) -> Wire:
    return {
        **_where(target),
        'MinCapacity': target.minimum,
        'MaxCapacity': target.maximum,
        'RoleARN': f'arn:aws:iam::{region.account}:role/{_ROLE}',
        'CreationTime': target.created_at,
        'SuspendedState': {name: target.suspended[name] for name in SUSPENSIONS},
        'ScalableTargetARN': _target_arn(region, target),
    }


def _target_arn(region: Region, target: Target) -> str:
    return region.arn(f'application-autoscaling scalable-target/{target.id}')


def policy_arn(region: Region, target: Target, policy: Policy) -> str:
    return region.arn(f'autoscaling scalingPolicy:{policy.id}:resource/ecs/{target.resource}:policyName/{policy.name}')


def _alarms(region: Region, policy: Policy) -> list[Wire]:
    return [{'AlarmName': name, 'AlarmARN': region.arn(f'cloudwatch alarm:{name}')} for name in policy.alarms]


ACTIONS: Mapping[str, Callable[[Scope, Wire], Wire]] = {
    'RegisterScalableTarget': register,
    'DeregisterScalableTarget': deregister,
    'PutScalingPolicy': put_policy,
    'DeleteScalingPolicy': delete_policy,
    'PutScheduledAction': put_action,
    'DeleteScheduledAction': delete_action,
    'DescribeScalableTargets': describe_targets,
    'DescribeScalingPolicies': describe_policies,
    'DescribeScheduledActions': describe_actions,
    'DescribeScalingActivities': describe_activities,
    'ListTagsForResource': list_tags,
    'TagResource': tag,
    'UntagResource': untag,
}
