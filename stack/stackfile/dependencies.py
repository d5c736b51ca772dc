"""The values of `depends_on`: containers of the same task, and for a service also other services."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voluptuous import Invalid

from stack.stackfile.places import Path
from stack.stackfile.shapes import Shape, checked, choice, mapping_of, readable, refused
from stack.stackfile.values import CONTAINER_NAME, SERVICE_NAME

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
CONDITION = choice('start', 'complete', 'success', 'healthy')

MOST_SERVICES = 100


@dataclass(frozen=True)
class Needs:
    """What a service or a container waits for.

    `services`: names of services whose rollouts come first. `containers`: containers of the task, each with the
    condition that it must have reached. `places`: the path below `depends_on` of each name of a service or container.
    """

    services: tuple[str, ...] = ()
    containers: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Path] = field(default_factory=dict, compare=False)


_CONDITIONS = mapping_of(CONTAINER_NAME, CONDITION)


def _of_containers(conditions: Mapping[str, str]) -> Needs:
    return Needs(containers=conditions, places={name: (name,) for name in conditions})


def _check_mapping(value: Any) -> Needs:
    return _of_containers(_CONDITIONS.check(value))


def _read_mapping(value: Any) -> Needs:
    return _of_containers(_CONDITIONS.read(value))


# The `depends_on` of a container.
OF_CONTAINER = Shape(_CONDITIONS.description, _check_mapping, _CONDITIONS.json, _read_mapping)

_DESCRIPTION = (
    'a list of services, in which a mapping names containers of the task with their conditions; or such a mapping alone'
)


def _item(index: int, value: Any) -> Needs:
    if isinstance(value, dict):
        conditions = _CONDITIONS.check(value)
        return Needs(containers=conditions, places={name: (index, name) for name in conditions})
    name = SERVICE_NAME.check(value)
    return Needs((name,), places={name: (index,)})


def _joined(parts: Iterable[Needs]) -> Needs:
    services: list[str] = []
    containers: dict[str, str] = {}
    places: dict[str, Path] = {}
    for part in parts:
        services += [name for name in part.services if name not in services]
        containers |= part.containers
        places = {**part.places, **places}
    return Needs(tuple(services), containers, places)


def _check(value: Any) -> Needs:
    if isinstance(value, dict):
        return _check_mapping(value)
    if not isinstance(value, list):
        raise refused(_DESCRIPTION, value)
    if len(value) > MOST_SERVICES:
        raise Invalid(f'expected at most {MOST_SERVICES} items, found {len(value)}')
    return _joined(checked(enumerate(value), _item))


def _read(value: Any) -> Needs:
    if isinstance(value, dict):
        return _read_mapping(value)
    if not isinstance(value, list):
        raise refused(_DESCRIPTION, value)
    return _joined(readable(enumerate(value), lambda item: _item(*item)))


# The `depends_on` of a service.
OF_SERVICE = Shape(
    _DESCRIPTION,
    _check,
    {
        'anyOf': [
            _CONDITIONS.json,
            {'type': 'array', 'items': {'anyOf': [SERVICE_NAME.json, _CONDITIONS.json]}, 'maxItems': MOST_SERVICES},
        ]
    },
    _read,
)
