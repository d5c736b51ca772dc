"""Task definitions: what a service's settings come to, and when two of them are the same."""

import json
from collections.abc import Mapping
from typing import Any

from stack.stackfile.fields import ServiceSettings
from stack.stackfile.naming import family
from stack.stackfile.rendering import Context, place_of

CLUSTER_TAG = 'nysa:cluster'
SERVICE_TAG = 'nysa:service'

# What ECS writes into a task definition that was registered, and what describes the revision rather than the task:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
_ADDED_BY_ECS = {
    'taskDefinitionArn',
    'revision',
    'status',
    'requiresAttributes',
    'compatibilities',
    'registeredAt',
    'registeredBy',
    'deregisteredAt',
    'deleteRequestedAt',
    'tags',
}

# What ECS takes an absent value for, by the place in the task definition. Empty lists, mappings and texts, and null,
# are the same as absent everywhere. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
_DEFAULTS: dict[tuple[str, ...], dict[str, Any]] = {
    (): {
        'networkMode': 'bridge',
        'requiresCompatibilities': ['EC2'],
        'runtimePlatform': {},
        'enableFaultInjection': False,
    },
    ('runtimePlatform',): {'cpuArchitecture': 'X86_64', 'operatingSystemFamily': 'LINUX'},
    ('containerDefinitions',): {
        'cpu': 0,
        'essential': True,
        'privileged': False,
        'readonlyRootFilesystem': False,
        'interactive': False,
        'pseudoTerminal': False,
        'disableNetworking': False,
        'versionConsistency': 'enabled',
    },
    ('containerDefinitions', 'portMappings'): {'protocol': 'tcp', 'hostPort': 0},
    ('containerDefinitions', 'mountPoints'): {'readOnly': False},
    ('containerDefinitions', 'volumesFrom'): {'readOnly': False},
    ('containerDefinitions', 'healthCheck'): {'interval': 30, 'timeout': 5, 'retries': 3, 'startPeriod': 0},
}

# Lists whose order means nothing.
_SETS = {
    ('requiresCompatibilities',),
    ('placementConstraints',),
    ('volumes',),
    ('containerDefinitions', 'environment'),
    ('containerDefinitions', 'environmentFiles'),
    ('containerDefinitions', 'secrets'),
    ('containerDefinitions', 'portMappings'),
    ('containerDefinitions', 'mountPoints'),
    ('containerDefinitions', 'volumesFrom'),
    ('containerDefinitions', 'resourceRequirements'),
    ('containerDefinitions', 'ulimits'),
    ('containerDefinitions', 'systemControls'),
    ('containerDefinitions', 'logConfiguration', 'secretOptions'),
}

# ECS takes the name of a role, and answers with its ARN; within an account the name says as much.
_ROLES = ('taskRoleArn', 'executionRoleArn')

# The network modes in which a container's port is the host's: an absent or zero host port means the same one.
_SAME_PORT = ('awsvpc', 'host')


def register_arguments(cluster: str, settings: ServiceSettings, region: str | None = None) -> dict[str, Any]:
    """What RegisterTaskDefinition is told for one service of a cluster.

    `region` is where the cluster is: `awslogs` gets it where the stackfile names no other.
    """
    context = Context(cluster, settings, region)
    container = {'name': settings.name, 'essential': True, **place_of(settings, 'container', context)}
    return {
        'family': family(cluster, settings.name),
        'networkMode': settings.network_mode,
        **place_of(settings, 'task', context),
        'containerDefinitions': [container],
        'tags': [{'key': CLUSTER_TAG, 'value': cluster}, {'key': SERVICE_TAG, 'value': settings.name}],
    }


def normalised(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition, registered or to be, so that two that mean the same are equal.

    What ECS adds by itself is gone, its defaults are filled in, and what is a set is sorted; everything else stays,
    known here or not, so that a change made by other hands shows.
    """
    own = {key: value for key, value in definition.items() if key not in _ADDED_BY_ECS}
    own |= {key: own[key].rpartition('/')[2] for key in _ROLES if isinstance(own.get(key), str)}
    result = _normalised(own, ())
    if result['networkMode'] in _SAME_PORT:
        for container in result.get('containerDefinitions', ()):
            for port in container.get('portMappings', ()):
                port['hostPort'] = port['hostPort'] or port.get('containerPort')
    return result


def _normalised(value: Any, place: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        filled = {**_DEFAULTS.get(place, {}), **{k: v for k, v in value.items() if v is not None}}
        parts = {k: _normalised(v, (*place, k)) for k, v in filled.items()}
        return {k: v for k, v in sorted(parts.items()) if v not in ({}, [], '')}
    if isinstance(value, list | tuple):
        items = [_normalised(item, place) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if place in _SETS else items
    return value
