"""A chained log with several writers, lost answers and kills; and the check that names what is wrong with it."""

import asyncio
import copy
import json

import pytest

from stack.aws.s3 import Bucket
from stack.changes import log_check
from stack.changes.chained_log import ATTEMPTS, Batch, ChainedLog
from stack.changes.entry_chain import Mark, key_of, number_of
from stack.changes.log_check import StoredBatch
from stack.errors import AwsFailed, Conflict
from stack.state.proof import Proof, Severity
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World, down

PREFIX, MARK = 'nysa/audit/prod/', 'nysa/audited/prod'
OLD = f'{PREFIX}98211234567890-abcdef01'


def entries(*texts: str) -> list[dict]:
    """The newest first."""
    return [{'kind': 'refusal', 'at': f'2030-01-01T00:00:0{9 - place}', 'by': text} for place, text in enumerate(texts)]


def a_log(world: World) -> tuple[ChainedLog, FakeS3]:
    s3 = FakeS3(world)
    return ChainedLog(Bucket(s3, 'bucket'), PREFIX, MARK), s3


def read(world: World) -> list[StoredBatch]:
    found = []
    for key in world.objects.keys() - {MARK}:
        current = world.current(key)
        if current:
            try:
                found.append(StoredBatch(key, json.loads(current.body)))
            except ValueError:
                found.append(StoredBatch(key, None))
    return found


def check(world: World, mark: Mark | None = None) -> Proof:
    return log_check.check('prod', PREFIX, read(world), mark or Mark())


def by_whom(world: World) -> list[str]:
    """In the order of the chain."""
    batches = sorted(read(world), key=lambda each: each.key, reverse=True)
    return [entry['by'] for batch in batches for entry in reversed(batch.entries or [])]


async def filled(count: int = 4) -> World:
    world = World()
    log, _ = a_log(world)
    for number in range(1, count + 1):
        await log.append(Batch(entries(f'{number}b', f'{number}a')))
    return world


def test_keys_count_down_and_come_before_those_of_earlier_releases():
    keys = [key_of(PREFIX, number) for number in (1, 2, 10, 11)]
    assert keys == sorted(keys, reverse=True)
    assert max(keys) < OLD
    assert [number_of(PREFIX, key) for key in keys] == [1, 2, 10, 11]
    assert number_of(PREFIX, OLD) is None


@asynchronous
async def test_an_append_takes_one_call_where_no_other_replica_appends():
    world = World()
    (log, s3), (other, others) = a_log(world), a_log(world)
    await log.append(Batch(entries('a')))
    s3.calls.clear()
    await log.append(Batch(entries('b')))
    assert [operation for operation, _ in s3.calls] == ['PutObject']
    await other.append(Batch(entries('c')))
    first = ['ListObjectsV2', 'GetObject', 'GetObject', 'PutObject']
    assert [operation for operation, _ in others.calls] == first
    s3.calls.clear()
    await log.append(Batch(entries('d')))
    overtaken = ['PutObject', 'HeadObject', 'PutObject', 'HeadObject', 'GetObject']
    calls = [operation for operation, _ in s3.calls]
    assert calls[-4:] == first
    assert len(calls) <= len(overtaken) + len(first), calls


@asynchronous
async def test_replicas_that_append_at_once_make_one_chain():
    world = World()
    logs = [a_log(world)[0] for _ in range(4)]

    async def append(number: int, log: ChainedLog) -> None:
        for turn in range(5):
            await log.append(Batch(entries(f'{number}.{turn}')))

    await asyncio.gather(*(append(number, log) for number, log in enumerate(logs)))
    proof = check(world)
    assert (proof.findings, proof.checked) == ((), 20)
    assert sorted(by_whom(world)) == sorted(f'{number}.{turn}' for number in range(4) for turn in range(5))


@pytest.mark.parametrize('after', [False, True])
@asynchronous
async def test_a_lost_answer_stores_a_batch_once(after: bool):
    world = World()
    log, s3 = a_log(world)
    other, _ = a_log(world)
    await log.append(Batch(entries('a')))
    batch = Batch(entries('b'))
    s3.fail(lambda operation, key: operation == 'PutObject', down, after=after)
    s3.fail(lambda operation, key: operation == 'HeadObject')
    with pytest.raises(AwsFailed):
        await log.append(batch)
    await other.append(Batch(entries('c')))
    await log.append(batch)
    assert by_whom(world) == (['a', 'b', 'c'] if after else ['a', 'c', 'b'])
    assert check(world).findings == ()


@asynchronous
async def test_a_writer_that_is_killed_leaves_a_whole_chain():
    world = await filled(2)
    killed, s3 = a_log(world)
    held = s3.hold_where(lambda operation, key: operation == 'PutObject', after=True)
    task = asyncio.create_task(killed.append(Batch(entries('killed'))))
    await asyncio.wait_for(held.reached.wait(), 30)
    task.cancel()
    assert check(world).findings == ()
    log, _ = a_log(world)
    await log.append(Batch(entries('next')))
    assert by_whom(world)[-2:] == ['killed', 'next']
    assert check(world).findings == ()


@asynchronous
async def test_a_log_that_others_always_append_to_first_gives_up_for_now():
    class Busy(Bucket):
        async def put(self, key, body, *, over, metadata=None):
            world.store(key, b'[{"by": "other"}]')
            return await super().put(key, body, over=over)

    world = World()
    log = ChainedLog(Busy(FakeS3(world), 'bucket'), PREFIX, MARK)
    with pytest.raises(Conflict):
        await log.append(Batch(entries('a')))
    assert len(world.objects) == ATTEMPTS


def change(world: World, number: int, edit) -> None:
    key = key_of(PREFIX, number)
    stored = json.loads(world.current(key).body)
    world.store(key, json.dumps(edit(stored)).encode())


def edited(entry: dict) -> dict:
    return {**entry, 'by': 'otto'}


@asynchronous
async def test_what_is_wrong_is_named():
    whole = await filled()
    two = key_of(PREFIX, 2)

    def findings(spoil, mark: Mark | None = None) -> list[str]:
        world = copy.deepcopy(whole)
        spoil(world)
        proof = check(world, mark)
        assert all(finding.severity is Severity.BROKEN for finding in proof.findings)
        return [finding.where.partition(' (')[0] + ': ' + finding.message for finding in proof.findings]

    assert findings(lambda world: None) == []
    missing = findings(lambda world: world.delete(two))
    assert missing == [f'{key_of(PREFIX, 3)}: is number 3, and number 2 before it is missing']
    first = findings(lambda world: world.delete(key_of(PREFIX, 1)))
    assert first == [f'{two}: is number 2, and number 1 before it is missing']
    for place in (0, 1):
        changed = findings(
            lambda world, place=place: change(
                world, 2, lambda stored: [edited(each) if each['chain']['place'] == place else each for each in stored]
            )
        )
        assert len(changed) == 1
        assert changed[0].startswith(f'{two} entry {place}: was changed')
    inserted = findings(lambda world: change(world, 2, lambda stored: [stored[0], edited(stored[0]), stored[1]]))
    assert [each.partition(':')[0] for each in inserted] == [f'{two} entry 2']
    swapped = findings(lambda world: change(world, 2, lambda stored: stored[::-1]))
    assert any('moved' in each for each in swapped)
    dropped = findings(lambda world: change(world, 2, lambda stored: stored[1:]))
    assert any(each.startswith(f'{two} entry 0') for each in dropped)
    unreadable = findings(lambda world: world.store(two, b'{'))
    assert unreadable == [f'{two}: cannot be read']


@pytest.mark.parametrize('link', ['x', 1, [], None, {}, {'number': '1', 'place': []}])
@asynchronous
async def test_any_link_is_checked(link):
    world = await filled()
    for number in (1, 4):
        change(world, number, lambda stored: [{**entry, 'chain': link} for entry in stored])
    assert {finding.severity for finding in check(world).findings} == {Severity.BROKEN}


@asynchronous
async def test_the_mark_proves_the_newest_entries():
    whole = await filled()
    mark = Mark(key_of(PREFIX, 4), check(whole).head)
    assert check(whole, mark).findings == ()
    for number in (4, 3):
        whole.delete(key_of(PREFIX, number))
    assert [finding.message for finding in check(whole, mark).findings] == [
        'the newest 2 of 4 objects are missing; it was stored, as its mark has it'
    ]
    changed = await filled()
    change(changed, 4, lambda stored: [edited(stored[0]), stored[1]])
    assert check(changed).findings == (), 'no entry follows that could prove it'
    assert 'its mark has another hash' in check(changed, mark).findings[0].message


@asynchronous
async def test_the_number_of_a_missing_object_is_not_used_again():
    """Neither by the process that stored it, nor by one that starts later and knows its mark alone."""
    world = World()
    log, _ = a_log(world)
    for who in ('a', 'b', 'c'):
        stored = await log.append(Batch(entries(who)))
    world.store(MARK, stored.mark.body)
    world.delete(stored.key)
    later, _ = a_log(world)
    next_one = await later.append(Batch(entries('d')))
    world.store(MARK, next_one.mark.body)
    proof = check(world, next_one.mark)
    assert [finding.message for finding in proof.findings] == ['is number 4, and number 3 before it is missing']


@pytest.mark.parametrize('mark', [b'', b'\xff', b'x', b'x y', OLD.encode(), key_of(PREFIX, 9).encode()])
@asynchronous
async def test_a_mark_that_names_no_later_hash_is_ignored(mark: bytes):
    world = await filled(2)
    world.store(MARK, mark)
    log, _ = a_log(world)
    assert (await log.append(Batch(entries('a')))).head.number == 3
    assert check(world).findings == ()


@asynchronous
async def test_an_object_of_another_program_does_not_stop_the_log():
    world = await filled(2)
    world.store(f'{PREFIX}0', b'[]')
    log, _ = a_log(world)
    assert (await log.append(Batch(entries('a')))).head.number == 3
    assert [finding.severity for finding in check(world).findings] == [Severity.UNPROVEN, Severity.UNPROVEN]


@asynchronous
async def test_entries_of_an_earlier_release_are_stated_and_counted():
    world = World()
    world.store(OLD, json.dumps(entries('old')).encode())
    log, _ = a_log(world)
    await log.append(Batch(entries('a')))
    proof = check(world)
    assert [finding.severity for finding in proof.findings] == [Severity.UNPROVEN]
    assert '1 objects have no chain' in proof.findings[0].message
    later = copy.deepcopy(world)
    later.store(OLD.replace('982', '981'), json.dumps(entries('late')).encode())
    assert [finding.severity for finding in check(later).findings] == [Severity.UNPROVEN, Severity.UNPROVEN]
    world.delete(OLD)
    assert [finding.message for finding in check(world).findings] == [
        '1 of the 1 objects from before the chain are missing'
    ]
