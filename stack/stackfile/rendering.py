"""How a field's value becomes a part of what ECS is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from stack.stackfile.restarts import LABEL


@dataclass(frozen=True)
class Context:
    """What a value's rendering may depend on, besides the value."""

    cluster: str
    settings: Any
    region: str | None = None


@dataclass(frozen=True)
class Target:
    """Where in ECS's structures a value goes: `key` is ECS's name, dotted where it lies deeper.

    `place` is 'container' (the container definition), 'task' (the task definition), 'service' (CreateService), or
    '' for a key of the structure that the value's parent becomes. `render` gives None for nothing at all.
    """

    place: str
    key: str
    render: Callable[[Any, Context], Any]


def _as_it_is(value: Any, context: Context) -> Any:
    return list(value) if isinstance(value, tuple) else value


def container(key: str, render: Callable[[Any, Context], Any] = _as_it_is) -> Target:
    return Target('container', key, render)


def task(key: str, render: Callable[[Any, Context], Any] = _as_it_is) -> Target:
    return Target('task', key, render)


def service(key: str, render: Callable[[Any, Context], Any] = _as_it_is) -> Target:
    return Target('service', key, render)


def key(name: str, render: Callable[[Any, Context], Any] = _as_it_is) -> Target:
    return Target('', name, render)


def place_of(value: Any, place: str, context: Context) -> dict[str, Any]:
    """What the fields of `value`, an instance of a class of the table, put at `place`."""
    result: dict[str, Any] = {}
    for name, target in _targets(type(value), place):
        content = getattr(value, name)
        rendered = None if content is None else target.render(content, context)
        if rendered is not None and rendered not in ([], {}, ''):
            _put(result, target.key, rendered)
    return result


@cache
def _targets(kind: type, place: str) -> tuple[tuple[str, Target], ...]:
    """The fields of a class of the table that put something at `place`, in the table's order."""
    targets = (
        (field.name, target) for field in fields(kind) for target in field.metadata.get('entry', {}).get('ecs', ())
    )
    return tuple((name, target) for name, target in targets if target.place == place)


def _put(result: dict[str, Any], dotted: str, value: Any) -> None:
    *above, last = dotted.split('.')
    for name in above:
        result = result.setdefault(name, {})
    if isinstance(value, dict) and isinstance(result.get(last), dict):
        result[last].update(value)
    else:
        result[last] = value


def structure(value: Any, context: Context) -> dict[str, Any]:
    """The fields of `value` under ECS's names."""
    return place_of(value, '', context)


def structures(values: tuple, context: Context) -> list[dict[str, Any]]:
    return [structure(value, context) for value in values]


def pairs(name: str, value: str) -> Callable[[Mapping[str, str], Context], list[dict[str, str]]]:
    """A mapping as ECS writes one: a list of two-key structures."""
    return lambda values, _: [{name: k, value: v} for k, v in values.items()]


def port_mappings(ports: tuple, context: Context) -> list[dict[str, Any]]:
    """Each port once: neither network mode that is used here maps one to another.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
    """
    exposed = dict.fromkeys((port.container, port.protocol) for port in ports)
    return [{'containerPort': number, 'hostPort': number, 'protocol': protocol} for number, protocol in exposed]


def host_volumes(volumes: tuple, context: Context) -> list[dict[str, Any]]:
    """Each volume once, however often it is mounted."""
    sources = {volume.name: volume.host for volume in volumes}
    return [{'name': name, 'host': {'sourcePath': source}} for name, source in sources.items()]


def mount_points(volumes: tuple, context: Context) -> list[dict[str, Any]]:
    return [{'sourceVolume': v.name, 'containerPath': v.container, 'readOnly': v.read_only} for v in volumes]


def gpus(count: int, context: Context) -> list[dict[str, str]]:
    return [{'type': 'GPU', 'value': str(count)}]


def if_true(value: bool, context: Context) -> bool | None:
    return value or None


def restart(at: str, context: Context) -> dict[str, str]:
    return {LABEL: at}


def desired_count(count: int, context: Context) -> int | None:
    """ECS counts the tasks of a daemon by itself."""
    return None if context.settings.scheduling_strategy == 'DAEMON' else count


def on_fargate(value: Any, context: Context) -> str | None:
    """CPU and memory of the whole task, which only Fargate needs, and takes as text."""
    return str(value) if context.settings.launch_type == 'FARGATE' else None


def compatibility(launch_type: str, context: Context) -> list[str] | None:
    """Absent on EC2, where it says nothing: definitions that were registered without it stay as they are."""
    return ['FARGATE'] if launch_type == 'FARGATE' else None


def log_configuration(logging: Any, context: Context) -> dict[str, Any] | None:
    if logging.log_driver is None:
        return None
    options = dict(logging.options)
    if logging.log_driver == 'awslogs' and context.region:
        options.setdefault('awslogs-region', context.region)
    return {'logDriver': logging.log_driver, 'options': options}


def constraints(kind: str) -> Callable[[tuple, Context], list[dict[str, Any]]]:
    """The placement constraints of one type; a task definition takes `memberOf` alone."""
    return lambda values, context: [structure(c, context) for c in values if c.type == kind]
