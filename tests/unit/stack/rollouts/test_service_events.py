"""The packed event log of a service."""

import random
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


GROUP = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup'


def deployed(name, seed):
    """The events of a deployment, as `tests.bench._at_length` has them, with ids of their own."""
    chance = random.Random(f'{name} {seed}')
    ids = [f'{chance.getrandbits(128):032x}' for _ in range(4)]
    group = f'(target-group {GROUP}/{name}/{chance.getrandbits(64):016x})'
    texts = [
        'has reached a steady state.',
        f'(deployment ecs-svc/{chance.randrange(10**18, 10**19)}) deployment completed.',
        f'has stopped 2 running tasks: (task {ids[0]}) (task {ids[1]}).',
        f'deregistered 2 targets in {group}',
        f'registered 2 targets in {group}',
        f'has started 2 tasks: (task {ids[2]}) (task {ids[3]}).',
    ]
    lines = [f'(service {name}) {text}' for text in texts[:1] * 14 + texts[1:] + texts[:1]]
    return [
        ServiceEvent(START.replace(microsecond=7000) - timedelta(hours=6 * n), line) for n, line in enumerate(lines)
    ]


@pytest.mark.parametrize(
    'text',
    [
        'deployment ecs-svc/0123456789012345678 and ecs-svc/123 and ecs-svc/99999999999999999999',
        f'(task {"0f" * 16}) (task {"0f" * 16}) {"F0" * 16} {"0f" * 17} {"12" * 8} x{"12" * 8}',
        f'in ({GROUP}/web/{"ab" * 8}), not in {GROUP}/api/{"cd" * 8}.',
        'arn: arn:aws:',
        'unable to place a task because … §',
    ],
)
def test_values_come_out_as_they_were(text):
    lines = tuple(ServiceEvent(START, each) for each in (text, f'(service web) {text}', text))
    assert tuple(ServiceEvents('web', lines)) == lines


@pytest.mark.parametrize('times', [[0, 0.25, 3600], [0, -5], [0, 86400 * 200], [0.5, 0.000_001], []])
def test_times_come_out_as_they_were(times):
    lines = tuple(ServiceEvent(START.replace(microsecond=0) - timedelta(seconds=ago), 'x') for ago in times)
    assert tuple(ServiceEvents('web', lines)) == lines


def test_reserved_characters_are_left_out():
    log = ServiceEvents('web', [ServiceEvent(START, '\0a\1b\5c\n')])
    assert log[0].message == ' a b c\n'


def test_services_share_the_texts_of_deployments():
    logs = [ServiceEvents(name, deployed(name, seed)) for seed, name in enumerate(('web', 'api', 'web'))]
    assert len({id(log._texts) for log in logs}) == len({id(log._places) for log in logs}) == 1
    assert [tuple(log) for log in logs] == [tuple(deployed(name, n)) for n, name in enumerate(('web', 'api', 'web'))]
    assert logs[0] != logs[2]


def test_twenty_events_take_less_than_400_bytes_of_their_own():
    log = ServiceEvents('web', deployed('web', 1))
    assert len(log) == 20
    assert sys.getsizeof(log) + sys.getsizeof(log._own) < 400
