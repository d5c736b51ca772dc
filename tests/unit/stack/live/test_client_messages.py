"""Messages of clients: which are refused, and what the others mean."""

import json

import pytest

from stack.errors import InvalidRequest
from stack.live.client_messages import Ping, Subscribe, read_message


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
    message = '{"type": "subscribe", "clusters": ["*"], "known": {"a": "1"}, "more": 1}'
    assert read_message(message) == Subscribe(('*',), {'a': '1'})
