import json

import pytest

from stack.scheduler.hints import Hint, Unreadable, read_message

OLD_DEPLOY = {
    'event_type': 'cluster-deploy',
    'callback_url': 'https://hooks.example.com/x',
    'cluster': 'staging',
    'payload': {'services': []},
}
OLD_DESTROY = {'event_type': 'service-destroy', 'callback_url': None, 'cluster': 'staging', 'service': 'web'}


@pytest.mark.parametrize(
    ('body', 'why'),
    [
        ('', 'not JSON'),
        ('{', 'not JSON'),
        ('[' * 100_000, 'not JSON'),
        ('[]', 'not a JSON object'),
        ('"cluster-deploy"', 'not a JSON object'),
        ('{}', 'no event_type'),
        ('{"event_type": 5}', 'event_type is not a text'),
        ('{"event_type": "cluster-deploy"}', 'no cluster'),
        ('{"event_type": "cluster-deploy", "cluster": null}', 'cluster is not a text'),
        ('{"event_type": "cluster-deploy", "cluster": ""}', 'cluster is not a text'),
        ('{"event_type": "service-destroy", "cluster": "staging"}', 'no service'),
        ('{"event_type": "service-destroy", "cluster": "staging", "service": ["web"]}', 'service is not a text'),
    ],
)
def test_says_why_a_message_cannot_be_read(body: str, why: str):
    with pytest.raises(Unreadable, match=why):
        read_message(body)


@pytest.mark.parametrize(
    ('message', 'hint'),
    [
        (OLD_DEPLOY, Hint('staging', callback_url='https://hooks.example.com/x')),
        (OLD_DESTROY, Hint('staging', destroy='web')),
        (
            OLD_DEPLOY | {'revision': 'r', 'requested_by': 'ann', 'requested_at': 'now', 'message': 'Faster'},
            Hint('staging', callback_url='https://hooks.example.com/x', by='ann', why='Faster', revision='r'),
        ),
        (OLD_DEPLOY | {'callback_url': 5, 'message': None}, Hint('staging')),
        (OLD_DESTROY | {'payload': {}}, Hint('staging', destroy='web')),
    ],
)
def test_reads_messages_of_old_and_new_servers(message: dict, hint: Hint):
    assert read_message(json.dumps(message)) == hint


def test_names_an_event_that_is_not_known_here():
    assert read_message('{"event_type": "cluster-dance", "cluster": 5}') == 'cluster-dance'
