"""Normal form of task definitions and services: two with the same meaning to ECS are equal in it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from stack.stackfile import aws_defaults
from stack.stackfile.aws_defaults import Place

Defaults = Mapping[Place, Mapping[str, Any]]

# ECS accepts the name of a role and returns its ARN; within an account the name identifies the role.
_ROLES = ('taskRoleArn', 'executionRoleArn')

# The network modes in which a container's port is the host's: an absent or zero host port means the same one.
_SAME_PORT = ('awsvpc', 'host')

# Members that are mappings with keys of the user: nothing in them has a default.
_USER_KEYS = ('options', 'dockerLabels', 'driverOpts', 'labels', 'hookDetails')


def normalised(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A registered or wanted task definition in normal form.

    Members that ECS adds are removed, defaults are filled in, and unordered lists are sorted. Unknown members stay, so
    that a change by another program is visible.
    """
    own = {key: value for key, value in definition.items() if key not in aws_defaults.ADDED_BY_ECS}
    own |= {key: own[key].rpartition('/')[2] for key in _ROLES if isinstance(own.get(key), str)}
    own |= {key: _units(own[key]) for key in ('cpu', 'memory') if isinstance(own.get(key), str)}
    _fill_conditional(own)
    result: dict[str, Any] = filled(own, aws_defaults.TASK_DEFINITION, aws_defaults.TASK_DEFINITION_SETS)
    for container in result.get('containerDefinitions', ()):
        for port in container.get('portMappings', ()):
            _fill_port(port, result.get('networkMode', ''))
        if isinstance(container.get('portMappings'), list):
            container['portMappings'] = _sorted(container['portMappings'])
    _drop_repeated_size(result)
    return result


def normalised_service(members: Mapping[str, Any]) -> dict[str, Any]:
    """Sent or described members of CreateService in normal form, without `deploymentController` and counts."""
    own = {**members, 'deploymentConfiguration': dict(members.get('deploymentConfiguration') or {})}
    if own.get('schedulingStrategy') == 'DAEMON':
        own['deploymentConfiguration'] = {**aws_defaults.DAEMON, **_stated(own['deploymentConfiguration'])}
    connect = own.get('serviceConnectConfiguration')
    if isinstance(connect, Mapping):
        own['serviceConnectConfiguration'] = _service_connect(connect)
    if own.get('platformVersion') == 'LATEST':
        own.pop('platformVersion')
    result: dict[str, Any] = filled(own, aws_defaults.SERVICE, aws_defaults.SERVICE_SETS)
    return result


def filled(value: Any, defaults: Defaults, sets: frozenset[Place], place: Place = ()) -> Any:
    """A structure with its defaults, without empty members, and with unordered lists sorted."""
    if isinstance(value, Mapping):
        whole = {**({} if place and place[-1] in _USER_KEYS else defaults.get(place, {})), **_stated(value)}
        parts = {k: filled(v, defaults, sets, (*place, k)) for k, v in whole.items()}
        found = {k: v for k, v in sorted(parts.items()) if v not in ({}, [], '')}
        return {} if place in aws_defaults.NEUTRAL and found == defaults.get(place) else found
    if isinstance(value, list | tuple):
        items = [filled(item, defaults, sets, place) for item in value]
        return _sorted(items) if place in sets else items
    return value


def _stated(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in value.items() if part is not None}


def _service_connect(configuration: Mapping[str, Any]) -> dict[str, Any] | None:
    """Service Connect with its defaults: disabled equals absent, and a discovery name defaults to the port's name."""
    if not configuration.get('enabled'):
        return None
    services = [
        {**service, 'discoveryName': service.get('discoveryName') or service.get('portName')}
        for service in configuration.get('services') or ()
    ]
    return {**configuration, 'services': services}


def _units(size: str) -> str:
    """A task size in CPU units or MiB: ECS accepts `1 vCPU` and `2 GB` as well, and returns 1024 and 2048.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    match = re.fullmatch(r'\s*(\d+(?:\.\d+)?|\.\d+)\s*(vCPU|GB)?\s*', size, re.IGNORECASE)
    return str(int(float(match[1]) * (1024 if match[2] else 1))) if match else size


def _fill_conditional(own: dict[str, Any]) -> None:
    """Defaults that depend on another member."""
    windows = str((own.get('runtimePlatform') or {}).get('operatingSystemFamily') or '').startswith('WINDOWS')
    if not own.get('networkMode'):
        own['networkMode'] = 'default' if windows else 'bridge'
    if not own.get('requiresCompatibilities'):
        own['requiresCompatibilities'] = ['EC2']
    own.setdefault('runtimePlatform', {})


def _fill_port(port: dict[str, Any], network_mode: str) -> None:
    if 'containerPort' in port:
        same = port['containerPort'] if network_mode in _SAME_PORT else 0
        port['hostPort'] = port.get('hostPort') or same


def _drop_repeated_size(definition: dict[str, Any]) -> None:
    """Remove the size of a single container on Fargate where it repeats the size of the task."""
    containers = definition.get('containerDefinitions') or []
    if 'FARGATE' not in definition.get('requiresCompatibilities', ()) or len(containers) != 1:
        return
    [container] = containers
    if str(container.get('memory')) == definition.get('memory'):
        container.pop('memory')
    if str(container.get('cpu')) == definition.get('cpu'):
        container['cpu'] = 0


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
