"""Twenty embedded accounts, five of which can be denied, throttled, down or hanging; a watched scheduler."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from typing import Any

import nysa_server
from stack.aws.connection import Connection
from stack.configuration.settings import Settings
from stack.runtime.metrics import Metrics
from stack.sandbox.ecs import ManualClock
from stack.sandbox.faults import Fault
from stack.sandbox.server import EmbeddedAws, SeededFleet
from stack.scheduler.passes import Ask, Ended

# Beside the accounts with these are two whose calls hang.
FAULTS = (Fault('deny'), Fault('throttle'), Fault('down'))
HANGING = 2
FAILING = len(FAULTS) + HANGING
WELL = 15
# In each failing account: as many as would take all places of a scheduler, were they shared.
CLUSTERS_EACH = 3


class IsolatedAccounts:
    """The accounts `a0` to `a19`, of which the first five fail within `failing`."""

    def __init__(self, accounts: list[EmbeddedAws]):
        self.accounts = accounts

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator['IsolatedAccounts']:
        clock = ManualClock(time.time())
        with contextlib.ExitStack() as stack:
            options: dict[str, Any] = {'clock': clock, 'fleet': SeededFleet.NOTHING}
            numbers = range(FAILING + WELL)
            started = [EmbeddedAws.start(account=f'7000000000{number:02}', **options) for number in numbers]
            yield cls([stack.enter_context(each) for each in started])

    def setting(self, home: EmbeddedAws) -> str:
        """NYSA_ACCOUNTS of a server whose own account is `home`."""
        roles = enumerate(home.trust(account) for account in self.accounts)
        return json.dumps(
            {f'a{number}': {'role_arn': role, 'clusters': [f'isolated-{number}-*']} for number, role in roles}
        )

    def add_clusters(self) -> tuple[list[str], list[str]]:
        """ECS clusters: those of the five accounts, and those of the others."""
        of_failing: list[str] = []
        of_others: list[str] = []
        for number, account in enumerate(self.accounts):
            fails = number < FAILING
            for letter in 'abc'[: CLUSTERS_EACH if fails else 1]:
                (of_failing if fails else of_others).append(_cluster_in(account, f'isolated-{number}-{letter}'))
        return of_failing, of_others

    @contextlib.contextmanager
    def failing(self) -> Iterator[Callable[[], None]]:
        """Within, five accounts fail; calls that hang do so until the end, or until the callable is called."""
        answering = threading.Event()
        with contextlib.ExitStack() as stack:
            for account, fault in zip(self.accounts, FAULTS, strict=False):
                account.faults.add(fault)
                stack.callback(account.faults.clear)
            for account in self.accounts[len(FAULTS) : FAILING]:
                stack.enter_context(account.application._recording(lambda _: answering.wait()))
            stack.callback(answering.set)
            yield answering.set


def _cluster_in(account: EmbeddedAws, name: str) -> str:
    region = account.region
    status, answer = account.ecs.handle('CreateCluster', {'clusterName': name}, region, account.account)
    assert status == 200, answer
    account.ecs.register_container_instance(name, region=region, account=account.account)
    return name


class WatchedScheduler:
    """A scheduler; `ends` has the cluster and state of each pass that ended."""

    def __init__(self, aws: nysa_server.Aws):
        self.aws = aws
        self.ends: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._scheduler = nysa_server.make_scheduler(aws)
        make = self._scheduler._passes.make

        async def make_and_note(ask: Ask, *given: Any) -> Ended:
            ended = await make(ask, *given)
            self.ends.put_nowait((ask.cluster, ended.state))
            return ended

        self._scheduler._passes.make = make_and_note

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls, settings: Settings, at_stop: Callable[[], None] = lambda: None, **connected: Any
    ) -> AsyncIterator['WatchedScheduler']:
        """`at_stop` is called once the scheduler is asked to stop, and `connected` goes to the connection to AWS, which
        the environment names by default.
        """
        connection = Connection(**connected)
        aws = nysa_server.Aws(settings, connection, Metrics(), role='scheduler')
        watched = cls(aws)
        running = asyncio.create_task(watched._scheduler.run())
        try:
            yield watched
        finally:
            watched._scheduler.stop()
            at_stop()
            await running
            aws.accounts.close()
            connection.close()

    async def complete(self, clusters: Collection[str], within_s: float = 300) -> None:
        """Return once a pass on each of these clusters was complete."""
        missing = set(clusters)
        async with asyncio.timeout(within_s):
            while missing:
                cluster, state = await self.ends.get()
                if state == 'complete':
                    missing.discard(cluster)
