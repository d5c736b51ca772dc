"""The JSON Schema: right in itself, and of one mind with the checks."""

import json
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from stack.stackfile.json_schema import json_schema
from stack.stackfile.schema import shape_mistakes
from tests.unit.stack.stackfile.examples import example
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
        for example in schema.get('examples', ()):
            jsonschema.Draft202012Validator(schema).validate(example)
        for part in schema.values():
            for inner in part if isinstance(part, list) else [part]:
                look(inner)
        for part in schema.get('properties', {}).values():
            look(part)

    look(json_schema())


def test_defaults_and_requirements():
    service = json_schema()['properties']['services']['items']['additionalProperties']
    assert service['required'] == ['image']
    assert service['properties']['memory']['default'] == 1024
    assert service['properties']['desired_count']['default'] == 1
    assert service['properties']['elb']['properties']['healthcheck']['properties']['path']['default'] == '/'
    assert set(json_schema()['properties']['defaults']['properties']) < set(service['properties'])
    assert 'required' not in json_schema()['properties']['defaults']


def test_the_example_is_taken():
    VALIDATOR.validate(example())
    VALIDATOR.validate({'services': [{'web': FULL}]})


# Values that are wrong somewhere, and values that are right somewhere. 1.0 is left out: an integer to JSON Schema,
# which knows no other numbers, but not to us; so are second names in one list, of which JSON Schema cannot speak.
VALUES = [value for _, values in WRONG for value in values if value != 1.0 or value is True or type(value) is int]
ITEMS = [value for settings, _ in INNER for values in settings.values() for value in values]
ODD = st.sampled_from([v for v in VALUES + ITEMS if not (isinstance(v, float) and v.is_integer())])
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
            else:
                around.append(value)
        except (KeyError, IndexError, TypeError):
            continue  # an edit before has taken the place away
    mistakes = [problem for problem in shape_mistakes(document) if 'for the second time' not in problem.message]
    assert VALIDATOR.is_valid(document) == (not mistakes), mistakes
