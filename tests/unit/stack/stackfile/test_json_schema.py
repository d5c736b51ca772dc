"""The JSON Schema: right in itself, and of one mind with the checks."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from voluptuous import Invalid

from stack.stackfile.entries import Entry, entries
from stack.stackfile.fields import Stackfile
from stack.stackfile.json_schema import json_schema
from stack.stackfile.schema import shape_mistakes
from tests.unit.stack.stackfile.examples import example, one_service
from tests.unit.stack.stackfile.test_schema import INNER, WRONG
from tests.unit.stack.stackfile.test_task_definition import FULL

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_it_is_a_json_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_every_field_is_described_and_every_example_fits():
    def look(schema: Any) -> None:
        if not isinstance(schema, dict):
            return
        for name, part in schema.get('properties', {}).items():
            assert part['description'], name
        for sample in schema.get('examples', ()):
            jsonschema.Draft202012Validator(schema).validate(sample)
        for key, part in schema.items():
            if key in ('properties', '$defs'):
                for inner in part.values():
                    look(inner)
            else:
                for inner in part if isinstance(part, list) else [part]:
                    look(inner)

    look(json_schema())


def test_defaults_and_requirements():
    service = json_schema()['properties']['services']['items']['additionalProperties']
    assert service['required'] == ['image']
    assert service['properties']['memory']['default'] == 1024
    assert service['properties']['desired_count']['default'] == 1
    assert service['properties']['elb']['anyOf'][0]['properties']['healthcheck']['properties']['path']['default'] == '/'
    assert set(json_schema()['properties']['defaults']['properties']) < set(service['properties'])
    assert 'required' not in json_schema()['properties']['defaults']


def test_the_example_is_taken():
    VALIDATOR.validate(example())
    VALIDATOR.validate({'services': [{'web': FULL}]})


def comparable(value: Any) -> bool:
    """Not 1.0, which JSON Schema takes for an integer, nor text that ends with a line, which Python's `$` lets pass."""
    return not (isinstance(value, float) and value.is_integer()) and '\\n' not in repr(value)


# Values that are wrong or right somewhere.
VALUES = [value for _, values in WRONG for value in values]
VALUES += [value for settings, _ in INNER for values in settings.values() for value in (*values, values)]
VALUES += [*FULL.values(), 0, 1, 80, 65535, 65536, 2**63 - 1, 2**63, 0.5, 'HTTP', 'x' * 256, 'a' * 3000, 'example.com']
VALUES = list(filter(comparable, VALUES))


def entries_within(known: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in known:
        yield entry
        yield from entries_within(entry.shape.entries)


def edges(schema: dict[str, Any]) -> Iterator[Any]:
    """Values at the limits of a schema."""
    yield from (schema[key] + step for key in ('minimum', 'maximum') if key in schema for step in (-1, 0, 1))
    for item in schema.get('enum', ()):
        yield from (item, item.lower(), item + 'x')
    if 'maxLength' in schema:
        yield from ('x' * schema['maxLength'], 'x' * (schema['maxLength'] + 1))
    if 'items' in schema:
        yield from ([edge] for edge in edges(schema['items']))


# What JSON Schema has no words for: repeated names in a list, the length of a part of a text, decimal places.
NOT_IN_JSON_SCHEMA = (
    'for the second time',
    'its name is longer than',
    'is no time zone of',
    'of the IANA database',
    'at most one decimal place',
)


def refusal(entry: Entry, value: Any) -> str | None:
    try:
        entry.shape.check(value)
    except Invalid as e:
        return str(e)
    return None


@pytest.mark.parametrize('entry', list(entries_within(entries(Stackfile))), ids=lambda entry: entry.name)
def test_schema_and_check_agree_on_each_field(entry: Entry):
    validator = jsonschema.Draft202012Validator({**entry.shape.json, '$defs': json_schema()['$defs']})
    for value in [*VALUES, *edges(entry.shape.json)]:
        refused = refusal(entry, value)
        if refused is None or not any(message in refused for message in NOT_IN_JSON_SCHEMA):
            assert validator.is_valid(value) == (refused is None), (value, refused)


def test_schema_and_check_agree_on_how_many():
    for count in (5000, 5001):
        document = {'services': [{f's{i}': {'image': 'a'}} for i in range(count)]}
        assert VALIDATOR.is_valid(document) == (not shape_mistakes(document)) == (count == 5000)
    for count in (10, 11):
        document = one_service(placement_constraints=[{'type': 'distinctInstance'}] * count)
        assert VALIDATOR.is_valid(document) == (not shape_mistakes(document)) == (count == 10)


ODD = st.sampled_from(VALUES)
ODD |= st.sampled_from([[], {}, 0, 80, '80:80', 'x', 'HTTP', 'public', True, '/x', 'memberOf', {'A': 1}, ['A=1']])


def leaves(data: Any, path: tuple = ()) -> list[tuple]:
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(leaf for key, part in parts for leaf in leaves(part, (*path, key)))]


def full() -> dict[str, Any]:
    document = example()
    document['services'].append({'web': json.loads(json.dumps(FULL))})
    return document


PATHS = [path for path in leaves(full()) if path]


@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(['put', 'drop', 'add']), ODD), max_size=3))
def test_schema_and_checks_agree(edits: list[tuple[tuple, str, Any]]):
    document: Any = full()
    for path, kind, value in edits:
        around = document
        try:
            for part in path[:-1]:
                around = around[part]
            if kind == 'put':
                around[path[-1]] = json.loads(json.dumps(value))
            elif kind == 'drop':
                del around[path[-1]]
            elif isinstance(around, dict):
                around['unknown'] = value
            elif isinstance(around, list):
                around.append(value)
        except (KeyError, IndexError, TypeError):
            continue  # an edit before has taken the place away
    mistakes = [p for p in shape_mistakes(document) if not any(message in p.message for message in NOT_IN_JSON_SCHEMA)]
    assert VALIDATOR.is_valid(document) == (not mistakes), mistakes
