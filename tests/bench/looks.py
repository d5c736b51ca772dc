"""The memory of a server before and after it looked at all services of a thousand clusters of 100.

`python -m tests.bench.looks 300 short` does it with 300 clusters whose stackfiles state an image and a count alone. ECS
lists a hundred events of each service, and describes whole task definitions; its limits are raised, since the first
looks take hours at the published ones.
"""

import sys
import time
from typing import Any

from tests.bench import _at_length
from tests.bench._aws import BenchAws
from tests.bench._server import Measured, nysa
from tests.bench.fleet import fill
from tests.swarm import Swarm

CLUSTERS, SERVICES = 1_000, 100
# So long without the first read of anything, all have been looked at.
CALM_S = 20
COLUMNS = ('memory, MB', 'at most, MB', 'CPU, s', 'clock, s')


def main(clusters: int = CLUSTERS, *, short: bool = False) -> None:
    names = [f'cluster-{n}' for n in range(clusters)]
    services = [_short(n) if short else _at_length.service(n) for n in range(SERVICES)]
    with BenchAws() as aws:
        aws.describe_at_length()
        fill(aws, names, services)
        print(f'{f"{clusters} clusters of {SERVICES} services":40}' + ''.join(f'{head:>14}' for head in COLUMNS))
        with nysa(aws, AWS_SQS_ECS_EVENTS_QUEUE='events') as server:
            swarm = Swarm(server.port, 1, 'cluster=*', within=900)
            show('all loaded, few looked at', server)
            swarm.close()
        with nysa(aws, raised=True, AWS_SQS_ECS_EVENTS_QUEUE='events') as server:
            aws.counts()
            swarm = Swarm(server.port, 1, 'cluster=*&detail=summary', within=900)
            look_at_all(aws, server, swarm, clusters)
            show('all services looked at', server)
            watch(swarm, 120)
            show('two minutes later', server)
            swarm.close()


def _short(number: int) -> dict[str, Any]:
    return {f's{number}': {'image': f'team/app-{number}:1', 'desired_count': 2}}


def look_at_all(aws: BenchAws, server: Measured, swarm: Swarm, clusters: int) -> None:
    """Read until each service was described, and no task definition is read for the first time any more."""
    looks, wanted, quiet, shown = 0, clusters * SERVICES // 10, 0.0, time.monotonic()
    while quiet < CALM_S:
        watch(swarm, 5)
        counted = aws.counts()
        looks += counted['DescribeServices']
        quiet = quiet + 5 if looks >= wanted and not counted['DescribeTaskDefinition'] else 0.0
        if time.monotonic() - shown > 60:
            show(f'{looks} looks', server)
            shown = time.monotonic()


def watch(swarm: Swarm, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        swarm.read(0.5)


def show(what: str, server: Measured) -> None:
    """Print a row."""
    figures = server.memory_mb(), server.memory_mb('VmHWM'), server.cpu_s(), time.monotonic() - server.began
    print(f'{what:40}' + ''.join(f'{number:14.1f}' for number in figures), flush=True)


if __name__ == '__main__':
    main(int(sys.argv[1]) if sys.argv[1:] else CLUSTERS, short='short' in sys.argv)
