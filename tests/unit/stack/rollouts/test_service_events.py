"""The packed event log of a service."""

import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from stack.rollouts.service_events import ServiceEvent, ServiceEvents

START = datetime(2026, 3, 1, 12, 30, 5, 123_457, tzinfo=UTC)
TEXTS = [
    '(service web) has reached a steady state.',
    '(service web) has started 1 tasks: (task 1f).',
    '(service web) has reached a steady state.',
    'service web was changed by hand',
    '(service web-2) is another one.',
    '(service web)',
    '',
]
EVENTS = tuple(ServiceEvent(START - timedelta(hours=n), text) for n, text in enumerate(TEXTS))


def test_what_is_packed_comes_out():
    log = ServiceEvents('web', EVENTS)
    assert tuple(log) == EVENTS
    assert len(log) == len(EVENTS)
    assert [log[n] for n in range(len(EVENTS))] == list(EVENTS)
    assert (log[-1], log[:2], log[2:], log[::-1]) == (EVENTS[-1], EVENTS[:2], EVENTS[2:], EVENTS[::-1])
    assert EVENTS[3] in log


def test_an_empty_log():
    log = ServiceEvents('web', ())
    assert (tuple(log), len(log), log[:5]) == ((), 0, ())
    with pytest.raises(IndexError):
        log[0]


def test_logs_with_the_same_events_are_equal():
    elsewhere = timezone(timedelta(hours=9))
    moved = [ServiceEvent(each.at.astimezone(elsewhere), each.message) for each in EVENTS]
    assert ServiceEvents('web', moved) == ServiceEvents('web', EVENTS)
    assert hash(ServiceEvents('web', moved)) == hash(ServiceEvents('web', EVENTS))
    assert ServiceEvents('web', EVENTS) != ServiceEvents('web', EVENTS[1:])
    later = ServiceEvent(EVENTS[0].at + timedelta(microseconds=1), EVENTS[0].message)
    assert ServiceEvents('web', EVENTS) != ServiceEvents('web', [later, *EVENTS[1:]])


def test_services_share_what_their_events_report():
    logs = [
        ServiceEvents(name, [ServiceEvent(at, f'(service {name}) has reached a steady state.') for at, _ in times])
        for name, times in (('web', [(START, 0)] * 20), ('api', [(START + timedelta(days=1), 0)] * 20))
    ]
    assert logs[0]._texts is logs[1]._texts
    assert logs[0]._places is logs[1]._places


def test_twenty_events_take_less_than_300_bytes_of_their_own():
    log = ServiceEvents('web', [EVENTS[0]] * 20)
    assert sys.getsizeof(log) + sys.getsizeof(log._times) < 300
