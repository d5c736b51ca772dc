"""Twenty accounts, five of which are denied, throttled, down or hanging: the passes of the others end as always."""

import asyncio
from collections.abc import Callable, Collection, Iterator

import pytest

from tests.aws import Aws
from tests.integration.test_accounts import create, services_in
from tests.isolated_accounts import FAILING, IsolatedAccounts, WatchedScheduler
from tests.server import Server


@pytest.fixture(scope='module')
def isolated() -> Iterator[IsolatedAccounts]:
    with IsolatedAccounts.started() as started:
        yield started


async def health_once_complete(server: Server, clusters: Collection[str], answer: Callable[[], None]) -> dict[str, str]:
    """Run a scheduler until its passes on all of these clusters are complete; gives the health of each account then.

    Calls that hang are answered once it is asked to stop.
    """
    async with WatchedScheduler.running(server._settings, at_stop=answer) as scheduler:
        await scheduler.complete(clusters)
        accounts = scheduler.aws.accounts
        return {place.account: accounts.health(place).state for place in accounts.table.usual_places()}


def test_five_failing_accounts_delay_no_pass_of_the_others(aws: Aws, isolated: IsolatedAccounts):
    with Server(aws, NYSA_ACCOUNTS=isolated.setting(aws.embedded)) as server:
        of_failing, of_others = isolated.add_clusters()
        for name in (*of_failing, *of_others):
            assert create(server, name).status == 201
        with isolated.failing() as answer:
            health = asyncio.run(health_once_complete(server, of_others, answer))
    assert {health[f'a{number}'] for number in range(FAILING, len(isolated.accounts))} == {'ok'}
    # None of the five has come to its end meanwhile.
    for number, account in enumerate(isolated.accounts[:FAILING]):
        assert services_in(account, f'isolated-{number}-a') == []
    assert health['a0'] == 'denied'
