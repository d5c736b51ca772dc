"""Activity of all clusters, merged page by page."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.ports import ListedObject
from stack.changes.activity import Activity, ActivityQuery
from stack.errors import InvalidRequest

START = datetime(2030, 1, 1, tzinfo=UTC)
EVERYTHING = ActivityQuery()


def entry(minute: int, by: str = 'maria', service: str = 'web', kind: str = 'change', **more: Any) -> dict[str, Any]:
    at = (START + timedelta(minutes=minute)).isoformat()
    return {'kind': kind, 'at': at, 'by': by, 'did': {'verb': 'change', 'service': service}, 'message': None, **more}


@dataclass
class World:
    """Clusters with their audits, the newest entry first, and pages of two entries."""

    audits: dict[str, list[dict[str, Any]]]
    etags: dict[str, str] = field(default_factory=dict)
    reads: list[tuple[str, str | None]] = field(default_factory=list)

    async def objects(self, *, prefix: str = '', **_: Any) -> list[ListedObject]:
        if prefix:
            return []
        return [ListedObject(name, self.etags.get(name, 'one'), START) for name in self.audits]

    async def removed(self) -> list[str]:
        return []

    async def page(self, cluster: str, limit: int, after: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
        self.reads.append((cluster, after))
        begin = int(after or 0)
        entries = self.audits[cluster]
        return entries[begin : begin + 2], str(begin + 2) if begin + 2 < len(entries) else None


def activity(world: Any) -> Activity:
    return Activity(world, world, world)


async def walk(activity: Activity, limit: int, query: ActivityQuery = EVERYTHING) -> list[tuple[str, str]]:
    """All pages, as cluster and time."""
    shown, after = [], None
    while True:
        entries, after = await activity.page(query, lambda name: name != 'secret', limit, after)
        assert len(entries) <= limit
        shown += [(each['cluster'], each['at'][11:16]) for each in entries]
        if after is None:
            return shown


def world() -> World:
    return World(
        {
            'a': [entry(9), entry(7), entry(5), entry(3), entry(1)],
            'b': [entry(8, 'jo'), entry(8, service='api'), entry(2, kind='refusal')],
            'secret': [entry(100)],
        }
    )


ALL = [('a', 9), ('b', 8), ('b', 8), ('a', 7), ('a', 5), ('a', 3), ('b', 2), ('a', 1)]


def times(expected: list[tuple[str, int]]) -> list[tuple[str, str]]:
    return [(name, f'00:{minute:02d}') for name, minute in expected]


@pytest.mark.parametrize('limit', [1, 2, 3, 100])
def test_pages_of_any_size_have_every_entry_once_in_order(limit: int):
    assert asyncio.run(walk(activity(world()), limit)) == times(ALL)


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        (ActivityQuery(clusters=['b*']), [('b', 8), ('b', 8), ('b', 2)]),
        (ActivityQuery(by=['jo']), [('b', 8)]),
        (ActivityQuery(services=['ap?']), [('b', 8)]),
        (ActivityQuery(kinds=['refusal']), [('b', 2)]),
        (ActivityQuery(kinds=['rollback']), []),
        (ActivityQuery(since=START + timedelta(minutes=7)), ALL[:4]),
        (ActivityQuery(until=START + timedelta(minutes=3)), ALL[6:]),
    ],
)
def test_filters(query: ActivityQuery, expected: list[tuple[str, int]]):
    assert asyncio.run(walk(activity(world()), 2, query)) == times(expected)


def test_a_cluster_is_read_again_only_after_it_has_changed():
    there = world()

    async def run() -> None:
        of_all = activity(there)
        await walk(of_all, 100)
        there.reads.clear()
        await walk(of_all, 100)
        assert there.reads == []
        there.audits['b'].insert(0, entry(20))
        there.etags['b'] = 'two'
        assert (await walk(of_all, 100))[0] == ('b', '00:20')
        assert {cluster for cluster, _ in there.reads} == {'b'}

    asyncio.run(run())


def test_older_entries_are_read_only_as_far_as_a_page_needs_them():
    there = world()
    asyncio.run(activity(there).page(ActivityQuery(), lambda name: name == 'a', 1))
    assert there.reads == [('a', None)]


def test_concurrent_requests_share_what_they_read():
    there = world()

    async def run() -> list[list[tuple[str, str]]]:
        of_all = activity(there)
        return await asyncio.gather(*(walk(of_all, 100) for _ in range(5)))

    assert asyncio.run(run()) == [times(ALL)] * 5


def test_the_services_of_a_whole_document_are_those_that_its_revision_changed():
    replaced = {**entry(1), 'did': {'verb': 'replace'}, 'services': ['api', 'web']}
    entries, _ = asyncio.run(activity(World({'a': [replaced]})).page(ActivityQuery(), lambda _: True, 5))
    assert entries[0]['services'] == ['api', 'web']


@pytest.mark.parametrize('after', ['x', '', 'W10=', 'WzEsIDIsIDNd'])
def test_an_unknown_cursor_is_refused(after: str):
    with pytest.raises(InvalidRequest):
        asyncio.run(activity(world()).page(ActivityQuery(), lambda _: True, 5, after))
