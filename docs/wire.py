"""The JSON Schema of everything that the server sends and accepts, for the page's types: `python -m docs.wire`."""

import json
from typing import Any

from handlers.document.schemas import component_schemas

_COMPONENTS = '#/components/schemas/'

# The page reads a stackfile as text or as plain data: its fields are in the JSON Schema of stackfiles.
_OPAQUE = {'Stackfile', 'ServiceSpec', 'JsonSchema', 'OpenApi'}


def wire_schema() -> dict[str, Any]:
    """One schema with every named shape below `$defs`."""
    shapes = {
        name: {'type': 'object', 'additionalProperties': True} if name in _OPAQUE else schema
        for name, schema in component_schemas().items()
    }
    return {'title': 'Wire', 'type': 'object', '$defs': _local(shapes)}


def _local(value: Any) -> Any:
    """The value with its references within one document, and without examples."""
    if isinstance(value, dict):
        return {key: _local(item) for key, item in value.items() if key != 'examples'}
    if isinstance(value, list):
        return [_local(item) for item in value]
    return value.replace(_COMPONENTS, '#/$defs/') if isinstance(value, str) else value


if __name__ == '__main__':
    print(json.dumps(wire_schema()))
