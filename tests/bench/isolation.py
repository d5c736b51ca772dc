"""Twenty embedded accounts, five of them denied, throttled, down or hanging: p99 of requests and passes of the others.

Phases without and with failing accounts alternate. In both, the clusters of the five are changed and read as well, so
that their requests and passes would take the places of the others, were those shared.
"""

import asyncio
import itertools
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stack.configuration.settings import read_settings
from stack.sandbox.server import EmbeddedAws, SeededFleet
from tests.aws import Aws
from tests.bench._server import Measured
from tests.isolated_accounts import IsolatedAccounts, WatchedScheduler

ROUNDS, CHANGES_A_PHASE = 4, 4
# Clusters that are changed at the same time, each followed by its pass.
AT_ONCE = 4
DOCUMENT = {'services': [{'web': {'image': 'team/web:0', 'memory': 64}}]}


class Phase:
    """The times of all phases of one kind in milliseconds, by what was done."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def p99(self, what: str) -> float:
        return statistics.quantiles(self.times[what], n=100)[98]

    def median(self, what: str) -> float:
        return statistics.median(self.times[what])


class Bench:
    def __init__(self, server: Measured, scheduler: WatchedScheduler, isolated: IsolatedAccounts):
        self._server = server
        self._scheduler = scheduler
        self._isolated = isolated
        self._tags = itertools.count(1)
        self._ended: dict[str, asyncio.Event] = {}

    async def run(self) -> tuple[Phase, Phase]:
        self._of_failing, self._of_others = self._isolated.add_clusters()
        listening = asyncio.create_task(self._listen())
        for name in (*self._of_failing, *self._of_others):
            answer = await asyncio.to_thread(self._server.api, 'POST', '/clusters', {'name': name, 'config': DOCUMENT})
            assert answer.status == 201, answer.body
        await self._all_complete()
        well, trouble = Phase(), Phase()
        for _ in range(ROUNDS):
            await self._phase(well)
            with self._isolated.failing():
                await self._phase(trouble)
            await self._all_complete()
        listening.cancel()
        return well, trouble

    async def _listen(self) -> None:
        while True:
            cluster, state = await self._scheduler.ends.get()
            if state == 'complete' and cluster in self._ended:
                self._ended[cluster].set()

    async def _all_complete(self) -> None:
        """Change every cluster until a pass on it was complete: failures of the phase before are over then."""
        async with asyncio.timeout(600):
            for cluster in (*self._of_failing, *self._of_others):
                await self._change(cluster)

    async def _change(self, cluster: str) -> None:
        """Change a cluster, and wait for the end of a pass."""
        ended = self._ended[cluster] = asyncio.Event()
        await self._ask('PUT', f'/clusters/{cluster}/services/web', {'image_tag': str(next(self._tags))})
        await ended.wait()

    async def _ask(self, method: str, path: str, body: Any = None) -> int:
        return (await asyncio.to_thread(self._server.api, method, path, body)).status

    async def _phase(self, phase: Phase) -> None:
        beside = [asyncio.create_task(self._beside(cluster)) for cluster in self._of_failing]
        places = asyncio.Semaphore(AT_ONCE)

        async def one(cluster: str) -> None:
            async with places:
                await self._measure(cluster, phase)

        for _ in range(CHANGES_A_PHASE):
            await asyncio.gather(*map(one, self._of_others))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)

    async def _beside(self, cluster: str) -> None:
        """What happens in the five accounts meanwhile."""
        await self._ask('PUT', f'/clusters/{cluster}/services/web', {'image_tag': str(next(self._tags))})
        while True:
            await self._ask('GET', f'/clusters/{cluster}/services/web')
            await asyncio.sleep(1)  # the pause of a client between two reads

    async def _measure(self, cluster: str, phase: Phase) -> None:
        path = f'/clusters/{cluster}/services/web'
        ended = self._ended[cluster] = asyncio.Event()
        for what, method, body in (
            ('read a service', 'GET', None),
            ('change a service', 'PUT', {'image_tag': str(next(self._tags))}),
        ):
            began = time.perf_counter()
            status = await self._ask(method, path, body)
            assert status in (200, 202), status
            phase.times.setdefault(what, []).append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        await ended.wait()
        phase.times.setdefault('a change until its pass is complete', []).append((time.perf_counter() - began) * 1000)


async def measure(home: EmbeddedAws, isolated: IsolatedAccounts) -> tuple[Phase, Phase]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))
    aws, accounts = Aws(home), isolated.setting(home)
    names = {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': aws.queue().rpartition('/')[2]}
    variables = {'PROFILE': 'bench', 'NYSA_AUTH': 'off', 'NYSA_ACCOUNTS': accounts}
    aws.secret('bench', names)
    keys = {'aws_access_key_id': 'bench', 'aws_secret_access_key': 'bench', 'region_name': home.region}
    settings = read_settings({**variables, **names})
    with Measured('nysa_server.py', '--port=0', **variables, **home.environment()) as server:
        async with WatchedScheduler.running(settings, endpoint_url=home.endpoint, **keys) as scheduler:
            return await Bench(server, scheduler, isolated).run()


def main() -> None:
    with EmbeddedAws.start(fleet=SeededFleet.NOTHING) as home, IsolatedAccounts.started() as isolated:
        well, trouble = asyncio.run(measure(home, isolated))
    print(f'{"of the other fifteen accounts, ms":40}{"":>8}{"all well":>12}{"five fail":>12}{"ratio":>8}')
    for what, times in well.times.items():
        for name, of in (('median', Phase.median), ('p99', Phase.p99)):
            before, after = of(well, what), of(trouble, what)
            print(f'{what:40}{name:>8}{before:12.1f}{after:12.1f}{after / before:8.2f}    {len(times)} each')


if __name__ == '__main__':
    main()
