"""The numbered events of one cluster: what is kept of them, for whom, and for how long."""

from datetime import UTC, datetime
from typing import Any

from stack.live.event import Event
from stack.live.forms import Form
from stack.live.log import MOST_BYTES, MOST_EVENTS, NOTHING, Log, Position


def event(kind: str, services: tuple[str, ...] = (), **content: Any) -> Event:
    return Event(kind, 'prod', content, at=datetime.now(UTC), services=services)


def desired(number: int, size: int = 0) -> Event:
    return event('desired', previous=str(number - 1), revision=str(number), padding='x' * size)


def filled(last: int, size: int = 0, first: int = 2) -> Log:
    log = Log()
    for number in range(first, last + 1):
        log.add(desired(number, size))
    return log


def revisions(log: Log, known: int) -> list[str]:
    return [each.content['revision'] for each in log.replay(str(known))]


def kinds(log: Log, position: Position) -> list[str] | None:
    entries = log.after(position)
    return None if entries is None else [each.event.type for each in entries]


def test_nothing_was_published():
    log = Log()
    assert (log.end, kinds(log, NOTHING), revisions(log, 1)) == (NOTHING, [], [])


def test_each_kind_has_numbers_of_its_own_and_all_keep_their_order():
    log = Log()
    for each in (desired(2), event('rollout', ('web',)), event('frozen'), event('rollout', ('api',))):
        log.add(each)
    assert log.end == Position(2, 2)
    assert kinds(log, NOTHING) == ['desired', 'rollout', 'frozen', 'rollout']
    assert kinds(log, Position(1, 1)) == ['frozen', 'rollout']
    assert (log.moved_after(1), log.moved_after(0)) == ({'api'}, {'api', 'web'})
    assert log.moved_after(-1) is None


def test_events_that_were_handed_out_rest():
    log = filled(3)
    handed_out = log.end
    log.add(desired(4))
    kept = [entry.event for entry in log.after(NOTHING) or ()]
    for each in kept:
        each.frames[Form(), 0] = b'frame'
    log.handed_out(handed_out)
    assert [bool(each.frames) for each in kept] == [False, False, True]
    assert revisions(log, 2) == ['3', '4']


def test_states_that_were_handed_out_are_not_kept_for_those_that_are_behind():
    log = filled(3)
    log.add(event('rollout', ('web',)))
    log.handed_out(log.end)
    log.add(event('rollout', ('api',)))
    assert kinds(log, NOTHING) == ['desired', 'desired', 'rollout']
    log.add(event('cluster'))
    assert kinds(log, Position(2, 2)) == ['cluster']
    log.handed_out(log.end)
    assert kinds(log, Position(2, 2)) is None, 'it is owed the newest state'
    assert kinds(log, log.end) == []


def test_what_no_subscriber_was_there_for():
    log = Log()
    log.skip_rollout({'web'})
    assert (log.end, kinds(log, NOTHING), log.moved_after(0)) == (Position(0, 1), [], {'web'})
    log.skip_all()
    assert (log.end, kinds(log, NOTHING)) == (Position(1, 1), None)


def test_from_a_known_revision_to_the_newest():
    log = filled(9)
    assert revisions(log, 1) == list('23456789')
    assert revisions(log, 7) == ['8', '9']
    assert (revisions(log, 9), revisions(log, 0)) == ([], [])


def test_a_content_that_came_back_in_a_bucket_without_versions():
    log = Log()
    for before, after in (('a', 'b'), ('b', 'a'), ('a', 'c')):
        log.add(event('desired', previous=before, revision=after))
    assert [each.content['revision'] for each in log.replay('a')] == ['c']


def test_no_way_leads_over_a_deletion_or_what_was_left_out():
    for kind in ('deleted', 'cluster'):
        log = filled(5)
        log.add(event(kind))
        log.add(desired(8))
        assert (revisions(log, 4), revisions(log, 7)) == ([], ['8'])


def test_what_is_too_long_ago():
    log = filled(MOST_EVENTS + 11)
    assert revisions(log, 10) == []
    assert len(revisions(log, 11)) == MOST_EVENTS
    assert (kinds(log, Position(9, 0)), len(kinds(log, Position(10, 0)))) == (None, MOST_EVENTS)


def test_what_is_too_large():
    log = filled(10, size=MOST_BYTES // 4)
    assert (revisions(log, 6), len(revisions(log, 7))) == ([], 3)
    assert len(revisions(filled(3, size=2 * MOST_BYTES), 2)) == 1, 'the newest is kept, however large'


def test_the_history_is_remembered_as_far_as_the_log_does_not_know_it():
    log = filled(9, first=6)
    log.prepend([desired(number) for number in range(2, 8)], '9')
    assert revisions(log, 1) == list('23456789')
    log.prepend([desired(number) for number in range(20, 25)], '9')
    assert revisions(log, 1) == list('23456789'), 'a way that leads elsewhere'
    log.add(event('deleted'))
    assert revisions(log, 1) == []
    fresh = Log()
    fresh.prepend([desired(number) for number in range(2, 5)], '4')
    assert revisions(fresh, 1) == list('234')
    for number in range(5, 5 + MOST_EVENTS):
        fresh.add(desired(number))
    assert (revisions(fresh, 3), len(revisions(fresh, 4))) == ([], MOST_EVENTS), 'the oldest are dropped first'
