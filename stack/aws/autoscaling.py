"""Application Auto Scaling, as far as Nysa asks it."""

import asyncio
from collections.abc import Sequence

from stack.aws.batches import batches
from stack.aws.paced import PacedConnection

MOST_TARGETS = 50


async def autoscaled(aws: PacedConnection, cluster: str, services: Sequence[str]) -> frozenset[str]:
    """Those of the services whose number of tasks an autoscaler owns.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """
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
