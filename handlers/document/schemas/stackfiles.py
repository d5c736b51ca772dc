"""Stackfiles by themselves."""

import json

from handlers.document.schemas.build import Schema, many, ref, shape, text
from handlers.document.schemas.clusters import EXAMPLE_STACKFILE
from stack.stackfile.json_schema import json_schema

SCHEMAS: dict[str, Schema] = {
    'JsonSchema': {'type': 'object', 'description': 'A JSON Schema (2020-12).'},
    'Report': shape(
        'A stackfile without a mistake.',
        {
            'valid': {'const': True},
            'message': text('For a person.'),
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
        },
        example={'valid': True, 'message': 'no mistakes', 'warnings': []},
    ),
}


def _within(schema: Schema) -> Schema:
    """The schema with its references as they are inside the OpenAPI document."""
    within: Schema = json.loads(json.dumps(schema).replace('"#/$defs/', '"#/components/schemas/Stackfile/$defs/'))
    return within


def stackfile_schema() -> Schema:
    """The shape of a stackfile, as a part of another document."""
    schema = {key: value for key, value in _within(json_schema()).items() if key != '$schema'}
    return schema | {'examples': [EXAMPLE_STACKFILE]}
