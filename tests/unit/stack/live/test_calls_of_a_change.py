"""The calls of S3 that a change of a followed cluster costs each replica, besides listings of the whole bucket."""

import asyncio

from tests.asynchronous import asynchronous
from tests.unit.stack.live.test_races import Reader, Replica, later, replicas, turns

# Longer than the interval between two listings.
LATER_S = 3.0


async def both_follow() -> tuple[Replica, Reader, Replica, Reader]:
    """Two replicas whose subscribers have a cluster that has not changed for a while."""
    here, there = replicas()
    await here.put()
    readers = [await each.subscribe('prod') for each in (here, there)]
    for each in (here, there):
        await calls_later(each)
        await calls_later(each)
    return here, readers[0], there, readers[1]


async def calls_of_poll(replica: Replica) -> list[tuple[str, str]]:
    """The calls that a listing of the bucket leads to."""
    replica.s3.calls.clear()
    await replica.live.feed.poll()
    await turns()
    assert ('ListObjectsV2', '') in replica.s3.calls
    return [call for call in replica.s3.calls if call[0] != 'ListObjectsV2']


async def calls_later(replica: Replica) -> list[tuple[str, str]]:
    """The same, of a listing some seconds later."""
    replica.clock += LATER_S
    return await calls_of_poll(replica)


@asynchronous
async def test_an_own_write_is_compared_once_more_and_not_read():
    here, reader, _, _ = await both_follow()
    base = here.store.known('prod')
    here.s3.calls.clear()
    second = await here.write(base, 'web:2')
    await turns()
    assert [call for call in here.s3.calls if call[1] == 'prod'] == [('PutObject', 'prod')]
    assert await calls_of_poll(here) == []
    assert await calls_later(here) == [('HeadObject', 'prod')]
    assert await calls_later(here) == []
    assert reader.of('desired') == [f'desired {second.id}']


@asynchronous
async def test_a_write_of_another_replica_is_read_once():
    here, _, there, reader = await both_follow()
    second = await here.put('web:2')
    found = await calls_later(there)
    assert [call for call in found if call[1] == 'prod'] == [('ListObjectVersions', 'prod'), ('GetObject', 'prod')]
    assert await calls_of_poll(there) == []
    assert await calls_later(there) == [('HeadObject', 'prod')]
    assert await calls_later(there) == []
    assert reader.of('desired') == [f'desired {second.id}']


@asynchronous
async def test_what_was_read_for_subscribers_is_known_to_requests_and_writes():
    here, _, there, _ = await both_follow()
    second = await here.put('web:2')
    await calls_later(there)
    there.s3.calls.clear()
    assert there.store.known('prod') == await there.store.read('prod')
    assert there.store.known('prod').id == second.id
    await there.write(there.store.known('prod'), 'web:3')
    found = [call for call in there.s3.calls if call[1] == 'prod']
    assert found == [('HeadObject', 'prod'), ('PutObject', 'prod')]


@asynchronous
async def test_what_a_request_has_read_is_not_read_again_for_subscribers():
    here, _, there, reader = await both_follow()
    second = await here.put('web:2')
    await there.store.read('prod')
    found = await calls_later(there)
    assert [call for call in found if call[1] == 'prod'] == [('ListObjectVersions', 'prod')]
    assert reader.of('desired') == [f'desired {second.id}']


@asynchronous
async def test_the_same_content_within_the_second_of_a_listing_is_found_later():
    here, _, there, reader = await both_follow()
    second = here.world.store('prod', b'{"services": [{"web": {"image": "web:2"}}]}')
    await calls_later(there)
    third = here.world.store('prod', second.body)
    assert await calls_of_poll(there) == []
    await calls_later(there)
    assert reader.of('desired') == [f'desired {second.id}', f'desired {third.id}']


@asynchronous
async def test_the_same_content_at_a_later_second_is_found_at_once():
    here, _, there, reader = await both_follow()
    second = here.world.store('prod', b'{"services": [{"web": {"image": "web:2"}}]}')
    await calls_later(there)
    later(here, 1)
    third = here.world.store('prod', second.body)
    await calls_of_poll(there)
    assert reader.of('desired') == [f'desired {second.id}', f'desired {third.id}']


@asynchronous
async def test_more_revisions_than_are_listed_first_come_one_by_one():
    here, _, there, reader = await both_follow()
    ids = [(await here.put(f'web:{number}')).id for number in range(2, 12)]
    found = await calls_later(there)
    assert [call[0] for call in found if call[1] == 'prod'][:2] == ['ListObjectVersions'] * 2
    assert reader.of('desired') == [f'desired {id}' for id in ids]


@asynchronous
async def test_the_history_in_memory_does_not_step_back():
    here, _, there, _ = await both_follow()
    await here.put('web:2')
    held = there.s3.hold('ListObjectVersions', 'prod', after=True)
    there.clock += LATER_S
    polling = asyncio.create_task(there.live.feed.poll())
    await held.reached.wait()
    third = await there.put('web:3')
    held.go.set()
    await polling
    assert there.store.known('prod').id == third.id
