"""Events: encoded once in each form, and without secrets for viewers."""

import json
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
    event.text(values=False, detail=Detail.SUMMARY)
    event.frames[Form(), 0] = b'frame'
    event.rest()
    assert [*event.encoded] == [(True, Detail.ALL)]
    assert not event.frames


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
