"""botocore's model of the ECS API: validation and JSON Schema of the pass-through (`ecs`).

The model is a data file of the pinned botocore: members, types, enumerations and limits of RegisterTaskDefinition,
CreateService and UpdateService. New members need only a newer botocore. botocore's own ParamValidator checks neither
enumerations nor upper limits, and reports no path, so the model is walked here.
"""

import gzip
import html
import importlib.resources
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from stack.stackfile.places import Path
from stack.stackfile.shapes import found, suggestion

API_VERSION = '2014-11-13'

# Members that fields always set, by place; the pass-through must not contain them.
SET_BY_FIELDS: Mapping[str, Mapping[str, str]] = {
    'task_definition': {
        'family': 'the names of cluster and service',
        'containerDefinitions': 'image and containers',
        'tags': 'tags and task_definition_tags',
    },
    'container': {'name': 'container_name', 'image': 'image', 'essential': 'essential'},
    'service': {
        'cluster': 'the name of the cluster',
        'serviceName': 'the name of the service',
        'taskDefinition': 'the other fields of the service',
        'desiredCount': 'desired_count',
        'launchType': 'launch_type',
        'schedulingStrategy': 'scheduling_strategy',
        'tags': 'tags',
        'clientToken': 'the scheduler',
    },
}

SHAPES = {
    'task_definition': 'RegisterTaskDefinitionRequest',
    'container': 'ContainerDefinition',
    'service': 'CreateServiceRequest',
}

_KINDS = {'string': 'text', 'boolean': 'true or false', 'list': 'a list', 'map': 'a mapping', 'structure': 'a mapping'}
_NUMBERS = {'integer': 'a whole number', 'long': 'a whole number', 'double': 'a number', 'float': 'a number'}
_WIDEST = {'integer': 2**31, 'long': 2**63}


@cache
def shapes() -> Mapping[str, Mapping[str, Any]]:
    """Every shape of the ECS API by name, as botocore's `service-2.json` has it."""
    file = importlib.resources.files('botocore') / 'data' / 'ecs' / API_VERSION / 'service-2.json.gz'
    found: Mapping[str, Mapping[str, Any]] = json.loads(gzip.decompress(file.read_bytes()))['shapes']
    return found


def mistakes(place: str, value: Any) -> Iterator[tuple[Path, str]]:
    """All mistakes of `value` as members at `place`: path below the place, and message."""
    shape = shapes()[SHAPES[place]]
    members = {k: v for k, v in shape['members'].items() if k not in SET_BY_FIELDS[place]}
    if not isinstance(value, dict):
        yield (), f'expected a mapping; found {found(value)}'
        return
    for name, part in value.items():
        if name in SET_BY_FIELDS[place]:
            yield (name,), f'is set by {SET_BY_FIELDS[place][name]}'
        elif name not in members:
            yield (name,), _unknown(name, members)
        else:
            yield from _mistakes(part, members[name]['shape'], (name,))


def _mistakes(value: Any, shape_name: str, path: Path) -> Iterator[tuple[Path, str]]:
    shape = shapes()[shape_name]
    kind = shape['type']
    if not _is_of(value, kind):
        yield path, f'expected {_KINDS.get(kind) or _NUMBERS.get(kind, kind)}; found {found(value)}'
    elif kind == 'structure':
        yield from _structure_mistakes(value, shape, path)
    elif kind == 'list':
        yield from _size_mistakes(len(value), shape, path, ' items')
        for i, item in enumerate(value):
            yield from _mistakes(item, shape['member']['shape'], (*path, i))
    elif kind == 'map':
        for name, part in value.items():
            yield from _mistakes(name, shape['key']['shape'], (*path, name))
            yield from _mistakes(part, shape['value']['shape'], (*path, name))
    else:
        yield from _scalar_mistakes(value, shape, path)


def _structure_mistakes(value: dict[str, Any], shape: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    if shape.get('document'):
        return
    for name in shape.get('required', ()):
        if name not in value:
            yield path, f'{name} is missing'
    if shape.get('union') and len(value) != 1:
        yield path, f'expected exactly one of {", ".join(shape["members"])}; found {len(value)}'
    for name, part in value.items():
        if name in shape['members']:
            yield from _mistakes(part, shape['members'][name]['shape'], (*path, name))
        else:
            yield (*path, name), _unknown(name, shape['members'])


def _scalar_mistakes(value: Any, shape: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    kind = shape['type']
    if 'enum' in shape and value not in shape['enum']:
        allowed = shape['enum']
        yield path, f'expected one of {", ".join(allowed)}; found {found(value)}{suggestion(value, allowed)}'
    elif kind in _WIDEST and not -_WIDEST[kind] <= value < _WIDEST[kind]:
        yield path, f'is beyond {32 if kind == "integer" else 64} bits'
    elif kind == 'string':
        yield from _size_mistakes(len(value), shape, path, ' characters')
        if 'pattern' in shape and not re.search(shape['pattern'], value):
            yield path, f'expected text that fits {shape["pattern"]}'
    elif kind in _NUMBERS:
        yield from _size_mistakes(value, shape, path, '')


def _size_mistakes(size: float, shape: Mapping[str, Any], path: Path, what: str) -> Iterator[tuple[Path, str]]:
    if 'min' in shape and size < shape['min']:
        yield path, f'expected at least {shape["min"]}{what}; found {size}'
    if 'max' in shape and size > shape['max']:
        yield path, f'expected at most {shape["max"]}{what}; found {size}'


def _is_of(value: Any, kind: str) -> bool:
    if kind in ('structure', 'map'):
        return isinstance(value, dict)
    if kind == 'list':
        return isinstance(value, list)
    if kind == 'string':
        return isinstance(value, str)
    if kind == 'boolean':
        return isinstance(value, bool)
    if kind in ('integer', 'long'):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unknown(name: Any, members: Mapping[str, Any]) -> str:
    return f'ECS knows no such member{suggestion(name, members) or ": expected " + ", ".join(sorted(members))}'


# JSON Schema


def definition_name(shape_name: str) -> str:
    """The key of a shape under `$defs`."""
    return f'ecs.{shape_name}'


def place_schema(place: str) -> dict[str, Any]:
    """The JSON Schema of the members at `place`, with references to `definitions`."""
    shape = shapes()[SHAPES[place]]
    properties = {
        name: _property(name, member) for name, member in shape['members'].items() if name not in SET_BY_FIELDS[place]
    }
    return {'type': 'object', 'properties': properties, 'additionalProperties': False}


@cache
def definitions() -> dict[str, Any]:
    """The JSON Schema of every shape that is reachable from the places."""
    result: dict[str, Any] = {}
    waiting = [
        member['shape']
        for place, root in SHAPES.items()
        for name, member in shapes()[root]['members'].items()
        if name not in SET_BY_FIELDS[place]
    ]
    while waiting:
        name = waiting.pop()
        if definition_name(name) not in result:
            result[definition_name(name)] = _schema(shapes()[name])
            waiting += _leads_to(shapes()[name])
    return dict(sorted(result.items()))


def _leads_to(shape: Mapping[str, Any]) -> list[str]:
    parts = [*shape.get('members', {}).values(), shape.get('member'), shape.get('key'), shape.get('value')]
    return [part['shape'] for part in parts if part]


def _reference(member: Mapping[str, Any]) -> dict[str, str]:
    return {'$ref': f'#/$defs/{definition_name(member["shape"])}'}


def _property(name: str, member: Mapping[str, Any]) -> dict[str, str]:
    """A member, described by the first sentence of AWS's documentation or else by its name in words."""
    text = html.unescape(re.sub(r'<[^>]+>|\s+', ' ', member.get('documentation', '')))
    sentence = re.split(r'(?<=\.)\s', ' '.join(text.split()), maxsplit=1)[0]
    words = re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower()
    return {**_reference(member), 'description': textwrap.shorten(sentence, 120, placeholder='…') or words}


def _schema(shape: Mapping[str, Any]) -> dict[str, Any]:
    kind = shape['type']
    if kind == 'structure':
        if shape.get('document'):
            return {'type': 'object'}
        result: dict[str, Any] = {
            'type': 'object',
            'properties': {name: _property(name, member) for name, member in shape['members'].items()},
            'additionalProperties': False,
        }
        return {**result, 'required': shape['required']} if shape.get('required') else result
    if kind == 'list':
        return {'type': 'array', 'items': _reference(shape['member']), **_limits(shape, 'minItems', 'maxItems')}
    if kind == 'map':
        return {'type': 'object', 'additionalProperties': _reference(shape['value'])}
    if kind == 'string':
        if 'enum' in shape:
            return {'enum': list(shape['enum'])}
        return {'type': 'string', **_limits(shape, 'minLength', 'maxLength')}
    if kind == 'boolean':
        return {'type': 'boolean'}
    number = 'integer' if kind in _WIDEST else 'number'
    return {'type': number, **_limits(shape, 'minimum', 'maximum')}


def _limits(shape: Mapping[str, Any], low: str, high: str) -> dict[str, Any]:
    limits = {low: shape.get('min'), high: shape.get('max')}
    return {key: value for key, value in limits.items() if value is not None}
