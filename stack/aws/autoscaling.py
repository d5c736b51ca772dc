"""The adapter of Application Auto Scaling."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.errors import AwsFailed
from stack.reconcile.scalable_target import DIMENSION, NAMESPACE, Answer, ScalableTarget, place, resource_id
from stack.reconcile.scaling_steps import STEPS, alarm_name
from stack.rollouts.ecs_state import EPOCH, moment
from stack.rollouts.service_events import ServiceEvent

MOST_TARGETS = 50

CALL = 'application-autoscaling:DescribeScalableTargets'
UNAVAILABLE = (
    'It is not known which services an autoscaler scales, so the number of tasks of a service that exists is not '
    'changed.'
)
_DETAILS = 'application-autoscaling:DescribeScalingPolicies'
_ACTIVITIES = 'application-autoscaling:DescribeScalingActivities'
_PAGED = ('NextToken', 'NextToken')


@dataclass(frozen=True)
class Registered:
    """The scalable targets of some services, by service. `unknown`: why they could not be read."""

    targets: Mapping[str, Answer] = field(default_factory=dict)
    unknown: str = ''


@dataclass(frozen=True)
class Scaled:
    """The services whose number of tasks an autoscaler owns, and the scalable targets that were asked for.

    `unknown`: why the targets could not be read.
    """

    services: frozenset[str] = frozenset()
    targets: Mapping[str, ScalableTarget] = field(default_factory=dict)
    unknown: str = ''


async def autoscaled(aws: AwsClient, cluster: str, services: Sequence[str]) -> frozenset[str]:
    """Those of the services whose number of tasks an autoscaler owns; all of them where that may not be asked."""
    found = await _registered(aws, cluster, services)
    return frozenset(services if found.unknown else found.targets)


async def scaled(aws: AwsClient, cluster: str, services: Sequence[str], details: Collection[str]) -> Scaled:
    """As `autoscaled`, with the whole scalable targets of those services in `details` that have one."""
    found = await _registered(aws, cluster, services)
    if found.unknown:
        return Scaled(frozenset(services), unknown=found.unknown)
    asked = {service: target for service, target in found.targets.items() if service in details}
    names = frozenset(found.targets)
    try:
        whole = await asyncio.gather(*(_whole(aws, cluster, *item) for item in asked.items()))
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        aws.limitations.add(_DETAILS, f'Autoscaling is not changed. {failed.message}')
        return Scaled(names, unknown=failed.message)
    if asked:
        aws.limitations.remove(_DETAILS)
    return Scaled(names, dict(zip(asked, whole, strict=True)))


async def scalable_targets(aws: AwsClient, cluster: str, services: Sequence[str]) -> Mapping[str, ScalableTarget]:
    """The scalable targets of those of the services that have one; none where they may not be read."""
    return (await scaled(aws, cluster, services, services)).targets


async def _registered(aws: AwsClient, cluster: str, services: Sequence[str]) -> Registered:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html"""
    try:
        found = await _targets(aws, cluster, services)
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        aws.limitations.add(CALL, f'{UNAVAILABLE} {failed.message}')
        return Registered(unknown=failed.message)
    aws.limitations.remove(CALL)
    return Registered(found)


async def _targets(aws: AwsClient, cluster: str, services: Sequence[str]) -> dict[str, Answer]:
    names = {resource_id(cluster, service): service for service in services}
    answers = await asyncio.gather(
        *(
            aws.call(
                'application-autoscaling',
                'DescribeScalableTargets',
                ServiceNamespace=NAMESPACE,
                ScalableDimension=DIMENSION,
                ResourceIds=list(some),
                MaxResults=MOST_TARGETS,
            )
            for some in batches(list(names), MOST_TARGETS)
        )
    )
    found = {target['ResourceId']: target for answer in answers for target in answer['ScalableTargets']}
    return {service: found[name] for name, service in names.items() if name in found}


async def _whole(aws: AwsClient, cluster: str, service: str, target: Answer) -> ScalableTarget:
    """A described target with its policies, scheduled actions and tags.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScheduledActions.html
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html
    """
    where = place(cluster, service)
    # One after the other: the pace, not the wait for an answer, is what takes time with many services.
    policies = await aws.pages(
        'application-autoscaling', 'DescribeScalingPolicies', 'ScalingPolicies', token=_PAGED, **where
    )
    actions = await aws.pages(
        'application-autoscaling', 'DescribeScheduledActions', 'ScheduledActions', token=_PAGED, **where
    )
    tags = await _tags(aws, target.get('ScalableTargetARN'))
    alarms = await _alarms(aws, [alarm_name(cluster, service, name) for name in map(_name, policies) if name])
    return ScalableTarget.read(target, policies, actions, tags, alarms)


def _name(policy: Answer) -> str:
    """The name of a step policy that Nysa made; empty for any other."""
    name = str(policy['PolicyName'])
    return name if name.startswith(STEPS) else ''


async def _alarms(aws: AwsClient, names: Sequence[str]) -> dict[str, Answer]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    if not names:
        return {}
    answer = await aws.call('cloudwatch', 'DescribeAlarms', AlarmNames=list(names))
    return {alarm['AlarmName']: alarm for alarm in answer['MetricAlarms']}


async def _tags(aws: AwsClient, arn: str | None) -> dict[str, str]:
    if not arn:
        return {}
    answer: dict[str, Any] = await aws.call('application-autoscaling', 'ListTagsForResource', ResourceARN=arn)
    return dict(answer.get('Tags') or {})


async def activities(aws: AwsClient, cluster: str, service: str, most: int) -> list[ServiceEvent]:
    """The newest scaling activities of a service, the newest first; none where AWS does not give them.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
    """
    where = place(cluster, service)
    try:
        answer = await aws.call('application-autoscaling', 'DescribeScalingActivities', MaxResults=most, **where)
    except AwsFailed as failed:
        if is_unavailable(failed):
            aws.limitations.add(_ACTIVITIES, f'It is not shown what scaled a service. {failed.message}')
        return []
    return [_activity(found) for found in answer['ScalingActivities']]


def _activity(found: Answer) -> ServiceEvent:
    """What was scaled, why, and how it ended where that is not as intended."""
    cause = f' ({found["Cause"]})' if found.get('Cause') else ''
    ended = '' if found['StatusCode'] == 'Successful' else f' {found["StatusCode"]}: {found.get("StatusMessage", "")}'
    message = f'{found["Description"].rstrip(".")}{cause}.{ended}'.rstrip()
    return ServiceEvent(moment(found['StartTime']) or EPOCH, message)
