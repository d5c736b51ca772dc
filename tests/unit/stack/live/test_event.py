"""Events: encoded once in each form, and without secrets for viewers."""

import gc
import json
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from stack.live.event import Event
from stack.live.forms import Detail, Form

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


def test_an_event_is_encoded_once():
    event = Event('desired', 'prod', {'revision': 'é'}, at=AT)
    expected = {'type': 'desired', 'cluster': 'prod', 'at': '2026-03-01T10:00:00.123+00:00', 'revision': 'é'}
    assert json.loads(event.text(values=True)) == expected
    assert event.text(values=True) is event.text(values=False)


def test_a_merged_event_states_the_number():
    event = Event('rollout', 'prod', {'percent': 3}, at=AT.astimezone(UTC))
    assert json.loads(event.text(values=True, merged=7))['merged'] == 7
    assert 'merged' not in json.loads(event.text(values=True))


@pytest.mark.parametrize('detail', list(Detail))
@pytest.mark.parametrize('values', [True, False])
def test_an_event_that_rests_has_the_same_texts(values: bool, detail: Detail):
    changes = [{'service': 'web', 'action': 'update', 'path': 'environment.LEVEL', 'before': 'é', 'after': 1.5}]
    content = {'revision': '2', 'previous': '1', 'message': 'x --token hunter2', 'changes': changes, 'none': None}
    awake, resting = (Event('desired', 'prod', content, at=AT) for _ in range(2))
    resting.rest()
    assert resting.text(values, detail=detail) == awake.text(values, detail=detail)
    assert resting.content == awake.content
    assert (resting.previous, resting.revision) == ('1', '2')


def test_an_event_that_rests_keeps_its_text_alone():
    event = Event('frozen', 'prod', {'message': '--token hunter2'}, at=AT)
    event.rest()
    at_rest = gc.get_referents(event)
    text = event.text(values=False, detail=Detail.SUMMARY)
    event.frames[Form(), 0] = b'frame'
    event.rest()
    assert gc.get_referents(event) == at_rest
    assert not event.frames
    assert event.text(values=False, detail=Detail.SUMMARY) == text


def test_an_event_at_rest_takes_less_than_350_bytes():
    origin = {'by': 'kim', 'message': None, 'source': 'api'}
    edit = {'path': 'image', 'before': 'team/web:4711', 'after': 'team/web:4712'}
    content = {
        'revision': 'xGzqR0mYQ0bZ6d2YfJ5sP1cWn8uTtLkA',
        'changed_at': '2026-03-01T10:00:00.123456+00:00',
        **origin,
        'last_change': {'revision': 'xGzqR0mYQ0bZ6d2YfJ5sP1cWn8uTtLkA', **origin},
        'previous': 'b7Vn2KpX9sQwE4rTzU6iOa1sDfGhJkLy',
        'deploys': True,
        'summary': 'web: image 4711 → 4712',
        'did': [{'verb': 'set', 'service': 'web', 'image_tag': '4712'}],
        'unreadable': None,
        'changes': [{'service': 'web', 'action': 'update', 'changes': [edit]}],
    }
    event = Event('desired', 'prod', content, at=AT)
    text = event.text(values=True)
    event.rest()
    # Names of clusters and revisions are objects that others have as well.
    own = [each for each in gc.get_referents(event) if isinstance(each, bytes | dict)]
    assert sys.getsizeof(event) + sum(map(sys.getsizeof, own)) < 350 < len(text) / 1.5
    assert event.text(values=True) == text


def test_viewers_get_no_secret():
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
