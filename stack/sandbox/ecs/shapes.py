"""Validation of requests against botocore's model of ECS: types, required members and enumerations.

Members that the model does not have are ignored, as ECS does.
"""

from functools import cache
from typing import Any

from botocore import loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from stack.sandbox.ecs.errors import EcsError, invalid

_PYTHON: dict[str, tuple[type, ...]] = {
    'string': (str,),
    'integer': (int,),
    'long': (int,),
    'boolean': (bool,),
    'double': (int, float),
    'float': (int, float),
    'timestamp': (int, float, str),
    'blob': (str,),
    'structure': (dict,),
    'map': (dict,),
    'list': (list,),
}


@cache
def _service() -> ServiceModel:
    return ServiceModel(loaders.Loader().load_service_model('ecs', 'service-2'))


def known(action: str) -> bool:
    """Whether ECS has such an action, ours or not."""
    return action in _service().operation_names


def checked(action: str, params: Any) -> dict[str, Any]:
    """The request without its nulls, which count as absent.

    Raises SerializationException for a wrong type, InvalidParameterException for what is missing or not allowed.
    """
    request: dict[str, Any] = _without_nulls(params)
    _check(_service().operation_model(action).input_shape, request, '')
    return request


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _check(shape: Shape, value: Any, path: str) -> None:
    allowed = _PYTHON[shape.type_name]
    fits = isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))
    if not fits:
        raise EcsError('SerializationException', f'{path or "The request"} must be of type {shape.type_name}.')
    if isinstance(shape, StructureShape):
        _check_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value):
            _check(shape.member, item, f'{path}[{number}]')
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            _check(shape.value, item, f'{path}.{key}')
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
            f'Member must satisfy enum value set: [{", ".join(shape.enum)}]'
        )


def _check_structure(shape: StructureShape, value: dict[str, Any], path: str) -> None:
    for name in shape.required_members:
        if name not in value:
            raise invalid(f'{f"{path}.{name}".lstrip(".")} can not be blank.')
    for name, member in shape.members.items():
        if name in value:
            _check(member, value[name], f'{path}.{name}'.lstrip('.'))
