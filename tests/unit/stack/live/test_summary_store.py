"""The objects that summaries are persisted in."""

import asyncio
from dataclasses import replace

from stack.aws.s3 import Bucket
from stack.live import summary_store
from stack.live.summary import Summary
from stack.live.summary_store import PREFIX, SHARDS, SummaryStore, dump_shard, load_shard, shard_of
from tests.fake_s3 import FakeS3, World
from tests.unit.stack.live.test_stand_in import summary


def named(name: str) -> Summary:
    return replace(summary(), cluster=name)


def store(world: World, release: str = '1.0') -> SummaryStore:
    return SummaryStore(Bucket(FakeS3(world), 'b'), release)


def names_in(world: World) -> set[str]:
    bodies = [version.body for shard in SHARDS if (version := world.current(PREFIX + shard))]
    return {name for body in bodies for name in load_shard('1.0', body)}


def test_what_one_process_writes_another_reads():
    world, names = World(), {f'c{number}' for number in range(100)}
    there, here = store(world), store(world)

    async def play() -> None:
        for name in names:
            there.put(named(name))
        await there.write(names)
        await here.refresh()

    asyncio.run(play())
    assert len([key for key in world.objects if key.startswith(PREFIX)]) == len(SHARDS)
    assert names_in(world) == names
    assert all(here.get(name) == named(name) for name in names)
    assert here.get('another') is None


def test_only_objects_that_changed_are_written_and_read():
    world = World()
    there, here = store(world), store(world)
    calls = here._bucket._connection.calls

    async def play() -> None:
        there.put(named('prod'))
        await there.write({'prod'})
        await here.refresh()
        calls.clear()
        await here.refresh()
        await here.write({'prod'})

    asyncio.run(play())
    assert calls == [('ListObjectsV2', PREFIX)]
    assert {key for key in world.objects if key.startswith(PREFIX)} == {PREFIX + shard_of('prod')}


def test_an_object_that_was_deleted_is_written_again():
    world = World()
    there = store(world)

    async def play() -> None:
        there.put(named('prod'))
        await there.write({'prod'})
        world.delete(PREFIX + shard_of('prod'))
        await there.refresh()
        assert there.proof('prod') is None
        there.put(named('prod'))
        await there.write({'prod'})

    asyncio.run(play())
    assert names_in(world) == {'prod'}


def test_a_summary_that_comes_while_an_object_is_written_is_written_next():
    world = World()
    there = store(world)
    first, second = [name for number in range(100) if shard_of(name := f'c{number}') == '0'][:2]

    async def play() -> None:
        there.put(named(first))
        held = there._bucket._connection.hold('PutObject', PREFIX + '0')
        writing = asyncio.create_task(there.write({first, second}))
        await held.reached.wait()
        there.put(named(second))
        held.go.set()
        await writing
        assert names_in(world) == {first}
        await there.write({first, second})

    asyncio.run(play())
    assert names_in(world) == {first, second}


def test_what_has_no_room_is_left_out(monkeypatch):
    line = named('c1').dump()
    monkeypatch.setattr(summary_store, 'LARGEST', 2 * len(line) + 3)
    lines = {name: (named(name).proof, named(name).dump()) for name in ('c1', 'c2', 'c3')}
    assert load_shard('1.0', dump_shard('1.0', lines)).keys() == {'c1', 'c2'}
    made = store(World())
    monkeypatch.setattr(summary_store, 'LARGEST_LINE', len(line) - 1)
    made.put(named('c1'))
    assert made.proof('c1') is None


def test_an_object_is_the_same_for_the_same_lines():
    lines = {name: (named(name).proof, named(name).dump()) for name in ('c2', 'c1')}
    assert dump_shard('1.0', lines) == dump_shard('1.0', dict(reversed(lines.items())))


def test_an_object_without_lines():
    assert load_shard('1.0', dump_shard('1.0', {})) == {}


def test_an_object_of_another_release_has_no_lines():
    lines = {'c1': (named('c1').proof, named('c1').dump())}
    assert load_shard('1.1', dump_shard('1.0', lines)) == {}
