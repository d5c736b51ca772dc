"""A service that hangs holds up no other, and every call ends."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from stack.aws import bulkhead
from stack.aws import connection as module
from stack.aws.bulkhead import BUSY, CIRCUIT_OPEN, Limits, share_of
from stack.aws.connection import Connection
from stack.errors import Unavailable
from stack.runtime.circuit_breaker import TIMEOUTS
from stack.runtime.daemon_threads import Workers
from stack.runtime.fence import fenced
from stack.runtime.interruptible import Interrupted
from tests.hanging_aws import HangingAws

KEYS = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test', 'region_name': 'eu-central-1'}


@pytest.fixture
def hanging() -> Iterator[HangingAws]:
    with HangingAws() as aws:
        yield aws


def run(aws: HangingAws, scenario: Callable[[Connection], Awaitable[None]], monkeypatch, **limits: Limits) -> None:
    monkeypatch.setattr(module, 'LIMITS', bulkhead.LIMITS | limits)

    async def whole() -> None:
        connection = Connection(endpoint_url=aws.endpoint, **KEYS)
        connection.client('ecs')  # which takes its time, and is no part of what is measured
        try:
            async with asyncio.timeout(60):
                await scenario(connection)
        finally:
            aws.answers.set()
            connection.close()

    asyncio.run(whole())


async def ask_ecs(connection: Connection) -> str:
    try:
        await connection.call('ecs', 'ListClusters')
    except Unavailable as failed:
        return failed.aws_code
    return 'ok'


def test_a_call_without_a_thread_is_not_sent(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    def refused(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    async def scenario(connection: Connection) -> None:
        hanging.answers.set()
        with monkeypatch.context() as patched:
            patched.setattr(Workers, 'run', refused)
            assert await ask_ecs(connection) == BUSY
        assert await ask_ecs(connection) == 'ok'

    run(hanging, scenario, monkeypatch)


def test_a_service_that_hangs_does_not_slow_another_one(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    async def scenario(connection: Connection) -> None:
        waiting = [asyncio.create_task(ask_ecs(connection)) for _ in range(40)]
        await asyncio.to_thread(hanging.reached.wait)
        answer = await connection.call('s3', 'GetObject', Bucket='b', Key='k')
        assert answer['Body'] == b'content'
        assert not any(task.done() for task in waiting)
        assert connection.overdue(0)[0][0] == 'ecs:ListClusters'
        hanging.answers.set()
        assert set(await asyncio.gather(*waiting)) == {'ok'}
        assert connection.overdue(0) == []

    run(hanging, scenario, monkeypatch, ecs=Limits(threads=4, read_s=60, deadline_s=120))


def test_calls_that_find_no_thread_end_unsent(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulkhead, 'SLACK_S', 0.2)

    async def scenario(connection: Connection) -> None:
        outcomes = await asyncio.gather(*(ask_ecs(connection) for _ in range(3)))
        assert sorted(outcomes) == [BUSY, BUSY, 'DeadlineExceeded']
        assert hanging.asked <= 1

    run(hanging, scenario, monkeypatch, ecs=Limits(threads=1, read_s=60, deadline_s=1))


def test_a_circuit_opens_and_closes_again(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    limits = Limits(threads=2, read_s=0.1, deadline_s=3.1)

    async def scenario(connection: Connection) -> None:
        while await ask_ecs(connection) != CIRCUIT_OPEN:
            assert hanging.asked <= TIMEOUTS, 'each call is tried once: another try would pass its deadline'
        assert list(connection.outages()) == ['ecs']
        assert (await connection.call('s3', 'GetObject', Bucket='b', Key='k'))['Body'] == b'content'
        hanging.answers.set()
        # On a busy machine, an answer may take longer than `read_s`: that is another timeout.
        while await ask_ecs(connection) != 'ok':
            monkeypatch.setattr(connection.bulkhead('ecs').breaker, '_retry_at', 0)
        assert connection.outages() == {}

    run(hanging, scenario, monkeypatch, ecs=limits)


def test_a_call_is_tried_again_only_while_that_can_end_in_time(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    async def scenario(connection: Connection) -> None:
        await ask_ecs(connection)
        await hanging.counted(3)

    run(hanging, scenario, monkeypatch, ecs=Limits(read_s=0.05, deadline_s=60))


def test_a_fenced_call_is_tried_once(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    async def scenario(connection: Connection) -> None:
        with fenced(lambda: True):
            await ask_ecs(connection)
        await hanging.counted(1)

    run(hanging, scenario, monkeypatch, ecs=Limits(read_s=0.05, deadline_s=60))


def test_a_fenced_call_whose_work_ended_while_it_waited_for_a_thread_is_not_made(
    hanging: HangingAws, monkeypatch: pytest.MonkeyPatch
):
    async def scenario(connection: Connection) -> None:
        first = asyncio.create_task(ask_ecs(connection))
        await asyncio.to_thread(hanging.reached.wait)
        goes_on = True
        with fenced(lambda: goes_on):
            waiting = asyncio.create_task(ask_ecs(connection))
        await asyncio.sleep(0)
        goes_on = False
        hanging.answers.set()
        assert await first == 'ok'
        with pytest.raises(Interrupted):
            await waiting
        assert hanging.asked == 1

    run(hanging, scenario, monkeypatch, ecs=Limits(threads=1, read_s=60, deadline_s=120))


def test_a_message_is_sent_once(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    """Another try could arrive behind a newer message; the notifier asks first."""

    async def scenario(connection: Connection) -> None:
        with pytest.raises(Unavailable):
            await connection.call('sqs', 'SendMessage', QueueUrl=f'{hanging.endpoint}/1/q', MessageBody='x')
        await hanging.counted(1)

    assert not bulkhead.LIMITS['sqs:SendMessage'].retries
    run(hanging, scenario, monkeypatch, **{'sqs:SendMessage': Limits(read_s=0.05, deadline_s=60, retries=False)})


def test_long_polls_and_messages_have_shares_of_their_own():
    shares = [share_of('sqs', each) for each in ('ReceiveMessage', 'SendMessage', 'DeleteMessageBatch')]
    assert shares == ['sqs:ReceiveMessage', 'sqs:SendMessage', 'sqs']
    for limits in bulkhead.LIMITS.values():
        assert limits.connect_s + limits.read_s <= limits.deadline_s


def test_pages_that_lead_in_a_circle_end(monkeypatch: pytest.MonkeyPatch):
    async def scenario() -> None:
        connection = Connection(**KEYS)
        tokens = iter(['a', 'b', 'a'])

        async def call(*_: object, **__: object) -> dict:
            return {'items': [1], 'next': next(tokens)}

        monkeypatch.setattr(connection, 'call', call)
        with pytest.raises(Unavailable, match='circle'):
            await connection.pages('ecs', 'ListClusters', 'items', token=('next', 'next'))
        connection.close()

    asyncio.run(scenario())
