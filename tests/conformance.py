"""Validation of answers against the OpenAPI document: the test server checks every answer that it gives.

Stricter than the document: clients must bear further keys, but what the server sends must be documented.
"""

import copy
import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from handlers.document.openapi import document
from handlers.routes import ROUTES
from nysa_server import VERSION
from tests.client import Answer

# Statuses that any address can answer, and that none declares.
ANYWHERE = {405}


def hold_against_document(method: str, path: str, answer: Answer) -> None:
    """Fail where an answer of the API violates the document."""
    operation = operation_at(method, path)
    if operation is None:
        if path.startswith('/api/v1') and answer.status != 204:
            check_shape('Error', answer)
        return
    assert answer.headers['X-Request-Id']
    response = declared_response(operation, answer.status, f'{method} {path}')
    if 'ETag' in response.get('headers', {}) and answer.status < 400:
        assert re.fullmatch(r'"[^"]+"', answer.headers['ETag'])
    content = response.get('content', {})
    media = answer.headers.get('Content-Type', '').partition(';')[0]
    if not content or not answer.body:
        return
    assert media in content, f'{method} {path} answers {media}, not {list(content)}'
    if media.endswith('json'):
        check_shape(content[media]['schema']['$ref'].rpartition('/')[2], answer)


def operation_at(method: str, path: str) -> dict[str, Any] | None:
    """The document's operation for a verb and an address, or None."""
    for pattern, verbs in addresses():
        if pattern.fullmatch(path.partition('?')[0]):
            verb = 'get' if method == 'HEAD' else method.lower()
            return verbs.get(verb)
    return None


def declared_response(operation: dict[str, Any], status: int, called: str) -> dict[str, Any]:
    responses = operation['responses']
    assert str(status) in responses or status in ANYWHERE, f'{called}: {status} is not among {sorted(responses)}'
    found = responses.get(str(status), responses['default'])
    return components()['responses'][found['$ref'].rpartition('/')[2]] if '$ref' in found else found


def check_shape(name: str, answer: Answer) -> None:
    faults = [f'{fault.json_path}: {fault.message[:300]}' for fault in validator(name).iter_errors(answer.json)]
    assert not faults, f'{name} in handlers/document/schemas.py differs: {faults} in {answer.body[:500]}'


@cache
def api() -> dict[str, Any]:
    return json.loads(json.dumps(document(ROUTES, VERSION)))


def components() -> dict[str, Any]:
    return api()['components']


@cache
def addresses() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [(re.compile(re.sub(r'\{\w+\}', '[^/]+', path)), verbs) for path, verbs in api()['paths'].items()]


@cache
def validator(name: str) -> Draft202012Validator:
    """Validate a value against a named shape without additional keys."""
    schemas = {each: closed(schema) for each, schema in components()['schemas'].items()}
    whole = {'$ref': f'#/components/schemas/{name}', 'components': {'schemas': schemas}}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return copy.copy(schema)
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(made.get('properties'), dict):
        made.setdefault('additionalProperties', False)
    return made
