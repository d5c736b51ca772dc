"""How cost grows with clusters, services, revisions, subscribers and accounts: each at 1, 10, 100 and 1,000.

A row for each operation and dimension, with the cost at each size and two exponents: fitted to all four sizes, and of
the last step, where constant parts weigh least. 1 is cost in proportion; rows above `STEEP` are marked.
"""

import asyncio
import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import nysa_server
from stack.aws.connection import Connection
from stack.configuration.settings import read_settings
from stack.runtime.metrics import Metrics
from stack.scheduler.passes import Ask
from tests.bench._aws import KEYS, SECRET, BenchAws
from tests.bench._load import load, request
from tests.bench._server import nysa
from tests.bench.budget import called
from tests.swarm import Swarm

SIZES = (1, 10, 100, 1_000)
# A measurement is as long as this at first, and longer until it has so many requests.
SECONDS, ENOUGH = 1.0, 10
# Changes whose way to all subscribers is measured, and passes at a time.
CHANGES, PASSES_AT_ONCE = 10, 8
STEEP = 1.1

CLUSTER = 'cluster-0'


@dataclass(frozen=True)
class Fleet:
    """`services` and `revisions` are those of the first cluster; the others have five services and one revision.

    With `accounts`, each cluster is in an account of its own.
    """

    clusters: int = 1
    services: int = 10
    revisions: int = 1
    subscribers: int = 1
    accounts: int = 0

    def with_many(self, dimension: str, count: int) -> 'Fleet':
        if dimension == 'accounts':
            return replace(self, accounts=count, clusters=count)
        return replace(self, **{dimension: count})

    def names(self) -> list[str]:
        return [f'cluster-{number}' for number in range(self.clusters)]

    def document(self, tag: int = 1) -> dict[str, Any]:
        return {'services': [_service(number, tag if number == 0 else 1) for number in range(self.services)]}

    def fill(self, aws: BenchAws) -> None:
        others = {'services': [_service(number, 1) for number in range(5)]}
        aws.fill(dict.fromkeys(self.names()[1:], others))
        aws.fill({CLUSTER: self.document(1)})
        aws.revise(CLUSTER, [self.document(number) for number in range(2, self.revisions + 1)])

    def settings(self) -> dict[str, str]:
        if not self.accounts:
            return {}
        roles = {
            f'a{number}': {'role_arn': f'arn:aws:iam::{100_000_000_000 + number}:role/nysa', 'clusters': [name]}
            for number, name in enumerate(self.names())
        }
        return {'NYSA_ACCOUNTS': json.dumps(roles)}


def _service(number: int, tag: int) -> dict[str, Any]:
    return {f's{number}': {'image': f'team/app:{tag}', 'desired_count': 1}}


# By operation: what one costs.
Costs = dict[str, float]


class Trial:
    """One server with a fleet of one size, and the costs of each operation."""

    def __init__(self, aws: BenchAws, fleet: Fleet):
        self._aws = aws
        self._fleet = fleet
        self._tags = itertools.count(10_000)

    def run(self) -> Costs:
        self._fleet.fill(self._aws)
        if not self._fleet.accounts:
            # Each account has limits of its own, and this AWS has one account.
            self._aws.limit()
        costs = self.passes()
        with nysa(self._aws, **self._fleet.settings()) as server:
            self._server = server
            while server.ask('GET', '/readyz').status != 200:
                time.sleep(0.02)  # the interval between two questions
            costs['start to ready, CPU ms'] = server.cpu_s() * 1000
            self._aws.until_quiet()
            costs |= self.first_plan()
            costs |= self.requests()
            costs |= self.fan_out()
            if self._fleet.accounts:
                costs |= self.all_accounts()
        return costs

    def first_plan(self) -> Costs:
        """Plan until ECS was asked about everything: each task definition is read once, at the pace of the limits."""
        began, refused = time.monotonic(), self.refused()
        for number in itertools.count(1):
            answer = self._server.api('POST', f'/clusters/{CLUSTER}/plan', self._fleet.document(9_999))
            assert answer.status in (200, 503), answer.body
            if answer.status == 200 and answer.json['ecs'] is not None:
                return {
                    'the first plan, calls': sum(self._aws.counts().values()),
                    'the first plan, seconds': time.monotonic() - began,
                    'the first plan, requests until it is complete': number,
                    'the first plan, refused calls': self.refused() - refused,
                }
        raise AssertionError('it is never complete')

    def refused(self) -> int:
        """The server's calls that AWS refused so far."""
        return sum(count for (_, outcome), count in called(self._server).items() if 'Throttl' in outcome)

    def requests(self) -> Costs:
        read = {
            'GET config': f'/clusters/{CLUSTER}/config',
            'GET services': f'/clusters/{CLUSTER}/services',
            'GET clusters': '/clusters',
            'history page': f'/clusters/{CLUSTER}/revisions',
            'activity page': '/activity',
        }
        path = f'/api/v1/clusters/{CLUSTER}'
        planned = request('POST', f'{path}/plan', self._fleet.document(9_999))
        # First: what the first plan has read serves for some minutes.
        asked: dict[str, Callable[[], bytes]] = {'plan': lambda: planned}
        asked |= {what: lambda path=path: request('GET', f'/api/v1{path}') for what, path in read.items()}
        asked['PUT service'] = lambda: request('PUT', f'{path}/services/s0', {'image_tag': str(next(self._tags))})
        return {f'{what}, CPU ms': self.cpu_ms(make) for what, make in asked.items()}

    def cpu_ms(self, make: Callable[[], bytes]) -> float:
        """The server's CPU time for a request, without the first ones, which fill its caches."""
        port, seconds = self._server.port, SECONDS
        load(port, make, 1, 0.1)
        while True:
            before = self._server.cpu_s()
            result = load(port, make, 1, seconds)
            spent = self._server.cpu_s() - before
            if set(result.statuses) == {503}:
                return math.nan  # a plan that takes longer than its deadline
            assert set(result.statuses) <= {200, 202}, result.statuses
            if len(result.times_ms) >= ENOUGH:
                return spent / len(result.times_ms) * 1000
            seconds *= 3

    def fan_out(self) -> Costs:
        """A change until all subscribers have it, and the memory with all of them."""
        swarm = Swarm(self._server.port, self._fleet.subscribers, f'cluster={CLUSTER}', within=120)
        before = self._server.cpu_s()
        for _ in range(CHANGES):
            changed = {'image_tag': str(next(self._tags))}
            answer = self._server.api('PUT', f'/clusters/{CLUSTER}/services/s0', changed)
            swarm.until(lambda revision=answer.revision: all(bee.knows(revision) for bee in swarm.bees), 120)
        spent = self._server.cpu_s() - before
        memory = self._server.memory_mb()
        swarm.close()
        return {'a change until all subscribers have it, CPU ms': spent / CHANGES * 1000, 'memory, MB': memory}

    def all_accounts(self) -> Costs:
        """The first look at a cluster in each account: the CPU time, the threads, and the memory afterwards."""
        self._aws.counts()
        before, looks, threads = self._server.cpu_s(), 0, 0
        swarm = Swarm(self._server.port, 1, 'cluster=*&detail=summary', within=300)
        while looks < self._fleet.clusters:
            swarm.read(0.1)
            looks += self._aws.counts()['DescribeServices']
            threads = max(threads, self._server.threads())
        spent = self._server.cpu_s() - before
        memory = self._server.memory_mb()
        swarm.close()
        return {
            'a look into each account, CPU ms': spent * 1000,
            'a look into each account, threads at most': threads,
            'memory after it, MB': memory,
        }

    def passes(self) -> Costs:
        """One round of a scheduler over all clusters, with nothing to do."""
        return asyncio.run(self._passes())

    async def _passes(self) -> Costs:
        settings = read_settings({'PROFILE': 'bench', 'NYSA_AUTH': 'off', **SECRET, **self._fleet.settings()})
        connection = Connection(endpoint_url=self._aws.endpoint, **KEYS)
        aws = nysa_server.Aws(settings, connection, Metrics(), role='scheduler')
        passes = nysa_server.make_scheduler(aws)._passes
        places = asyncio.Semaphore(PASSES_AT_ONCE)

        async def one(cluster: str) -> None:
            async with places:
                ended = await passes.make(Ask(cluster, hinted=False, retry=False))
            assert ended.state == 'complete', ended

        async def round_of_all() -> None:
            await asyncio.gather(*map(one, self._fleet.names()))

        await round_of_all()  # makes the clients
        self._aws.counts()
        cpu = time.process_time()
        await round_of_all()
        cpu = time.process_time() - cpu
        calls = sum(self._aws.counts().values())
        aws.accounts.close()
        connection.close()
        return {'a round of passes, CPU ms': cpu * 1000, 'a round of passes, calls': calls}


def exponents(costs: Sequence[float]) -> tuple[float, float]:
    """The slope of log(cost) over log(size): by least squares over all measured sizes, and of their last step."""
    measured = [(size, cost) for size, cost in zip(SIZES, costs, strict=True) if not math.isnan(cost)]
    points = [(math.log10(size), math.log10(max(cost, 1e-6))) for size, cost in measured]
    slope = statistics.linear_regression(*zip(*points, strict=True)).slope
    (x_before, y_before), (x_last, y_last) = points[-2:]
    return slope, (y_last - y_before) / (x_last - x_before)


def grow(dimension: str) -> None:
    trials: list[Costs] = []
    for size in SIZES:
        with BenchAws() as aws:
            trials.append(Trial(aws, Fleet().with_many(dimension, size)).run())
    for what in trials[0]:
        costs = [costs[what] for costs in trials]
        fitted, last = exponents(costs)
        figures = ''.join(f'{cost:10.2f}' for cost in costs)
        print(f'{dimension:12}{what:50}{figures}{fitted:8.2f}{last:8.2f}{"  steep" * (last > STEEP)}', flush=True)


def main(dimensions: Sequence[str] = ()) -> None:
    sizes = ''.join(f'{size:10,}' for size in SIZES)
    print(f'{"dimension":12}{"what":50}{sizes}{"fitted":>8}{"last":>8}')
    for dimension in dimensions or ('clusters', 'services', 'revisions', 'subscribers', 'accounts'):
        grow(dimension)


if __name__ == '__main__':
    main(sys.argv[1:])
