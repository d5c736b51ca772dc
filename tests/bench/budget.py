"""A thousand services and 0 to 500 subscribers: how often AWS is called, and what is refused.

ECS's published limits are enforced, and another client uses 80 % of those that describe. Clusters without
subscribers and without a rollout are not observed at all.
"""

import re
import sys
import threading
import time
from collections import Counter

import boto3

from tests.bench._aws import DEFINITIONS, KEYS, BenchAws
from tests.bench._server import Measured, nysa
from tests.swarm import Swarm

CLUSTERS, SERVICES = 10, 100
SECONDS = 60
# Of https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html: 20 calls a second.
OTHERS_A_SECOND = 16

CALLS = re.compile(r'nysa_aws_calls_total\{operation="(\w+:\w+)",outcome="(\w+)"\} (\S+)')


def called(server: Measured) -> Counter[tuple[str, str]]:
    """The server's own count of its calls, by operation and outcome."""
    page = server.ask('GET', '/metrics').body.decode()
    return Counter({(name, outcome): int(float(count)) for name, outcome, count in CALLS.findall(page)})


class Others(threading.Thread):
    """Another client in the account, which calls evenly."""

    def __init__(self, aws: BenchAws, operation: str, **arguments: object):
        super().__init__(daemon=True)
        self._client = boto3.client('ecs', endpoint_url=aws.endpoint, **KEYS)
        self._call = lambda: getattr(self._client, operation)(**arguments)
        self.refused = 0

    def run(self) -> None:
        start, number = time.monotonic(), 0
        while True:
            number += 1
            try:
                self._call()
            except self._client.exceptions.ClientError:
                self.refused += 1
            time.sleep(max(0.0, start + number / OTHERS_A_SECOND - time.monotonic()))  # the rate of the others


def listen(swarm: list[Swarm], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.5)  # the interval between two reads of the sockets
        for each in swarm:
            each.read(0)


def measure(what: str, server: Measured, swarm: list[Swarm], seconds: float) -> Counter[tuple[str, str]]:
    """Count for so long, and print a row."""
    before = called(server)
    listen(swarm, seconds)
    made = called(server) - before
    of = {kind: sum(made[key] for key in made if key[0].startswith(kind)) for kind in ('ecs:', 's3:')}
    refused = sum(count for (_, outcome), count in made.items() if 'Throttl' in outcome)
    print(f'{what:32}{of["ecs:"] / seconds:12.2f}{of["s3:"] / seconds:12.2f}{refused:10}', flush=True)
    return made


def main(seconds: float = SECONDS) -> None:
    names = [f'cluster-{n}' for n in range(CLUSTERS)]
    services = [{f's{n}': {'image': 'team/app:1', 'desired_count': 1}} for n in range(SERVICES)]
    with BenchAws() as aws:
        aws.fill({name: {'services': services} for name in names})
        with nysa(aws) as server:
            print(f'{"subscribers":32}{"ECS calls/s":>12}{"S3 calls/s":>12}{"refused":>10}')
            measure('0', server, [], seconds)
            aws.limit()
            others = [
                Others(aws, 'describe_services', cluster=names[0], services=['s0']),
                Others(aws, 'describe_task_definition', taskDefinition=f'{DEFINITIONS}{names[0]}+s0+1'),
            ]
            for each in others:
                each.start()
            swarm = [Swarm(server.port, 1, 'cluster=*')]
            while measure('1, until all has been seen', server, swarm, 30)['ecs:DescribeTaskDefinition', 'ok']:
                pass
            measure('1', server, swarm, seconds)
            for count in (50, 500):
                swarm.append(Swarm(server.port, count - sum(len(each.bees) for each in swarm), 'cluster=*'))
                measure(str(count), server, swarm, seconds)
            refused = sum(each.refused for each in others)
            print(f'the other client made 2 × {OTHERS_A_SECOND} calls/s; refused: {refused}')


if __name__ == '__main__':
    main(float(sys.argv[1]) if sys.argv[1:] else SECONDS)
