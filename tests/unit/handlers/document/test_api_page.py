"""The page's view of the document: nothing unescaped, commands that a shell takes, shapes line by line."""

import html
import json
import re
import shlex

import pytest

from handlers.document import api_page
from tests import conformance

BASE = 'http://127.0.0.1:8888'


def calls() -> list[api_page.Call]:
    return [call for section in api_page.sections(conformance.api(), BASE) for call in section.calls]


def plain(marked: str) -> str:
    return html.unescape(re.sub(r'<[^>]+>', '', marked))


def test_every_operation_is_shown_once():
    shown = [call.id for call in calls()]
    operations = [each['operationId'] for verbs in conformance.api()['paths'].values() for each in verbs.values()]
    assert sorted(shown) == sorted(operations)


@pytest.mark.parametrize('call', calls(), ids=lambda call: call.id)
def test_the_command_calls_what_it_stands_beside(call: api_page.Call):
    words = shlex.split(plain(call.curl).replace('\\\n', ''))
    assert words[0] == 'curl'
    assert ('-X' in words) == (call.verb != 'get')
    address = next(word for word in words if word.startswith('http'))
    assert conformance.operation_at(call.verb, address.removeprefix(BASE))['operationId'] == call.id
    if call.body:
        conformance.validator(call.body).validate(json.loads(words[words.index('-d') + 1]))


@pytest.mark.parametrize('text', ['<script>alert(1)</script>', '`<b>`', '"><img src=x>'])
def test_text_from_the_document_is_escaped(text: str):
    for made in (
        api_page.prose(text),
        api_page.highlighted(json.dumps({text: text})),
        api_page.kind({'enum': [text]}),
        api_page.kind({'const': text}),
    ):
        assert not re.search(r'<(?!/?(span|code)\b)', made), made


def test_code_and_paragraphs_are_marked():
    assert api_page.prose('Use `a` & b.\n\nThen c.') == 'Use <code>a</code> &amp; b.<p>Then c.'


def test_parts_of_json_are_marked():
    marked = api_page.highlighted('{"a": "b", "c": -1.5, "d": null}')
    assert re.findall(r'class="(\w+)">([^<]+)', marked) == [
        ('key', '&quot;a&quot;'),
        ('text', '&quot;b&quot;'),
        ('key', '&quot;c&quot;'),
        ('word', '-1.5'),
        ('key', '&quot;d&quot;'),
        ('word', 'null'),
    ]


def test_a_shape_is_shown_line_by_line_with_what_lies_within():
    inner = {'type': 'object', 'properties': {'b': {'type': 'integer', 'minimum': 1, 'maximum': 5}}, 'required': ['b']}
    shape = {
        'properties': {
            'a': {'type': 'array', 'items': inner},
            'c': {'type': 'object', 'additionalProperties': inner},
            'd': {'type': ['string', 'null'], 'description': 'D.', 'default': 'x'},
            'e': {'anyOf': [{'type': 'string'}, {'type': 'array', 'items': {'type': 'string'}}, {'type': 'string'}]},
        }
    }
    found = [(line.depth, line.name, line.kind, line.required, line.help) for line in api_page.lines(shape)]
    assert found == [
        (0, 'a', 'list of object', False, ''),
        (1, 'b', 'integer, 1 … 5', True, ''),
        (0, 'c', 'object', False, ''),
        (1, '<name>', 'object', False, 'Under a name of your own.'),
        (2, 'b', 'integer, 1 … 5', True, ''),
        (0, 'd', 'text or null', False, 'D. Default: <code>&quot;x&quot;</code>.'),
        (0, 'e', 'text or list of text', False, ''),
    ]


def test_a_long_shape_is_shown_in_one_place_only():
    assert not api_page.inline(conformance.api(), 'Stackfile')
    assert api_page.inline(conformance.api(), 'ServiceChange')
