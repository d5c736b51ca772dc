"""Shared reads: never older than the question, and few of them."""

import asyncio

import pytest

from stack.runtime.shared_reads import MANY, TURNS, SharedReads


class Source:
    """A value that changes, read slowly: each read waits until it is let go."""

    def __init__(self):
        self.value = 0
        self.started = 0
        self.gates: list[asyncio.Event] = []

    async def read(self, key: str) -> int:
        self.started += 1
        value = self.value
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        return value


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def run(scenario) -> None:
    asyncio.run(scenario())


def test_those_who_ask_in_one_turn_share_one_read():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read)
        asked = [asyncio.create_task(reads.get('a')) for _ in range(50)]
        await turns()
        source.gates[0].set()
        assert await asyncio.gather(*asked) == [0] * 50
        assert source.started == 1

    run(scenario)


def test_who_asks_while_a_read_is_under_way_is_not_answered_by_it():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read, at_once=1)
        early = asyncio.create_task(reads.get('a'))
        await turns()
        source.value = 1
        late = asyncio.create_task(reads.get('a'))
        await turns()
        assert source.started == 1
        source.gates[0].set()
        await turns()
        source.gates[1].set()
        assert await early == 0
        assert await late == 1

    run(scenario)


def test_a_read_that_is_to_begin_does_not_once_they_are_closed():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read)
        await answered(reads, source, MANY)
        asked = asyncio.create_task(reads.get('a'))
        await turns(2)
        await reads.close()
        await turns(TURNS + 3)
        assert source.started == 1
        with pytest.raises(asyncio.CancelledError):
            await asked

    run(scenario)


async def answered(reads: SharedReads, source: Source, count: int) -> None:
    """So many callers share one read of the key."""
    started = source.started
    asked = [asyncio.create_task(reads.get('a')) for _ in range(count)]
    await turns(TURNS + 3)
    assert source.started == started + 1
    source.gates[-1].set()
    await asyncio.gather(*asked)


def test_who_asks_for_a_busy_key_a_few_turns_later_shares_the_read():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read)
        await answered(reads, source, MANY)
        early = asyncio.create_task(reads.get('a'))
        await turns(TURNS - 1)
        source.value = 1
        late = asyncio.create_task(reads.get('a'))
        await turns(TURNS + 3)
        assert source.started == 2
        source.gates[1].set()
        assert [await early, await late] == [1, 1]

    run(scenario)


def test_who_waits_at_the_end_of_a_read_shares_the_next_with_those_whom_it_answered():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read, at_once=1)

        async def ask_twice() -> list[int]:
            return [await reads.get('a'), await reads.get('a')]

        many = [asyncio.create_task(ask_twice()) for _ in range(MANY)]
        await turns()
        late = asyncio.create_task(reads.get('a'))
        await turns()
        source.value = 1
        source.gates[0].set()
        await turns(TURNS + 3)
        source.gates[1].set()
        await turns(TURNS + 3)
        assert source.started == 2
        assert await asyncio.gather(*many) == [[0, 1]] * MANY
        assert await late == 1

    run(scenario)


@pytest.mark.parametrize('callers', [[], [MANY - 1], [MANY, MANY - 1]])
def test_the_read_of_a_key_that_is_not_busy_begins_in_the_next_turn(callers: list[int]):
    async def scenario():
        source = Source()
        reads = SharedReads(source.read)
        for count in callers:
            await answered(reads, source, count)
        asked = asyncio.create_task(reads.get('a'))
        # The caller asks in the first turn; the read is a task that begins in the third.
        await turns(3)
        assert source.started == len(callers) + 1
        source.gates[-1].set()
        await asked

    run(scenario)


def test_a_few_who_come_late_do_not_make_a_busy_key_a_quiet_one():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read)
        many = [asyncio.create_task(reads.get('a')) for _ in range(MANY)]
        await turns()
        late = asyncio.create_task(reads.get('a'))
        await turns(TURNS + 3)
        assert source.started == 2
        for gate in source.gates:
            gate.set()
        await asyncio.gather(*many, late)
        asked = asyncio.create_task(reads.get('a'))
        await turns(3)
        assert source.started == 2
        await turns(TURNS)
        assert source.started == 3
        source.gates[-1].set()
        await asked

    run(scenario)


def test_reads_of_different_keys_do_not_wait_for_each_other():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read, at_once=1)
        asked = [asyncio.create_task(reads.get(key)) for key in 'ab']
        await turns()
        assert source.started == 2
        for gate in source.gates:
            gate.set()
        await asyncio.gather(*asked)

    run(scenario)


def test_a_failure_reaches_everyone_who_waited_and_nobody_after():
    async def scenario():
        outcomes = [ValueError('broken'), 7]

        async def read(key: str) -> int:
            outcome = outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        reads = SharedReads(read)
        failed = await asyncio.gather(reads.get('a'), reads.get('a'), return_exceptions=True)
        assert [str(each) for each in failed] == ['broken', 'broken']
        assert await reads.get('a') == 7

    run(scenario)


def test_one_who_goes_away_does_not_take_the_others_answer():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read)
        gone, stays = (asyncio.create_task(reads.get('a')) for _ in range(2))
        await turns()
        gone.cancel()
        source.gates[0].set()
        assert await stays == 0
        with pytest.raises(asyncio.CancelledError):
            await gone

    run(scenario)


def test_no_read_begins_once_they_are_closed():
    async def scenario():
        source = Source()
        reads = SharedReads(source.read, at_once=1)
        asked = [asyncio.create_task(reads.get('a'))]
        await turns()
        asked.append(asyncio.create_task(reads.get('a')))
        await turns()
        await reads.close()
        await turns()
        assert source.started == 1
        assert all(isinstance(error, asyncio.CancelledError) for error in await ended(asked))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def ended(asked: list[asyncio.Task]) -> list:
        async with asyncio.timeout(30):
            return await asyncio.gather(*asked, return_exceptions=True)

    run(scenario)
