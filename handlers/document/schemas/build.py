"""Builders for the JSON Schemas of the API, and example values."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

REVISION = 'AZq1x7dKu9TlVf0cYz3LhQ'
DIGEST = 'sha256:9b2a28eb4a7e6cbe9eba9f39bd2f7f5c9d0b2a1c7d8e6f5a4b3c2d1e0f9a8b7c'
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v1.4.2'


def text(help: str) -> Schema:
    return {'type': 'string', 'description': help}


def moment(help: str) -> Schema:
    return {'type': 'string', 'format': 'date-time', 'description': help}


def moment_or_null(help: str) -> Schema:
    return {'type': ['string', 'null'], 'format': 'date-time', 'description': help}


def number(help: str) -> Schema:
    return {'type': 'integer', 'minimum': 0, 'description': help}


def text_or_null(help: str) -> Schema:
    return {'type': ['string', 'null'], 'description': help}


# The cursor of a page.
NEXT = text_or_null('Give it as `after` for the next page; null on the last.')


def many(items: Schema, help: str) -> Schema:
    return {'type': 'array', 'items': items, 'description': help}


def ref(name: str) -> Schema:
    return {'$ref': f'#/components/schemas/{name}'}


def shape(
    help: str, required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *, example: Any = None
) -> Schema:
    """An object with these keys."""
    schema: Schema = {'type': 'object', 'description': help, 'properties': {**required, **(optional or {})}}
    if required:
        schema['required'] = list(required)
    return schema | ({'examples': [example]} if example is not None else {})


def page(help: str, content: Schema, *, example: Any) -> Schema:
    """A page of a listing that has nothing else."""
    return shape(help, {'content': content, 'next': NEXT}, example={'content': [example], 'next': None})
