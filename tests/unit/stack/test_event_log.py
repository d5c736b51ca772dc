"""The newest `desired` events."""

from datetime import UTC, datetime

from stack.event_log import EventLog
from stack.events import Event


def event(revision: int, size: int = 0) -> Event:
    return Event('desired', 'prod', {'revision': str(revision), 'padding': 'x' * size}, at=datetime.now(UTC))


def filled(last: int, size: int = 0, **limits: int) -> EventLog:
    log = EventLog(**limits)
    for number in range(2, last + 1):
        log.add('prod', str(number - 1), str(number), event(number, size))
    return log


def revisions(log: EventLog, known: int, last: int) -> list[str] | None:
    found = log.since('prod', str(known), str(last))
    return found and [each.content['revision'] for each in found]


def test_nothing_is_remembered():
    assert EventLog().since('prod', '1', '2') is None


def test_from_one_revision_to_another():
    log = filled(9)
    assert revisions(log, 1, 9) == list('23456789')
    assert revisions(log, 7, 8) == ['8']
    assert revisions(log, 9, 9) is None
    assert revisions(log, 8, 3) is None
    assert log.since('staging', '1', '2') is None


def test_what_is_too_long_ago():
    log = filled(50, most_events=10)
    assert revisions(log, 39, 50) is None
    assert len(revisions(log, 40, 50)) == 10


def test_what_is_too_large():
    log = filled(50, size=1000, most_bytes=5000)
    assert revisions(log, 45, 50) is None
    assert revisions(log, 48, 50) == ['49', '50']
    assert revisions(filled(3, size=9000, most_bytes=5000), 2, 3) == ['3']


def test_a_gap_forgets_what_was_before_it():
    log = filled(5)
    log.add('prod', '7', '8', event(8))
    assert (revisions(log, 1, 5), revisions(log, 7, 8)) == (None, ['8'])
    log.forget('prod')
    assert revisions(log, 7, 8) is None
