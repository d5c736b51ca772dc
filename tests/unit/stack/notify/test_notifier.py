"""Announcements: in order, without making anybody wait for a queue that does not answer, and none lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.errors import TooLarge, Unavailable
from stack.notify import notifier as module
from stack.notify.ledger import Above, Walk
from stack.notify.notifier import WAITING_MOST, Notifier
from stack.state import revisions
from stack.state.revisions import Change, Origin, Revision

AT = datetime(2030, 1, 31, 12, tzinfo=UTC)


class RecordingQueue:
    """Takes every message; `down` makes it refuse, `held` makes it wait."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[str] = []
        self.down = False
        self.held: asyncio.Event | None = None

    async def send(self, body: str, *, group: str, deduplication_id: str) -> str:
        if self.held is not None:
            await self.held.wait()
        if self.down:
            raise Unavailable('the queue does not answer', 'sqs:SendMessage', 'down')
        self.sent.append((group, json.loads(body)))
        self.ids.append(deduplication_id)
        return 'id'

    def messages(self) -> list[tuple[str, str | None]]:
        return [(message['revision'], message.get('service')) for _, message in self.sent]


class RecordingLedger:
    """Knows what was marked, and finds what a test gives it to find."""

    def __init__(self) -> None:
        self.marked: list[str] = []
        self.found = Walk()
        self.above_it = Above()

    def mark(self, revision: Revision) -> None:
        self.marked.append(revision.id)

    async def walk(self, *_: Any, **__: Any) -> Walk:
        return self.found

    async def above(self, revision: Revision) -> Above:
        return self.above_it


class Setting:
    def __init__(self) -> None:
        self.queue, self.ledger = RecordingQueue(), RecordingLedger()
        self.versions: dict[str, Revision] = {}
        self.accepted = 10_000
        self.notifier = Notifier(self.queue, None, lambda: self.accepted, self.ledger, self.read_version)

    async def read_version(self, cluster: str, version: str | None) -> Revision:
        return self.versions[version]

    def revision(self, id: str, *announce: str, tags: int | None = None, **did: Any) -> Revision:
        changes = [Change(Origin('maria', 'here'), AT, {'verb': 'test', **did}, each) for each in announce]
        metadata = revisions.encode(f'write-{id}', changes) if announce else {}
        self.versions[id] = Revision('prod', f'"{id}"', id, b'{"services": []}', AT, metadata, tags)
        return self.versions[id]


def run(scenario: Callable[[Setting], Awaitable[None]]) -> None:
    async def whole() -> None:
        setting = Setting()
        await scenario(setting)
        await setting.notifier.close()

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'FIRST_PAUSE_S', 0.001)
    monkeypatch.setattr(module, 'LONGEST_PAUSE_S', 0.01)
    monkeypatch.setattr(module, 'ANSWER_WITHIN_S', 60)
    monkeypatch.setattr(module, 'LATE_S', 3600)


async def is_announced_soon(announced: Awaitable[bool]) -> bool:
    """The answer to a caller that waits for a moment only; the others wait however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, 'ANSWER_WITHIN_S', 0.01)
        return await announced


def test_a_revision_is_announced_once_for_any_number_of_callers():
    async def scenario(the: Setting) -> None:
        revision = the.revision('r1', 'deploy')
        the.notifier.stored(None, revision)
        assert await asyncio.gather(*(the.notifier.announce(revision) for _ in range(5))) == [True] * 5
        assert await the.notifier.announce(revision) is True
        assert the.queue.messages() == [('r1', None)]
        assert the.ledger.marked == ['r1']

    run(scenario)


def test_a_silent_revision_is_not_announced():
    async def scenario(the: Setting) -> None:
        silent = the.revision('r1', None)
        the.notifier.stored(None, silent)
        assert await the.notifier.announce(silent) is True
        assert (the.queue.sent, the.ledger.marked) == ([], [])

    run(scenario)


def test_stored_revisions_are_announced_in_the_order_of_the_writes():
    async def scenario(the: Setting) -> None:
        the.queue.held = asyncio.Event()
        for n in range(3):
            the.notifier.stored(None, the.revision(f'r{n}', 'deploy'))
        the.queue.held.set()
        await the.notifier.idle()
        assert the.queue.messages() == [('r0', None), ('r1', None), ('r2', None)]

    run(scenario)


def test_a_queue_that_does_not_answer_holds_nobody_up():
    async def scenario(the: Setting) -> None:
        the.queue.held = asyncio.Event()
        revision = the.revision('r1', 'deploy')
        assert not await is_announced_soon(the.notifier.announce(revision))
        the.queue.held.set()
        await the.notifier.idle()
        assert the.queue.messages() == [('r1', None)]
        assert the.ledger.marked == ['r1']

    run(scenario)


def test_a_queue_that_refuses_is_tried_again_in_order():
    async def scenario(the: Setting) -> None:
        the.queue.down = True
        for n in range(3):
            revision = the.revision(f'r{n}', 'deploy')
            the.notifier.stored(None, revision)
            assert not await is_announced_soon(the.notifier.announce(revision))
        assert the.ledger.marked == []
        the.queue.down = False
        await the.notifier.idle()
        assert the.queue.messages() == [('r0', None), ('r1', None), ('r2', None)]
        assert await the.notifier.announce(the.revision('r3', 'deploy')) is True

    run(scenario)


def test_of_many_that_wait_the_newest_deploys_and_nothing_is_left_undestroyed():
    async def scenario(the: Setting) -> None:
        the.queue.down = True
        for n in range(WAITING_MOST + 5):
            the.notifier.stored(
                None,
                the.revision(f'r{n}', 'destroy', service=f's{n}') if n % 9 == 0 else the.revision(f'r{n}', 'deploy'),
            )
        assert not await is_announced_soon(the.notifier.announce(the.revision('last', 'deploy')))
        the.queue.down = False
        await the.notifier.idle()
        destroyed = [(f'r{n}', f's{n}') for n in range(WAITING_MOST + 5) if n % 9 == 0]
        assert [each for each in the.queue.messages() if each[1]] == destroyed
        assert len([each for each in the.queue.messages() if not each[1]]) <= 2
        assert the.queue.messages()[-1] == ('last', None)
        assert the.ledger.marked[-1] == 'last'

    run(scenario)


def test_what_another_process_left_unannounced_below_goes_first():
    async def scenario(the: Setting) -> None:
        lower, upper = the.revision('a', 'destroy', tags=0, service='x'), the.revision('b', 'deploy', tags=0)
        the.ledger.found = Walk(newest=upper, owed=[upper, lower])
        mine = the.revision('c', 'deploy')
        the.notifier.stored(upper, mine)
        assert await the.notifier.announce(mine) is True
        assert the.queue.messages() == [('a', 'x'), ('b', None), ('c', None)]
        assert the.ledger.marked == ['c']
        assert await the.notifier.announce(upper) is True
        assert len(the.queue.sent) == 3

    run(scenario)


def test_a_silent_revision_brings_up_what_was_left_unannounced_too():
    async def scenario(the: Setting) -> None:
        lower = the.revision('a', 'deploy', tags=0)
        the.ledger.found = Walk(newest=lower, owed=[lower])
        the.notifier.stored(lower, the.revision('b', None))
        await the.notifier.idle()
        assert the.queue.messages() == [('a', None)]

    run(scenario)


def test_nothing_is_marked_over_what_another_program_wrote_until_that_is_settled():
    async def scenario(the: Setting) -> None:
        the.notifier.stored(the.revision('foreign', tags=0), the.revision('a', 'deploy'))
        await the.notifier.idle()
        doubt = the.notifier.doubt('prod')
        assert (doubt, the.ledger.marked) == (1, [])
        the.notifier.settle('prod', doubt)
        await the.notifier.announce(the.revision('b', 'deploy'))
        assert the.ledger.marked == ['b']

    run(scenario)


def test_a_doubt_that_came_up_meanwhile_is_not_settled():
    async def scenario(the: Setting) -> None:
        foreign = the.revision('foreign', tags=0)
        the.notifier.stored(foreign, the.revision('a', 'deploy'))
        doubt = the.notifier.doubt('prod')
        the.notifier.stored(foreign, the.revision('b', 'deploy'))
        the.notifier.settle('prod', doubt)
        assert the.notifier.doubt('prod') == 2

    run(scenario)


def test_what_goes_wrong_with_one_does_not_hold_up_the_next(caplog: pytest.LogCaptureFixture):
    async def scenario(the: Setting) -> None:
        gone = the.revision('gone', 'deploy', tags=0)
        the.ledger.found = Walk(newest=gone, owed=[gone])
        the.versions.clear()
        mine = the.revision('a', 'deploy')
        the.notifier.stored(gone, mine)
        assert await the.notifier.announce(mine) is False
        await the.notifier.idle()
        assert not the.notifier.is_announcing(mine), 'a sweep may find it'
        assert await the.notifier.announce(the.revision('b', 'deploy')) is True

    run(scenario)
    assert 'could not be announced' in caplog.text


def test_what_waited_is_marked_though_it_was_asked_for_again():
    async def scenario(the: Setting) -> None:
        change = Change(Origin('jo', 'here'), AT, {'verb': 'deploy'})
        the.queue.down = True
        for revision in (the.revision('ours', 'deploy'), the.revision('foreign')):
            assert not await is_announced_soon(the.notifier.announce_again(revision, change))
        the.queue.down = False
        await the.notifier.idle()
        assert the.ledger.marked == ['ours'], 'revisions below a foreign write may be unannounced'

    run(scenario)


def test_an_announcement_again_is_no_duplicate():
    async def scenario(the: Setting) -> None:
        revision = the.revision('r1', 'deploy')
        await the.notifier.announce(revision)
        change = Change(Origin('jo', 'here'), AT, {'verb': 'deploy'})
        assert await the.notifier.announce_again(revision, change) is True
        assert await the.notifier.announce_again(revision, change) is True
        assert the.queue.messages() == [('r1', None)] * 3
        assert len(set(the.queue.ids)) == 3

    run(scenario)


def test_what_could_not_be_announced_is_too_large():
    async def scenario(the: Setting) -> None:
        the.notifier.fits('prod', b'{}', [])
        change = Change(Origin('jo', 'here'), AT, {'verb': 'replace'})
        the.notifier.fits('prod', b'{"x": "' + b'y' * 10_000 + b'"}', [change])
        the.accepted = 1024
        with pytest.raises(TooLarge, match='without the desired state'):
            the.notifier.fits('prod', b'{}', [change])

    run(scenario)


def test_closing_tries_again():
    async def whole() -> None:
        the = Setting()
        the.queue.down = True
        assert not await is_announced_soon(the.notifier.announce(the.revision('r1', 'deploy')))
        the.queue.down = False
        await the.notifier.close()
        assert the.queue.messages() == [('r1', None)]

    asyncio.run(whole())
