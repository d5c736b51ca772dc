"""The normal form of task definitions and services: two that mean the same to ECS are equal in it."""

import json
from collections.abc import Mapping
from typing import Any

from stack.stackfile import aws_defaults
from stack.stackfile.aws_defaults import Place

Defaults = Mapping[Place, Mapping[str, Any]]

# ECS takes the name of a role and answers with its ARN; within an account the name identifies the role.
_ROLES = ('taskRoleArn', 'executionRoleArn')

# The network modes in which a container's port is the host's: an absent or zero host port means the same one.
_SAME_PORT = ('awsvpc', 'host')

# Mappings whose keys belong to the user, by the name of the member that holds them: nothing in them has a default.
_USER_KEYS = ('options', 'dockerLabels', 'driverOpts', 'labels', 'hookDetails')


def normalised(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition, registered or to be registered, in its normal form.

    What ECS adds is gone, its defaults are filled in, and what is a set is sorted; everything else stays, known here or
    not, so that a change by another program shows.
    """
    own = {key: value for key, value in definition.items() if key not in aws_defaults.ADDED_BY_ECS}
    own |= {key: own[key].rpartition('/')[2] for key in _ROLES if isinstance(own.get(key), str)}
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
    """Members of CreateService, sent or described, in their normal form; `deploymentController` and counts aside."""
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
    """A structure with its defaults; what is empty is left out, and lists without an order are sorted."""
    if isinstance(value, Mapping):
        whole = {**({} if place and place[-1] in _USER_KEYS else defaults.get(place, {})), **_stated(value)}
        parts = {k: filled(v, defaults, sets, (*place, k)) for k, v in whole.items()}
        return {k: v for k, v in sorted(parts.items()) if v not in ({}, [], '')}
    if isinstance(value, list | tuple):
        items = [filled(item, defaults, sets, place) for item in value]
        return _sorted(items) if place in sets else items
    return value


def _stated(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in value.items() if part is not None}


def _service_connect(configuration: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is switched off equals absent; the discovery name of a service is by default that of its port."""
    if not configuration.get('enabled'):
        return None
    services = [
        {**each, 'discoveryName': each.get('discoveryName') or each.get('portName')}
        for each in configuration.get('services') or ()
    ]
    return {**configuration, 'services': services}


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
    """On Fargate, the size of a single container that repeats that of the task means nothing."""
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
