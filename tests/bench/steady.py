"""Thousands of steady services and one subscriber to all, with EventBridge: how often ECS is called.

The queue of events stays empty: nothing moves. The limits of ECS are raised for the first looks, which take half an
hour at the published ones; those are enforced once nothing is read for the first time any more.
"""

import sys

from tests.bench._aws import BenchAws
from tests.bench._server import nysa
from tests.bench.budget import measure
from tests.swarm import Swarm

SERVICES, IN_CLUSTER = 5_000, 100
SECONDS = 120


def main(count: int = SERVICES) -> None:
    names = [f'cluster-{n}' for n in range(count // IN_CLUSTER)]
    services = [{f's{n}': {'image': 'team/app:1', 'desired_count': 1}} for n in range(IN_CLUSTER)]
    with BenchAws() as aws:
        aws.fill({name: {'services': services} for name in names})
        with nysa(aws, raised=True, AWS_SQS_ECS_EVENTS_QUEUE='events') as server:
            print(f'{f"{count} services":32}{"ECS calls/s":>12}{"S3 calls/s":>12}{"refused":>10}')
            swarm = [Swarm(server.port, 1, 'cluster=*&detail=summary', within=300)]
            while measure('until all has been seen', server, swarm, 30)['ecs:DescribeTaskDefinition', 'ok']:
                pass
            aws.limit()
            measure('steady', server, swarm, SECONDS)


if __name__ == '__main__':
    main(int(sys.argv[1]) if sys.argv[1:] else SERVICES)
