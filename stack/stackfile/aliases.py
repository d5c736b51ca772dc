"""Names of fields in other tools, so that the error for an unknown key can name the field.

Compose, Copilot manifests and ECS; ECS names come from the field table where a field renders them.
"""

from collections.abc import Iterable
from typing import Any

COMPOSE_AND_COPILOT = {
    'build': 'image',
    'cap_add': 'capabilities',
    'cap_drop': 'capabilities',
    'container_port': 'ports',
    'count': 'desired_count',
    'cpus': 'cpu',
    'deploy': 'deployment',
    'dns_search': 'dns',
    'env': 'environment',
    'env_file': 'env_files',
    'environments': 'environment',
    'healthCheck': 'healthcheck',
    'http': 'elb',
    'image_tag': 'image',
    'instances': 'desired_count',
    'load_balancer': 'elb',
    'loadbalancer': 'elb',
    'mem_limit': 'memory',
    'mem_reservation': 'memory_reservation',
    'network_configuration': 'network',
    'nlb': 'elb',
    'platform': 'architecture',
    'port': 'ports',
    'read_only': 'read_only_root',
    'readonly_fs': 'read_only_root',
    'replicas': 'desired_count',
    'restart': 'restart_policy',
    'service_name': 'services',
    'shm_size': 'shared_memory',
    'sidecars': 'containers',
    'sidecar': 'containers',
    'stdin_open': 'interactive',
    'stop_grace_period': 'stop_timeout',
    'storage': 'volumes',
    'variables': 'environment',
    'working_dir': 'working_directory',
}

# Members of ECS structures that no field renders under this name.
ECS = {
    'assignPublicIp': 'network',
    'awsvpcConfiguration': 'network',
    'containerDefinitions': 'containers',
    'cpuArchitecture': 'architecture',
    'deploymentConfiguration': 'deployment',
    'desired_tasks': 'desired_count',
    'loadBalancers': 'elb',
    'logConfiguration': 'logging',
    'networkConfiguration': 'network',
    'networkMode': 'network_mode',
    'operatingSystemFamily': 'operating_system',
    'repositoryCredentials': 'registry_credentials',
    'requiresCompatibilities': 'compatibilities',
    'runtimePlatform': 'architecture',
    'securityGroups': 'network',
    'serviceRegistries': 'dns_discovery',
    'subnets': 'network',
}


def field_for(key: Any, known: Iterable[Any]) -> str | None:
    """The field among the entries `known` that another tool calls `key`."""
    known = tuple(known)
    names = {entry.name for entry in known}
    rendered = {target.key.rpartition('.')[2]: entry.name for entry in reversed(known) for target in entry.ecs}
    for table in (COMPOSE_AND_COPILOT, ECS, rendered):
        if isinstance(key, str) and table.get(key) in names:
            return table[key]
    return None
