"""Defaults of ECS and unordered lists: the one table for both sides of a comparison.

Empty lists, mappings and strings, and null, equal absent everywhere. Sources: AWS's API reference of the structures
named below, and responses of real clusters, which contain defaults that were not sent.
"""

from collections.abc import Mapping
from typing import Any

Place = tuple[str, ...]

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html and the pages of its parts.
TASK_DEFINITION: Mapping[Place, Mapping[str, Any]] = {
    (): {'enableFaultInjection': False},
    ('runtimePlatform',): {'cpuArchitecture': 'X86_64', 'operatingSystemFamily': 'LINUX'},
    ('volumes',): {'configuredAtLaunch': False},
    ('volumes', 'efsVolumeConfiguration'): {'rootDirectory': '/', 'transitEncryption': 'DISABLED'},
    ('volumes', 'efsVolumeConfiguration', 'authorizationConfig'): {'iam': 'DISABLED'},
    ('volumes', 'dockerVolumeConfiguration'): {'autoprovision': False, 'scope': 'task', 'driver': 'local'},
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
    ('containerDefinitions', 'portMappings'): {'protocol': 'tcp'},
    ('containerDefinitions', 'mountPoints'): {'readOnly': False},
    ('containerDefinitions', 'volumesFrom'): {'readOnly': False},
    ('containerDefinitions', 'linuxParameters'): {'initProcessEnabled': False},
    ('containerDefinitions', 'restartPolicy'): {'enabled': False, 'restartAttemptPeriod': 300},
    ('containerDefinitions', 'healthCheck'): {'interval': 30, 'timeout': 5, 'retries': 3, 'startPeriod': 0},
}

# Structures that mean nothing with defaults alone: present or absent is the same.
NEUTRAL = frozenset(
    {
        ('containerDefinitions', 'linuxParameters'),
        ('volumes', 'efsVolumeConfiguration', 'authorizationConfig'),
    }
)

# Unordered lists of a task definition. ECS reorders some of them in its responses.
TASK_DEFINITION_SETS = frozenset(
    {
        ('requiresCompatibilities',),
        ('placementConstraints',),
        ('volumes',),
        ('containerDefinitions',),
        ('containerDefinitions', 'environment'),
        ('containerDefinitions', 'environmentFiles'),
        ('containerDefinitions', 'secrets'),
        ('containerDefinitions', 'portMappings'),
        ('containerDefinitions', 'mountPoints'),
        ('containerDefinitions', 'volumesFrom'),
        ('containerDefinitions', 'links'),
        ('containerDefinitions', 'dependsOn'),
        ('containerDefinitions', 'resourceRequirements'),
        ('containerDefinitions', 'ulimits'),
        ('containerDefinitions', 'systemControls'),
        ('containerDefinitions', 'linuxParameters', 'capabilities', 'add'),
        ('containerDefinitions', 'linuxParameters', 'capabilities', 'drop'),
        ('containerDefinitions', 'logConfiguration', 'secretOptions'),
    }
)

# Members that ECS adds to a registered definition, or that describe the revision rather than the task.
ADDED_BY_ECS = frozenset(
    {
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
)

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html and the pages of its parts.
SERVICE: Mapping[Place, Mapping[str, Any]] = {
    (): {
        'schedulingStrategy': 'REPLICA',
        'enableECSManagedTags': False,
        'enableExecuteCommand': False,
        'healthCheckGracePeriodSeconds': 0,
        'propagateTags': 'NONE',
        'deploymentConfiguration': {},
    },
    ('deploymentConfiguration',): {
        'strategy': 'ROLLING',
        'bakeTimeInMinutes': 0,
        'maximumPercent': 200,
        'minimumHealthyPercent': 100,
        'deploymentCircuitBreaker': {},
        'alarms': {},
        'earlySuccessCriteria': {},
    },
    ('deploymentConfiguration', 'alarms'): {'enable': False, 'rollback': False},
    ('deploymentConfiguration', 'deploymentCircuitBreaker'): {
        'enable': False,
        'rollback': False,
        'resetOnHealthyTask': True,
        'thresholdConfiguration': {},
    },
    ('deploymentConfiguration', 'deploymentCircuitBreaker', 'thresholdConfiguration'): {
        'type': 'BOUNDED_PERCENT',
        'value': 50,
    },
    ('deploymentConfiguration', 'linearConfiguration'): {'stepPercent': 10.0, 'stepBakeTimeInMinutes': 6},
    ('deploymentConfiguration', 'canaryConfiguration'): {'canaryPercent': 5.0, 'canaryBakeTimeInMinutes': 10},
    ('deploymentConfiguration', 'earlySuccessCriteria'): {'enable': False},
    ('deploymentConfiguration', 'lifecycleHooks'): {'targetType': 'AWS_LAMBDA', 'timeoutConfiguration': {}},
    ('deploymentConfiguration', 'lifecycleHooks', 'timeoutConfiguration'): {
        'timeoutInMinutes': 1440,
        'action': 'ROLLBACK',
    },
    ('networkConfiguration', 'awsvpcConfiguration'): {'assignPublicIp': 'DISABLED'},
    ('capacityProviderStrategy',): {'weight': 0, 'base': 0},
    ('volumeConfigurations', 'managedEBSVolume'): {'filesystemType': 'xfs'},
}

# Differences from `SERVICE` for a daemon, whose tasks ECS counts and places.
DAEMON = {'maximumPercent': 100, 'minimumHealthyPercent': 0}

SERVICE_SETS = frozenset(
    {
        ('placementConstraints',),
        ('loadBalancers',),
        ('serviceConnectConfiguration', 'services'),
        ('networkConfiguration', 'awsvpcConfiguration', 'subnets'),
        ('networkConfiguration', 'awsvpcConfiguration', 'securityGroups'),
        ('deploymentConfiguration', 'alarms', 'alarmNames'),
        ('deploymentConfiguration', 'lifecycleHooks'),
        ('deploymentConfiguration', 'lifecycleHooks', 'lifecycleStages'),
        ('volumeConfigurations',),
        ('vpcLatticeConfigurations',),
    }
)

# Values with which UpdateService resets a member; any other member is reset by its default.
RESET: Mapping[str, Any] = {
    'capacityProviderStrategy': [],
    'platformVersion': 'LATEST',
    'placementConstraints': [],
    'placementStrategy': [],
    'serviceConnectConfiguration': {'enabled': False},
    'volumeConfigurations': [],
    'vpcLatticeConfigurations': [],
    'loadBalancers': [],
    'serviceRegistries': [],
}
