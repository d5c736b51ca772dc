"""The JSON Schema from which the page's types are made."""

import json
from collections.abc import Iterator
from typing import Any

from docs.wire import wire_schema
from handlers.document.schemas import component_schemas


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get('$ref'), str):
            yield value['$ref']
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_it_has_every_shape_and_its_references_stay_within_it():
    schema = wire_schema()
    assert schema['$defs'].keys() == component_schemas().keys()
    assert set(references(schema)) <= {f'#/$defs/{name}' for name in schema['$defs']}


def test_it_has_no_examples_and_no_fields_of_stackfiles():
    text = json.dumps(wire_schema())
    assert '"examples"' not in text
    assert 'deployment_circuit_breaker' not in text
