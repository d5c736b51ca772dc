"""Messages of the live channel: what is refused, what is concealed, what a pattern matches."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from stack.errors import InvalidRequest
from stack.runtime.events import Event, Ping, Subscribe, matcher, read_message

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    'text',
    [
        b'{"type": "ping"}',
        '',
        'hello',
        '[]',
        '"ping"',
        '{}',
        '[' * 100_000,
        '{"type": "unsubscribe"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "clusters": []}',
        '{"type": "subscribe", "clusters": "prod"}',
        '{"type": "subscribe", "clusters": [""]}',
        '{"type": "subscribe", "clusters": [1]}',
        json.dumps({'type': 'subscribe', 'clusters': ['x'] * 10_001}),
        json.dumps({'type': 'subscribe', 'clusters': ['x*'] * 101}),
        '{"type": "subscribe", "clusters": ["*"], "known": []}',
        '{"type": "subscribe", "clusters": ["*"], "known": {"prod": 1}}',
        '{"type": "subscribe", "clusters": ["*"], "known": null}',
    ],
)
def test_messages_that_are_refused(text):
    with pytest.raises(InvalidRequest):
        read_message(text)


def test_messages_that_are_read():
    assert read_message('{"type": "ping"}') == Ping()
    assert read_message('{"type": "subscribe", "clusters": ["a", "a", "b*"]}') == Subscribe(('a', 'b*'), {})
    told = '{"type": "subscribe", "clusters": ["*"], "known": {"a": "1"}, "more": 1}'
    assert read_message(told) == Subscribe(('*',), {'a': '1'})


@pytest.mark.parametrize(
    ('patterns', 'name', 'matches'),
    [
        (['prod'], 'prod', True),
        (['prod'], 'prod-eu', False),
        (['prod'], 'eu-prod', False),
        (['prod*'], 'prod-eu', True),
        (['*'], 'anything', True),
        (['a', '*-eu'], 'prod-eu', True),
        (['pr.d'], 'prod', False),
        (['[a-z]*'], 'prod', False),
        ([], 'prod', False),
        ([], '', False),
        (['a*a'], 'a', False),
        (['a*a'], 'aa', True),
        (['*a*b*'], 'xaxbx', True),
        (['*a*b*'], 'xbxax', False),
        (['*b*b'], 'ab', False),
        (['**'], '', True),
        (['*' + 'a*' * 100 + 'b'], 'a' * 255, False),
    ],
)
def test_patterns(patterns, name, matches):
    assert matcher(patterns)(name) is matches


def test_an_event_is_encoded_once():
    event = Event('desired', 'prod', {'revision': 'é'}, at=AT)
    expected = {'type': 'desired', 'cluster': 'prod', 'at': '2026-03-01T10:00:00.123+00:00', 'revision': 'é'}
    assert json.loads(event.text(values=True)) == expected
    assert event.text(values=True) is event.text(values=False)


def test_a_merged_event_says_so():
    event = Event('rollout', 'prod', {'percent': 3}, at=AT.astimezone(UTC))
    assert json.loads(event.text(values=True, merged=7))['merged'] == 7
    assert 'merged' not in json.loads(event.text(values=True))


def test_those_who_may_only_look_get_no_secret():
    changes = [
        {'path': 'image', 'before': 'web:1', 'after': 'web:2'},
        {'path': 'environment.LEVEL', 'before': 'a', 'after': 'b'},
    ]
    content = {'message': 'use --token hunter2', 'changes': changes}
    event = Event('desired', 'prod', content, at=AT)
    shown = json.loads(event.text(values=False))
    assert shown['changes'] == [changes[0], {'path': 'environment.LEVEL', 'concealed': True}]
    assert 'hunter2' not in shown['message']
    assert json.loads(event.text(values=True))['changes'] == changes
    assert json.loads(event.text(values=True))['message'] == content['message']
