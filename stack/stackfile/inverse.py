"""Conversion of members that ECS describes to values of fields: the inverse of every function in `rendering.py`.

A function gets the described member, the entry of the field, and the `Source`. It returns the value for the stackfile,
or None where the field need not be stated. It may raise `KeyError`, `TypeError`, `ValueError` or `AttributeError` for a
member that it cannot express, which then goes into the pass-through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Source:
    """The context of an inverse, besides the member."""

    network_mode: str = ''
    region: str | None = None


Read = Callable[[Any, Any, Source], Any]


def as_it_is(value: Any, entry: Any, source: Source) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def flag(value: bool, entry: Any, source: Source) -> bool | None:
    return True if value else None


def lower(value: str, entry: Any, source: Source) -> str:
    return value.lower()


def enabled(value: str, entry: Any, source: Source) -> bool:
    return {'ENABLED': True, 'DISABLED': False}[value]


def number(value: str, entry: Any, source: Source) -> int:
    """A size, which ECS describes as text."""
    return int(value)


def positive(value: int, entry: Any, source: Source) -> int | None:
    """A size for which 0 equals absent in ECS."""
    return value or None


def mapping(value: Mapping[str, str], entry: Any, source: Source) -> dict[str, str]:
    return dict(value)


def nothing(value: Any, entry: Any, source: Source) -> None:
    """None: another field reads this target."""


def pairs(name: str, value: str) -> Read:
    """A list of two-key structures as a list of one-key mappings. ECS uses the last of a repeated name."""

    def read(listed: list[Mapping[str, str]], entry: Any, source: Source) -> list[dict[str, str]]:
        return [{key: held} for key, held in {item[name]: item[value] for item in listed}.items()]

    return read


def sysctls(listed: list[Mapping[str, str]], entry: Any, source: Source) -> dict[str, str]:
    if len({item['namespace'] for item in listed}) < len(listed):
        raise ValueError('a parameter is there twice')
    return {item['namespace']: item['value'] for item in listed}


def structure(value: Mapping[str, Any], entry: Any, source: Source) -> dict[str, Any]:
    """A structure as a mapping of the entries of the field's record."""
    return fields_of(value, entry.shape.entries, '', source)


def service_connect(value: Mapping[str, Any], entry: Any, source: Source) -> dict[str, Any]:
    """Service Connect, which a client alone turns on without stating more."""
    if not value.get('enabled'):
        raise ValueError('it is disabled')
    return structure(value, entry, source)


def structures(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[dict[str, Any]]:
    return [structure(item, entry, source) for item in listed]


def fields_of(value: Mapping[str, Any], entries: Any, place: str, source: Source) -> dict[str, Any]:
    """The fields for the members of a structure, without defaults."""
    found: dict[str, Any] = {}
    for entry in entries:
        for target in entry.ecs:
            if target.place != place or entry.name in found:
                continue
            member = member_of(value, target.key)
            if member in (None, [], {}, ''):
                continue
            try:
                read = target.read(member, entry, source)
            except UNREADABLE:
                continue
            if read is not None and read != entry.default:
                found[entry.name] = read
    return found


def member_of(value: Mapping[str, Any], dotted: str) -> Any:
    """The member at a dotted key; None where it is absent."""
    for name in dotted.split('.'):
        value = (value or {}).get(name)  # type: ignore[assignment]  # the last member has any type
    return value


def ulimits(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> dict[str, Any]:
    return {
        item['name']: item['softLimit']
        if item['softLimit'] == item['hardLimit']
        else {'soft': item['softLimit'], 'hard': item['hardLimit']}
        for item in listed
    }


def health_command(command: list[str], entry: Any, source: Source) -> str | list[str]:
    return command[1] if len(command) == 2 and command[0] == 'CMD-SHELL' else list(command)


def gpus(listed: list[Mapping[str, str]], entry: Any, source: Source) -> int:
    [only] = listed
    return int({'GPU': only['value']}[only['type']])


def port_mappings(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[Any]:
    return [_port(item, source) for item in listed]


def _port(mapping: Mapping[str, Any], source: Source) -> Any:
    protocol = mapping.get('protocol') or 'tcp'
    port = mapping.get('containerPort')
    bridge = source.network_mode not in ('awsvpc', 'host', 'none')
    host = mapping.get('hostPort') or (0 if bridge else port)
    plain = port and host and not any(mapping.get(key) for key in ('name', 'appProtocol', 'containerPortRange'))
    if plain:
        return f'{host}:{port}' + ('' if protocol == 'tcp' else f'/{protocol}')
    found = {
        'container': port,
        'host': host if bridge and host else None,
        'protocol': protocol if protocol != 'tcp' else None,
        'name': mapping.get('name'),
        'app_protocol': mapping.get('appProtocol'),
        'range': mapping.get('containerPortRange'),
    }
    return {name: value for name, value in found.items() if value}


def env_files(listed: list[Mapping[str, str]], entry: Any, source: Source) -> list[str]:
    return [{'s3': item['value']}[item['type']] for item in listed]


def mounts(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[Any]:
    return [_mount(item['sourceVolume'], item['containerPath'], bool(item.get('readOnly'))) for item in listed]


def _mount(name: str, path: str, read_only: bool) -> Any:
    if path.startswith('/') and not any(c.isspace() or c == ':' for c in path):
        return f'{name}:{path}' + (':ro' if read_only else '')
    return {'name': name, 'mount': path, **({'read_only': True} if read_only else {})}


def volumes_from(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[str]:
    return [item['sourceContainer'] + (':ro' if item.get('readOnly') else '') for item in listed]


def extra_hosts(listed: list[Mapping[str, str]], entry: Any, source: Source) -> list[str]:
    return [f'{item["hostname"]}:{item["ipAddress"]}' for item in listed]


def dependencies(listed: list[Mapping[str, str]], entry: Any, source: Source) -> dict[str, str]:
    return {item['containerName']: item['condition'].lower() for item in listed}


def part(name: str) -> Read:
    """One part of a mapping that several members render."""
    return lambda value, entry, source: {name: list(value)}


def log_configuration(value: Mapping[str, Any], entry: Any, source: Source) -> dict[str, Any]:
    """The value of `logging`, without the region where it is the cluster's own."""
    options = dict(value.get('options') or {})
    if value['logDriver'] == 'awslogs' and options.get('awslogs-region') == source.region:
        options.pop('awslogs-region', None)
    secrets = pairs('name', 'valueFrom')(value.get('secretOptions') or [], entry, source)
    return {
        'log_driver': value['logDriver'],
        **({'options': options} if options else {}),
        **({'secret_options': secrets} if secrets else {}),
    }


def volumes(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[Any]:
    """Volumes of the task, without their mounts."""
    kinds = {part.name: part for part in entry.shape.entries}
    return [_volume(item, kinds, source) for item in listed]


_VOLUME_KINDS = {
    'efs': 'efsVolumeConfiguration',
    'docker': 'dockerVolumeConfiguration',
    'fsx': 'fsxWindowsFileServerVolumeConfiguration',
    's3files': 's3filesVolumeConfiguration',
}


def _volume(volume: Mapping[str, Any], kinds: Mapping[str, Any], source: Source) -> dict[str, Any]:
    found: dict[str, Any] = {'name': volume['name']}
    if path := (volume.get('host') or {}).get('sourcePath'):
        found['host'] = path
    for kind, member in _VOLUME_KINDS.items():
        if volume.get(member):
            found[kind] = structure(volume[member], kinds[kind], source)
    return found


def providers(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[Any]:
    return [
        {item['capacityProvider']: {key: item[key] for key in ('weight', 'base') if item.get(key)}} for item in listed
    ]


def constraints(kind: str) -> Read:
    """Placement constraints of one type; a mixed list goes into the pass-through."""

    def read(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[Any]:
        if any(item['type'] != kind for item in listed):
            raise ValueError(kind)
        return structures(listed, entry, source)

    return read
