"""Twenty accounts, five of which are denied, throttled, down or hanging: the passes of the others end as always."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import nysa_server
from stack.aws.connection import Connection
from stack.runtime.metrics import Metrics
from stack.sandbox.ecs import ManualClock
from stack.sandbox.faults import Fault
from stack.sandbox.server import EmbeddedAws, SeededFleet
from stack.scheduler.passes import Ask, Ended
from tests.aws import Aws
from tests.integration.test_accounts import cluster_in, create, services_in
from tests.server import Server

FAULTS = (Fault('deny'), Fault('throttle'), Fault('down'))
HANGING = 2
TROUBLED = len(FAULTS) + HANGING
WELL = 15
# As many as would take all places of a scheduler, were they shared.
CLUSTERS_EACH = 3


@pytest.fixture(scope='module')
def many() -> Iterator[list[EmbeddedAws]]:
    clock = ManualClock(time.time())
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account=f'7000000000{number:02}')
            )
            for number in range(TROUBLED + WELL)
        ]


def setting(aws: Aws, many: list[EmbeddedAws]) -> str:
    return json.dumps(
        {
            f'a{number}': {'role_arn': aws.embedded.trust(account), 'clusters': [f'isolated-{number}-*']}
            for number, account in enumerate(many)
        }
    )


@contextlib.contextmanager
def troubled(accounts: list[EmbeddedAws]) -> Iterator[Callable[[], None]]:
    """Accounts with a fault each, and those whose calls hang until the callable is called."""
    answering = threading.Event()
    with contextlib.ExitStack() as stack:
        for account, fault in zip(accounts, FAULTS, strict=False):
            account.faults.add(fault)
            stack.callback(account.faults.clear)
        for account in accounts[len(FAULTS) :]:
            stack.enter_context(account.application._recording(lambda _: answering.wait()))
        stack.callback(answering.set)
        yield answering.set


async def health_once_complete(server: Server, clusters: set[str], answer: Callable[[], None]) -> dict[str, str]:
    """Run a scheduler until its passes on all of these clusters are complete; gives the health of each account then.

    Calls that hang are answered once it is asked to stop.
    """
    connection = Connection()
    aws = nysa_server.Aws(server._settings, connection, Metrics(), role='scheduler')
    scheduler = nysa_server.make_scheduler(aws)
    make, ends = scheduler._passes.make, asyncio.Queue()

    async def make_and_note(ask: Ask, *given: Any) -> Ended:
        ended = await make(ask, *given)
        ends.put_nowait((ask.cluster, ended.state))
        return ended

    scheduler._passes.make = make_and_note
    running, missing = asyncio.create_task(scheduler.run()), set(clusters)
    try:
        async with asyncio.timeout(300):
            while missing:
                cluster, state = await ends.get()
                if state == 'complete':
                    missing.discard(cluster)
        return {place.account: aws.accounts.health(place).state for place in aws.accounts.table.usual_places()}
    finally:
        scheduler.stop()
        answer()
        await running
        aws.accounts.close()
        connection.close()


def test_five_failing_accounts_delay_no_pass_of_the_others(aws: Aws, many: list[EmbeddedAws]):
    well: set[str] = set()
    with Server(aws, NYSA_ACCOUNTS=setting(aws, many)) as server:
        for number, account in enumerate(many):
            is_well = number >= TROUBLED
            for letter in 'abc'[: 1 if is_well else CLUSTERS_EACH]:
                name = cluster_in(account, f'isolated-{number}-{letter}')
                assert create(server, name).status == 201
                if is_well:
                    well.add(name)
        with troubled(many[:TROUBLED]) as answer:
            health = asyncio.run(health_once_complete(server, well, answer))
    assert {health[f'a{number}'] for number in range(TROUBLED, len(many))} == {'ok'}
    # None of the five has come to its end meanwhile.
    for number, account in enumerate(many[:TROUBLED]):
        assert services_in(account, f'isolated-{number}-a') == []
    assert health['a0'] == 'denied'
