"""How a field's value becomes a part of what ECS is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from stack.stackfile import inverse
from stack.stackfile.restarts import LABEL

# The network modes in which ECS maps a port of the instance to one of the container.
BRIDGED = ('bridge', 'default')


@dataclass(frozen=True)
class Context:
    """What a value's rendering may depend on, besides the value."""

    cluster: str
    settings: Any
    region: str | None = None
    # The container that is rendered: the settings themselves for the main one.
    container: Any = None


@dataclass(frozen=True)
class Target:
    """Where in ECS's structures a value goes: `key` is ECS's name, dotted where it lies deeper.

    `place` is 'container' (the container definition), 'task' (the task definition), 'service' (CreateService), or
    '' for a key of the structure that the value's parent becomes. `render` gives None for nothing at all; `read` is its
    inverse (`stack.stackfile.inverse`).
    """

    place: str
    key: str
    render: Callable[[Any, Context], Any]
    read: inverse.Read = inverse.as_it_is


def _as_it_is(value: Any, context: Context) -> Any:
    return list(value) if isinstance(value, tuple) else value


def container(
    key: str, render: Callable[[Any, Context], Any] = _as_it_is, read: inverse.Read = inverse.as_it_is
) -> Target:
    return Target('container', key, render, read)


def task(key: str, render: Callable[[Any, Context], Any] = _as_it_is, read: inverse.Read = inverse.as_it_is) -> Target:
    return Target('task', key, render, read)


def service(
    key: str, render: Callable[[Any, Context], Any] = _as_it_is, read: inverse.Read = inverse.as_it_is
) -> Target:
    return Target('service', key, render, read)


def key(name: str, render: Callable[[Any, Context], Any] = _as_it_is, read: inverse.Read = inverse.as_it_is) -> Target:
    return Target('', name, render, read)


def place_of(value: Any, place: str, context: Context) -> dict[str, Any]:
    """What the fields of `value`, an instance of a class of the table, put at `place`."""
    result: dict[str, Any] = {}
    for name, target in _targets(value.__class__, place):
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
    elif isinstance(value, list) and isinstance(result.get(last), list):
        result[last] = result[last] + value
    else:
        result[last] = value


def structure(value: Any, context: Context) -> dict[str, Any]:
    """The fields of `value` under ECS's names."""
    return place_of(value, '', context)


def structures(values: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    return [structure(value, context) for value in values]


def pairs(name: str, value: str) -> Callable[[Mapping[str, str], Context], list[dict[str, str]]]:
    """A mapping as ECS writes one: a list of two-key structures."""
    return lambda values, _: [{name: k, value: v} for k, v in values.items()]


def named_structures(name: str) -> Callable[[Mapping[str, Any], Context], list[dict[str, Any]]]:
    """A mapping of names to structures as a list, each with its name under the key `name`."""
    return lambda values, context: [{name: each, **structure(value, context)} for each, value in values.items()]


def mapping(values: Mapping[str, str], context: Context) -> dict[str, str]:
    return dict(values)


def part(name: str) -> Callable[[Any, Context], Any]:
    """One field of a value, as it is."""
    return lambda value, context: _as_it_is(getattr(value, name), context)


def enabled(value: bool, context: Context) -> str:
    return 'ENABLED' if value else 'DISABLED'


def upper(value: str, context: Context) -> str:
    return value.upper()


def port_mappings(ports: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    """Each port once: in all network modes but `bridge`, a container port is its own host port.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
    """
    bridge = context.settings.task_network in BRIDGED
    rendered = [_port_mapping(port, bridge) for port in ports]
    return [each for i, each in enumerate(rendered) if each not in rendered[:i]]


def _port_mapping(port: Any, bridge: bool) -> dict[str, Any]:
    if port.range:
        ports: dict[str, Any] = {'containerPortRange': port.range}
    elif bridge:
        ports = {'containerPort': port.container, 'hostPort': port.host or 0}
    else:
        ports = {'containerPort': port.container, 'hostPort': port.container}
    names = {'name': port.name, 'appProtocol': port.app_protocol}
    return {**ports, 'protocol': port.protocol, **{key: value for key, value in names.items() if value}}


def volumes(volumes: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    """Each volume once, however often it is mounted."""
    return list({volume.name: _volume(volume, context) for volume in reversed(volumes)}.values())[::-1]


def _volume(volume: Any, context: Context) -> dict[str, Any]:
    kinds: Mapping[str, Callable[[], dict[str, Any]]] = {
        'host': lambda: {'host': {'sourcePath': volume.host}},
        'efs': lambda: {'efsVolumeConfiguration': structure(volume.efs, context)},
        'ebs': lambda: {'configuredAtLaunch': True},
        'docker': lambda: {'dockerVolumeConfiguration': structure(volume.docker, context)},
        'fsx': lambda: {'fsxWindowsFileServerVolumeConfiguration': structure(volume.fsx, context)},
        's3files': lambda: {'s3filesVolumeConfiguration': structure(volume.s3files, context)},
    }
    storage = kinds[volume.kinds[0]]() if volume.kinds else {}
    return {'name': volume.name, **storage}


def volume_mounts(volumes: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    return [{'sourceVolume': v.name, 'containerPath': v.mount, 'readOnly': v.read_only} for v in volumes if v.mount]


def launch_volumes(volumes: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    """The EBS volumes that the service has made with each task."""
    return [{'name': v.name, 'managedEBSVolume': structure(v.ebs, context)} for v in volumes if v.ebs]


def env_files(files: tuple[str, ...], context: Context) -> list[dict[str, str]]:
    return [{'value': file, 'type': 's3'} for file in files]


def extra_hosts(hosts: tuple[Any, ...], context: Context) -> list[dict[str, str]]:
    return [{'hostname': host.name, 'ipAddress': host.address} for host in hosts]


def dependencies(conditions: Mapping[str, str], context: Context) -> list[dict[str, str]]:
    return [{'containerName': name, 'condition': condition.upper()} for name, condition in conditions.items()]


def gpus(count: int, context: Context) -> list[dict[str, str]]:
    return [{'type': 'GPU', 'value': str(count)}]


def if_true(value: bool, context: Context) -> bool | None:
    return value or None


def restart(at: str, context: Context) -> dict[str, str]:
    return {LABEL: at}


def desired_count(count: int, context: Context) -> int | None:
    """ECS counts the tasks of a daemon by itself."""
    return None if context.settings.scheduling_strategy == 'DAEMON' else count


def container_size(value: int, context: Context) -> int | None:
    """CPU or memory of a container; on Fargate without `task`, those of a service are the size of its task."""
    settings = context.settings
    return None if settings is context.container and settings.on_fargate and settings.task is None else value


def task_size(value: int, context: Context) -> str | None:
    """CPU or memory of the task, which ECS takes as text, where it is that of the service."""
    return str(value) if context.settings.on_fargate and context.settings.task is None else None


def as_text(value: int, context: Context) -> str:
    return str(value)


def launch_type(value: str, context: Context) -> str | None:
    return None if context.settings.capacity_providers else value


def init_for_exec(value: bool, context: Context) -> bool | None:
    """ECS Exec needs an init process for what it leaves behind."""
    return True if value and context.settings.init is None else None


def providers(values: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    return [{'capacityProvider': each.name, **structure(each, context)} for each in values]


def log_configuration(logging: Any, context: Context) -> dict[str, Any] | None:
    if logging.log_driver is None:
        return None
    options = dict(logging.options)
    if logging.log_driver == 'awslogs' and context.region:
        options.setdefault('awslogs-region', context.region)
    secrets = pairs('name', 'valueFrom')(logging.secret_options, context)
    return {
        'logDriver': logging.log_driver,
        'options': options,
        **({'secretOptions': secrets} if secrets else {}),
    }


def constraints(kind: str) -> Callable[[tuple[Any, ...], Context], list[dict[str, Any]]]:
    """The placement constraints of one type; a task definition takes `memberOf` alone."""
    return lambda values, context: [structure(c, context) for c in values if c.type == kind]
