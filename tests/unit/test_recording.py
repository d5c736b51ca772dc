"""The recorded answers of tests/pictures fit the API as it is."""

import json
from itertools import groupby

import pytest
from jsonschema import ValidationError

from tests.conformance import declared_response, operation_at, validator
from tests.pictures.recording import DOCUMENT, Recording, key_of

RECORDING = Recording.load()


def faults(schema: str, body: str) -> list[str]:
    """Where a recorded body has something that the API does not; it may lack what was added since."""
    errors = validator(schema).iter_errors(json.loads(body))
    return [f'{error.json_path}: {error.message[:300]}' for error in errors if not only_lacks(error)]


def only_lacks(error: ValidationError) -> bool:
    """Whether a property is missing, or is in one of the alternatives of which none fits for that reason alone."""
    if not error.context:
        return error.validator == 'required'
    branches = groupby(error.context, lambda each: each.schema_path[0])
    return any(all(only_lacks(each) for each in branch) for _, branch in branches)


@pytest.mark.parametrize('key', [key for key in RECORDING.answers if key != DOCUMENT])
def test_a_recorded_answer_fits_the_document(key):
    method, path = key.split(' ', 1)
    recorded = RECORDING.answers[key]
    operation = operation_at(method, path)
    assert operation, 'the API has it no more'
    response = declared_response(operation, recorded.status, key)
    if recorded.headers['content-type'].startswith('application/json'):
        schema = response['content']['application/json']['schema']['$ref'].rpartition('/')[2]
        assert faults(schema, recorded.body) == []


@pytest.mark.parametrize('number', range(len(RECORDING.messages)))
def test_a_recorded_message_fits_the_document(number):
    assert faults('LiveEvent', RECORDING.messages[number]) == []


def test_the_recorded_messages_are_a_whole_snapshot():
    messages = [json.loads(message) for message in RECORDING.messages]
    kinds = [each['type'] for message in messages for each in message.get('messages', [message])]
    assert kinds[0] == 'hello'
    assert kinds[-1] == 'synced'
    assert kinds.count('cluster') > 1


def test_requests_are_found_whatever_the_order_of_their_query():
    url = 'http://127.0.0.1:1/api/v1/activity'
    assert key_of('GET', f'{url}?b=2&a=x%20y') == key_of('GET', f'{url}?a=x+y&b=2') == 'GET /api/v1/activity?a=x+y&b=2'
    assert key_of('GET', url) == 'GET /api/v1/activity'
