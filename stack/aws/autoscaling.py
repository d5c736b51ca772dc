"""The adapter of Application Auto Scaling."""

import asyncio
from collections.abc import Sequence

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.errors import AwsFailed

MOST_TARGETS = 50

CALL = 'application-autoscaling:DescribeScalableTargets'
UNAVAILABLE = (
    'It is not known which services an autoscaler scales, so the number of tasks of a service that exists is not '
    'changed.'
)


async def autoscaled(aws: AwsClient, cluster: str, services: Sequence[str]) -> frozenset[str]:
    """Those of the services whose number of tasks an autoscaler owns; all of them where that may not be asked.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """
    try:
        found = await _scaled(aws, cluster, services)
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        aws.limitations.add(CALL, f'{UNAVAILABLE} {failed.message}')
        return frozenset(services)
    aws.limitations.remove(CALL)
    return found


async def _scaled(aws: AwsClient, cluster: str, services: Sequence[str]) -> frozenset[str]:
    names = {f'service/{cluster}/{service}': service for service in services}
    answers = await asyncio.gather(
        *(
            aws.call(
                'application-autoscaling',
                'DescribeScalableTargets',
                ServiceNamespace='ecs',
                ScalableDimension='ecs:service:DesiredCount',
                ResourceIds=list(some),
                MaxResults=MOST_TARGETS,
            )
            for some in batches(list(names), MOST_TARGETS)
        )
    )
    found = {each['ResourceId'] for answer in answers for each in answer['ScalableTargets']}
    return frozenset(service for name, service in names.items() if name in found)
