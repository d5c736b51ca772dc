"""The adapter of Elastic Load Balancing.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.reconcile.names import read_tags
from stack.reconcile.observed import Listener, LoadBalancer, TargetGroup

# Tags are asked for this many things at a time.
MOST_TAGGED = 20

# Target groups or load balancers in one call.
MOST_DESCRIBED = 20

_MORE = ('NextMarker', 'Marker')


async def load_balancing(
    aws: AwsClient, prefix: str, used: Collection[str]
) -> tuple[tuple[LoadBalancer, ...], tuple[TargetGroup, ...]]:
    """Load balancers and target groups with names that begin with `prefix`, and those behind the ARNs in `used`.

    `used` are target groups; the load balancers that lead to them come with them.
    """
    found, balancers = await asyncio.gather(
        aws.pages('elbv2', 'DescribeTargetGroups', 'TargetGroups', token=_MORE),
        aws.pages('elbv2', 'DescribeLoadBalancers', 'LoadBalancers', token=_MORE),
    )
    groups = [each for each in found if each['TargetGroupName'].startswith(prefix) or each['TargetGroupArn'] in used]
    # A target group may go on naming a load balancer that has gone.
    there = {each['LoadBalancerArn'] for each in balancers}
    leading = {arn for each in groups for arn in each.get('LoadBalancerArns', ())}
    balancers = [
        each for each in balancers if each['LoadBalancerName'].startswith(prefix) or each['LoadBalancerArn'] in leading
    ]
    tags, listeners = await asyncio.gather(
        _tags(aws, [each['TargetGroupArn'] for each in groups] + [each['LoadBalancerArn'] for each in balancers]),
        asyncio.gather(*(_listeners(aws, each['LoadBalancerArn']) for each in balancers)),
    )
    return (
        tuple(
            LoadBalancer.read(each, tags[each['LoadBalancerArn']], of_it)
            for each, of_it in zip(balancers, listeners, strict=True)
        ),
        tuple(TargetGroup.read(each, tags[each['TargetGroupArn']], there) for each in groups),
    )


async def balancers_of(aws: AwsClient, groups: Sequence[str]) -> list[LoadBalancer]:
    """The load balancers that lead to some target groups, with their listeners and without their tags."""
    answers = await asyncio.gather(
        *(
            aws.call('elbv2', 'DescribeTargetGroups', TargetGroupArns=some)
            for some in batches(sorted(groups), MOST_DESCRIBED)
        )
    )
    arns = sorted(
        {arn for answer in answers for each in answer['TargetGroups'] for arn in each.get('LoadBalancerArns', ())}
    )
    described = [
        each
        for some in batches(arns, MOST_DESCRIBED)
        for each in (await aws.call('elbv2', 'DescribeLoadBalancers', LoadBalancerArns=some))['LoadBalancers']
    ]
    listeners = await asyncio.gather(*(_listeners(aws, each['LoadBalancerArn']) for each in described))
    return [LoadBalancer.read(each, {}, some) for each, some in zip(described, listeners, strict=True)]


async def _listeners(aws: AwsClient, balancer: str) -> tuple[Listener, ...]:
    found = await aws.pages('elbv2', 'DescribeListeners', 'Listeners', token=_MORE, LoadBalancerArn=balancer)
    return tuple(Listener.read(each) for each in found if 'Port' in each)


async def _tags(aws: AwsClient, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    answers: list[dict[str, Any]] = await asyncio.gather(
        *(aws.call('elbv2', 'DescribeTags', ResourceArns=some) for some in batches(arns, MOST_TAGGED))
    )
    return {
        each['ResourceArn']: read_tags(each.get('Tags')) for answer in answers for each in answer['TagDescriptions']
    }


async def balancer_arns(aws: AwsClient, target_groups: Sequence[str]) -> dict[str, list[str]]:
    """The ARNs of the load balancers that forward to each target group, by its ARN. Raises `AwsFailed`.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
    """
    answer = await aws.call('elbv2', 'DescribeTargetGroups', TargetGroupArns=list(target_groups))
    return {each['TargetGroupArn']: each.get('LoadBalancerArns', []) for each in answer['TargetGroups']}


async def account_limits(aws: AwsClient) -> dict[str, int]:
    """The quotas of the account in this region, by AWS's name.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html
    """
    limits = await aws.pages('elbv2', 'DescribeAccountLimits', 'Limits', token=_MORE)
    return {each['Name']: int(each['Max']) for each in limits if str(each.get('Max', '')).isdecimal()}


async def used_quotas(aws: AwsClient) -> dict[str, int]:
    """How much of the quotas of the account is used, of those that can be counted in few calls."""
    groups, balancers = await asyncio.gather(
        aws.pages('elbv2', 'DescribeTargetGroups', 'TargetGroups', token=_MORE),
        aws.pages('elbv2', 'DescribeLoadBalancers', 'LoadBalancers', token=_MORE),
    )
    application = sum(each.get('Type', 'application') == 'application' for each in balancers)
    return {'target-groups': len(groups), 'application-load-balancers': application}
