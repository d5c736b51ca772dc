"""Answers of the embedded ECS against botocore's model: a member that the model lacks would be invisible to clients."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore import loaders
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html names it; the model's enumeration
# does not.
_KNOWN_GAPS = {'PRE_PRODUCTION_TRAFFIC_SHIFT'}
_KINDS: dict[str, Any] = {
    'string': str,
    'integer': int,
    'long': int,
    'double': (int, float),
    'boolean': bool,
    'timestamp': (int, float),
    'structure': dict,
    'list': list,
    'map': dict,
}


@cache
def _model() -> ServiceModel:
    return ServiceModel(loaders.Loader().load_service_model('ecs', 'service-2'))


def faults(action: str, answer: Any) -> list[str]:
    """What the model does not have: members, types and values, each with its path."""
    return list(_faults(_model().operation_model(action).output_shape, answer, action))


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, _KINDS[shape.type_name]) or (shape.type_name != 'boolean' and isinstance(value, bool)):
        yield f'{path}: {value!r} is no {shape.type_name}'
    elif isinstance(shape, StructureShape) and not getattr(shape, 'is_document_type', False):
        for name, item in value.items():
            if name in shape.members:
                yield from _faults(shape.members[name], item, f'{path}.{name}')
            else:
                yield f'{path}.{name} is unknown'
    elif isinstance(shape, ListShape):
        for item in value:
            yield from _faults(shape.member, item, f'{path}[]')
    elif isinstance(shape, StringShape) and shape.enum and value not in {*shape.enum, *_KNOWN_GAPS}:
        yield f'{path}: {value!r} is not in {shape.enum}'
