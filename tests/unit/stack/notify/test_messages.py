"""The messages for schedulers, one by one."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.notify.messages import group_of, messages_about, messages_of
from stack.state import revisions
from stack.state.revisions import Change, Origin, Revision

AT = datetime(2030, 1, 31, 12, tzinfo=UTC)
HOOK = 'https://hooks.example/x'


def change(announce: str | None = 'deploy', by: str = 'maria', **did: Any) -> Change:
    return Change(Origin(by, 'here', 'because'), AT, {'verb': 'test', **did}, announce)


def revision(document: Any, *changes: Change, write: str = 'w1') -> Revision:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Revision('prod', '"e"', 'v1', body, AT, revisions.encode(write, changes))


def read(found) -> list[dict]:
    return [json.loads(each.body) for each in found]


def config(*names: str) -> dict:
    return {'services': [{name: {'image': 'a:1'}} for name in names]}


def test_all_that_deploys_is_one_message():
    (message,) = read(messages_of(revision(config('web'), change(), change(by='jo'), change(None)), HOOK))
    assert message == {
        'event_type': 'cluster-deploy',
        'callback_url': HOOK,
        'cluster': 'prod',
        'revision': 'v1',
        'requested_by': 'maria, jo',
        'requested_at': AT.isoformat(),
        'message': 'because',
        'payload': config('web'),
    }


def test_each_destruction_is_one_message():
    found = messages_of(
        revision(
            config('web'), change('destroy', service='a'), change(destroyed=['b', 'c']), change('destroy', service='d')
        ),
        None,
    )
    assert [(each['event_type'], each.get('service')) for each in read(found)] == [
        ('cluster-deploy', None),
        ('service-destroy', 'a'),
        ('service-destroy', 'b'),
        ('service-destroy', 'c'),
        ('service-destroy', 'd'),
    ]


@pytest.mark.parametrize('changes', [(), (change(None),), (change(None, destroyed=['b']),)])
def test_what_is_not_announced_says_nothing(changes):
    assert messages_of(revision(config('web'), *changes), None) == []


def test_a_service_that_is_there_is_not_destroyed():
    removal = change('destroy', service='web')
    assert messages_of(revision(config('web'), removal), None) == []
    assert messages_of(revision(config(), removal), None, wanted=revision(config('web'))) == []
    assert len(messages_of(revision(b'not json', removal), None)) == 1


def test_what_is_stored_is_what_is_sent_to_the_letter():
    (message,) = messages_of(revision(b'{"services":  [], "n": 1.0, "u": "\\ufffe"}\n \t', change()), None)
    assert '"payload": {"services":  [], "n": 1.0, "u": "\\ufffe"}' in message.body


def test_other_encodings_of_json_are_sent_as_text():
    (message,) = read(messages_about([change()], 'prod', 'v1', '{"services": ["ü"]}'.encode('utf-16'), None))
    assert message['payload'] == {'services': ['ü']}


def test_the_same_message_of_the_same_write_is_a_duplicate_and_no_other():
    changes = (change(), change('destroy', service='a'), change('destroy', service='b'))
    first, again = (messages_of(revision(config(), *changes), None) for _ in range(2))
    other = messages_of(revision(config(), *changes, write='w2'), None)
    ids = [each.deduplication_id for each in first]
    assert ids == [each.deduplication_id for each in again]
    assert len({*ids, *(each.deduplication_id for each in other)}) == 6
    assert all(len(id) <= 128 for id in ids)


def test_a_group_has_a_name_that_sqs_takes():
    assert group_of('prod') == 'prod'
    assert len(group_of('x' * 255)) <= 128
    assert group_of('x' * 255) != group_of('x' * 254)


def test_what_is_larger_than_the_queue_accepts_has_no_payload():
    (message,) = messages_of(revision(config('web'), change()), HOOK)
    assert message.within(len(message.body.encode())) == message.body
    hint = json.loads(message.within(len(message.body.encode()) - 1))
    assert hint == json.loads(message.body) | {'payload': None}


def test_a_destruction_has_no_shorter_form():
    (message,) = messages_of(revision(config('web'), change('destroy', service='a')), None)
    assert message.within(10) == message.body
