"""Settings of load balancers and target groups that a stackfile has no field for; read only to adopt them.

Rules and attributes: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from stack.aws.client import AwsClient

_MORE = ('NextMarker', 'Marker')
_USUAL_ATTRIBUTES = {
    'deregistration_delay.timeout_seconds': '300',
    'load_balancing.algorithm.type': 'round_robin',
    'slow_start.duration_seconds': '0',
    'stickiness.enabled': 'false',
}

Details = Mapping[str, tuple[str, ...]]


async def details(aws: AwsClient, balancers: Collection[str], groups: Collection[str]) -> Details:
    """By the ARN of a load balancer or target group: what it has beyond `elb`, each as a noun phrase."""
    arns = [*balancers, *groups]
    found = await asyncio.gather(
        *(_of_balancer(aws, each) for each in balancers), *(_of_group(aws, each) for each in groups)
    )
    return {arn: tuple(some) for arn, some in zip(arns, found, strict=True) if some}


async def _of_balancer(aws: AwsClient, arn: str) -> list[str]:
    listeners = await aws.pages('elbv2', 'DescribeListeners', 'Listeners', token=_MORE, LoadBalancerArn=arn)
    found = await asyncio.gather(*(_of_listener(aws, each) for each in listeners))
    return [phrase for some in found for phrase in some]


async def _of_listener(aws: AwsClient, listener: Mapping[str, Any]) -> list[str]:
    port, arn = listener.get('Port'), listener['ListenerArn']
    rules = await aws.pages('elbv2', 'DescribeRules', 'Rules', token=_MORE, ListenerArn=arn)
    found = []
    if own := sum(not each.get('IsDefault') for each in rules):
        found.append(f'{own} rule{"" if own == 1 else "s"} on port {port}')
    actions = listener.get('DefaultActions') or ()
    if any(
        ((each.get('ForwardConfig') or {}).get('TargetGroupStickinessConfig') or {}).get('Enabled') for each in actions
    ):
        found.append(f'stickiness between target groups on port {port}')
    return found


async def _of_group(aws: AwsClient, arn: str) -> list[str]:
    answer = await aws.call('elbv2', 'DescribeTargetGroupAttributes', TargetGroupArn=arn)
    set_to = {each['Key']: each.get('Value') for each in answer['Attributes']}
    return [
        f'{key} {set_to[key]}' for key, usual in _USUAL_ATTRIBUTES.items() if set_to.get(key) not in (None, '', usual)
    ]
