"""Messages that clients send: what is read, and what is refused."""

import json
from datetime import UTC, datetime

import pytest

from stack.errors import InvalidRequest
from stack.live.client_messages import EARLIEST, Ping, Subscribe, Tail, Untail, read_message
from stack.live.forms import Detail
from stack.telemetry.tail_topic import TailTopic


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
        '{"type": "subscribe", "clusters": ["\\ud800"]}',
        json.dumps({'type': 'subscribe', 'clusters': ['x'] * 10_001}),
        json.dumps({'type': 'subscribe', 'clusters': ['x*'] * 101}),
        '{"type": "subscribe", "clusters": ["*"], "known": []}',
        '{"type": "subscribe", "clusters": ["*"], "known": {"prod": 1}}',
        '{"type": "subscribe", "clusters": ["*"], "known": null}',
        '{"type": "subscribe", "clusters": ["*"], "detail": "all"}',
        '{"type": "subscribe", "clusters": ["*"], "detail": ["summary"]}',
        '{"type": "subscribe", "clusters": ["*"], "since": "yesterday"}',
        '{"type": "subscribe", "clusters": ["*"], "since": "2030-01-01T00:00:00"}',
        '{"type": "subscribe", "clusters": ["*"], "since": 1}',
        '{"type": "subscribe", "clusters": ["*"], "batches": "yes"}',
        '{"type": "subscribe", "clusters": ["*"], "batches": null}',
        '{"type": "tail"}',
        '{"type": "tail", "cluster": "prod"}',
        '{"type": "tail", "cluster": "prod", "service": 1}',
        '{"type": "tail", "cluster": "prod", "service": "web", "filter": ["x"]}',
        json.dumps({'type': 'tail', 'cluster': 'prod', 'service': 'web', 'filter': 'x' * 1025}),
    ],
)
def test_messages_that_are_refused(text):
    with pytest.raises(InvalidRequest):
        read_message(text)


def test_messages_that_are_read():
    assert read_message('{"type": "ping"}') == Ping()
    assert read_message('{"type": "subscribe", "clusters": ["a", "a", "b*"]}') == Subscribe(('a', 'b*'), {})
    message = '{"type": "subscribe", "clusters": ["*"], "known": {"a": "1"}, "more": 1}'
    assert read_message(message) == Subscribe(('*',), {'a': '1'})
    message = '{"type": "subscribe", "clusters": ["*"], "batches": true}'
    assert read_message(message) == Subscribe(('*',), {}, batches=True)


@pytest.mark.parametrize(
    ('given', 'since'),
    [
        (None, None),
        ('2030-01-01T02:00:00.5+02:00', datetime(2030, 1, 1, 0, 0, 0, 500_000, UTC)),
        ('0001-01-01T00:00:00+00:00', EARLIEST),
    ],
)
def test_a_subscription_may_state_since_when_it_missed_something(given: str | None, since: datetime | None):
    read = read_message(json.dumps({'type': 'subscribe', 'clusters': ['*'], 'since': given}))
    assert isinstance(read, Subscribe)
    assert read.since == since


@pytest.mark.parametrize(
    ('given', 'detail'),
    [({}, Detail.ALL), ({'detail': 'services'}, Detail.SERVICES), ({'detail': 'summary'}, Detail.SUMMARY)],
)
def test_a_subscription_may_name_its_detail(given: dict[str, str], detail: Detail):
    message = read_message(json.dumps({'type': 'subscribe', 'clusters': ['*'], **given}))
    assert message.detail is detail


def test_a_tail_names_a_service_and_may_narrow_it():
    everything = {'type': 'tail', 'cluster': 'prod', 'service': 'web'}
    assert read_message(json.dumps(everything)) == Tail(TailTopic('prod', 'web'))
    narrowed = everything | {'task': 't1', 'container': 'proxy', 'filter': 'GET /'}
    assert read_message(json.dumps(narrowed)) == Tail(TailTopic('prod', 'web', 't1', 'proxy', 'GET /'))
    assert read_message(json.dumps(everything | {'task': None})) == Tail(TailTopic('prod', 'web'))
    assert read_message('{"type": "untail"}') == Untail()
