"""Rendering of field values to members of ECS structures."""

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
    """The context of a rendering, besides the value."""

    cluster: str
    settings: Any
    region: str | None = None
    # The container that is rendered; for the main container, the settings.
    container: Any = None


@dataclass(frozen=True)
class Target:
    """The place of a value in an ECS structure: `key` is ECS's name, dotted for a nested member.

    `place` is 'container' (the container definition), 'task' (the task definition), 'service' (CreateService), or
    '' for a key of the structure that the value's parent becomes. `render` returns None for no member; `read` is its
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
    """The members that the fields of `value`, an instance of a class of the table, render at `place`."""
    result: dict[str, Any] = {}
    for name, target in _targets(value.__class__, place):
        content = getattr(value, name)
        rendered = None if content is None else target.render(content, context)
        if rendered is not None and rendered not in ([], {}, ''):
            _put(result, target.key, rendered)
    return result


@cache
def _targets(kind: type, place: str) -> tuple[tuple[str, Target], ...]:
    """The fields of a class of the table with a target at `place`, in the table's order."""
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


def service_connect(value: Any, context: Context) -> dict[str, Any]:
    return {'enabled': True, **structure(value, context)}


def structures(values: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    return [structure(value, context) for value in values]


def pairs(name: str, value: str) -> Callable[[Mapping[str, str], Context], list[dict[str, str]]]:
    """A mapping in the format of ECS: a list of two-key structures."""
    return lambda values, _: [{name: k, value: v} for k, v in values.items()]


def named_structures(name: str) -> Callable[[Mapping[str, Any], Context], list[dict[str, Any]]]:
    """A mapping of names to structures as a list, each with its name under the key `name`."""
    return lambda values, context: [{name: key, **structure(value, context)} for key, value in values.items()]


def mapping(values: Mapping[str, str], context: Context) -> dict[str, str]:
    return dict(values)


def part(name: str) -> Callable[[Any, Context], Any]:
    """One field of a value, unchanged."""
    return lambda value, context: _as_it_is(getattr(value, name), context)


def enabled(value: bool, context: Context) -> str:
    return 'ENABLED' if value else 'DISABLED'


def upper(value: str, context: Context) -> str:
    return value.upper()


def port_mappings(ports: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    """Port mappings without repetition: except in network mode `bridge`, the host port is the container port.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
    """
    bridge = context.settings.task_network in BRIDGED
    rendered = [_port_mapping(port, bridge) for port in ports]
    return [mapping for i, mapping in enumerate(rendered) if mapping not in rendered[:i]]


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
    """Volumes without repetition: one may be mounted several times."""
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
    """The EBS volumes that ECS creates with every task."""
    return [{'name': v.name, 'managedEBSVolume': structure(v.ebs, context)} for v in volumes if v.ebs]


def env_files(files: tuple[str, ...], context: Context) -> list[dict[str, str]]:
    return [{'value': file, 'type': 's3'} for file in files]


def extra_hosts(hosts: tuple[Any, ...], context: Context) -> list[dict[str, str]]:
    return [{'hostname': host.name, 'ipAddress': host.address} for host in hosts]


def dependencies(needs: Any, context: Context) -> list[dict[str, str]]:
    return [{'containerName': name, 'condition': condition.upper()} for name, condition in needs.containers.items()]


def gpus(count: int, context: Context) -> list[dict[str, str]]:
    return [{'type': 'GPU', 'value': str(count)}]


def if_true(value: bool, context: Context) -> bool | None:
    return value or None


def restart(at: str, context: Context) -> dict[str, str]:
    return {LABEL: at}


def desired_count(count: int, context: Context) -> int | None:
    """The desired count; none for a daemon, whose tasks ECS counts."""
    return None if context.settings.scheduling_strategy == 'DAEMON' else count


def container_size(value: int, context: Context) -> int | None:
    """CPU or memory of a container; none where they are the size of a task on Fargate."""
    settings = context.settings
    return None if settings is context.container and settings.on_fargate and settings.task is None else value


def task_size(value: int, context: Context) -> str | None:
    """CPU or memory of a task on Fargate, as text, where `task` is absent."""
    return str(value) if context.settings.on_fargate and context.settings.task is None else None


def as_text(value: int, context: Context) -> str:
    return str(value)


def launch_type(value: str, context: Context) -> str | None:
    return None if context.settings.capacity_providers else value


def init_for_exec(value: bool, context: Context) -> bool | None:
    """An init process with ECS Exec, to reap its processes."""
    return True if value and context.settings.init is None else None


def providers(values: tuple[Any, ...], context: Context) -> list[dict[str, Any]]:
    return [{'capacityProvider': key.name, **structure(key, context)} for key in values]


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
    """The placement constraints of one type; a task definition accepts only `memberOf`."""
    return lambda values, context: [structure(c, context) for c in values if c.type == kind]
