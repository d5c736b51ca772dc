"""Validation of a task definition, and AWS's defaults for the fields that the caller leaves out.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

import re

from stack.sandbox.ecs.dependencies import ENDING, circle
from stack.sandbox.ecs.errors import client
from stack.sandbox.ecs.expressions import compiled
from stack.sandbox.ecs.model import Wire

NAME = re.compile(r'[A-Za-z0-9_-]{1,255}')
KEPT = (
    'containerDefinitions',
    'taskRoleArn',
    'executionRoleArn',
    'networkMode',
    'volumes',
    'placementConstraints',
    'requiresCompatibilities',
    'cpu',
    'memory',
    'pidMode',
    'ipcMode',
    'proxyConfiguration',
    'inferenceAccelerators',
    'ephemeralStorage',
    'runtimePlatform',
    'enableFaultInjection',
    'trustedExecutionConfiguration',
)
_LEAST_MEMORY = 6
_HEALTH_CHECK = {'interval': 30, 'timeout': 5, 'retries': 3}
_RESTART_PERIOD = 300
_RESTART_LIMITS = (60, 1800)
_MOST_IGNORED_EXIT_CODES = 50
_FARGATE_TIMEOUTS = (2, 120)
_HEALTH_LIMITS = {'interval': (5, 300), 'timeout': (2, 120), 'retries': (1, 10), 'startPeriod': (0, 300)}
_GIB = 1024
# CPU units → the amounts of memory, in MiB, that Fargate has with them.
_FARGATE: dict[int, tuple[int, ...]] = {
    256: (512, _GIB, 2 * _GIB),
    512: tuple(n * _GIB for n in range(1, 5)),
    1024: tuple(n * _GIB for n in range(2, 9)),
    2048: tuple(n * _GIB for n in range(4, 17)),
    4096: tuple(n * _GIB for n in range(8, 31)),
    8192: tuple(n * _GIB for n in range(16, 61, 4)),
    16384: tuple(n * _GIB for n in range(32, 121, 8)),
}
_AWSLOGS_NEEDED = ('awslogs-group', 'awslogs-region')


def filled_in(params: Wire) -> Wire:
    """The definition that AWS stores for a request; raises ClientException where AWS refuses it."""
    spec: Wire = {'volumes': [], 'placementConstraints': [], **{k: params[k] for k in KEPT if k in params}}
    for name in ('cpu', 'memory'):
        if name in spec:
            spec[name] = str(_units(name, spec[name]))
    mode = spec.get('networkMode', 'bridge')
    spec['containerDefinitions'] = [_container(c, mode) for c in spec['containerDefinitions']]
    _check(spec, mode)
    spec['compatibilities'] = ['EC2', 'FARGATE'] if _fits_fargate(spec, mode) else ['EC2']
    if 'FARGATE' in spec.get('requiresCompatibilities', []):
        _check_fargate(spec, mode)
    spec['requiresAttributes'] = _required_attributes(spec)
    return spec


def _units(name: str, text: str) -> int:
    match = re.fullmatch(r'(\d+(?:\.\d+)?|\.\d+)\s*(vCPU|GB)?', text.strip(), re.IGNORECASE)
    if match is None or (match.group(2) or '').lower() == ('gb' if name == 'cpu' else 'vcpu'):
        raise client(f"Invalid '{name}' setting for task. The value {text} cannot be read.")
    return int(float(match.group(1)) * (_GIB if match.group(2) else 1))


def _container(given: Wire, mode: str) -> Wire:
    container = {
        'cpu': 0,
        'essential': True,
        'environment': [],
        'mountPoints': [],
        'volumesFrom': [],
        'systemControls': [],
        **given,
    }
    container['portMappings'] = [_mapping(mapping, mode) for mapping in given.get('portMappings', [])]
    if 'healthCheck' in given:
        container['healthCheck'] = {**_HEALTH_CHECK, **given['healthCheck']}
    if given.get('restartPolicy', {}).get('enabled'):
        container['restartPolicy'] = {'restartAttemptPeriod': _RESTART_PERIOD, **given['restartPolicy']}
    if 'mountPoints' in given:
        container['mountPoints'] = [{'readOnly': False, **mount} for mount in given['mountPoints']]
    return container


def _mapping(given: Wire, mode: str) -> Wire:
    mapping = {'protocol': 'tcp', **given}
    if 'containerPort' in mapping:
        mapping.setdefault('hostPort', mapping['containerPort'] if mode in ('awsvpc', 'host') else 0)
    return mapping


def _check(spec: Wire, mode: str) -> None:
    containers = spec['containerDefinitions']
    if not containers:
        raise client('TaskDefinition must have at least one container definition.')
    names = [c.get('name', '') for c in containers]
    if len(set(names)) < len(names):
        raise client('Container names must be unique within a task definition.')
    if not any(c['essential'] for c in containers):
        raise client('A TaskDefinition must have at least one essential container.')
    for constraint in spec['placementConstraints']:
        if constraint.get('type') != 'memberOf':
            raise client(f'Placement constraint type {constraint.get("type", "")} is not valid for a task definition.')
        compiled(constraint.get('expression', ''), client)
    volumes = {v.get('name') for v in spec['volumes']}
    for container in containers:
        _check_container(container, mode, 'memory' in spec)
        for mount in container['mountPoints']:
            if mount.get('sourceVolume') not in volumes:
                raise client(f"Unknown volume '{mount.get('sourceVolume')}'.")
        if container.get('secrets') and 'executionRoleArn' not in spec:
            raise client(
                'When you are specifying container secrets, you must also specify a value for executionRoleArn.'
            )
    _check_dependencies(containers)


def _check_dependencies(containers: list[Wire]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"""
    by_name = {container['name']: container for container in containers}
    for container in containers:
        for dependency in container.get('dependsOn', []):
            name, condition = dependency['containerName'], dependency['condition']
            if name not in by_name:
                raise client(f"Container '{container['name']}' depends on the unknown container '{name}'.")
            if condition == 'HEALTHY' and 'healthCheck' not in by_name[name]:
                raise client(f"The dependency condition HEALTHY requires that container '{name}' has a health check.")
            if condition in ENDING and by_name[name]['essential']:
                raise client(f"The dependency condition {condition} cannot be set on the essential container '{name}'.")
    if name := circle(containers):
        raise client(f"Container '{name}' depends on itself.")


def _check_restart(policy: Wire) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html"""
    lowest, highest = _RESTART_LIMITS
    if not lowest <= policy.get('restartAttemptPeriod', lowest) <= highest:
        raise client(f'restartAttemptPeriod must be between {lowest} and {highest}.')
    if len(policy.get('ignoredExitCodes', [])) > _MOST_IGNORED_EXIT_CODES:
        raise client(f'ignoredExitCodes can have at most {_MOST_IGNORED_EXIT_CODES} items.')


def _check_container(container: Wire, mode: str, task_has_memory: bool) -> None:
    name = container.get('name', '')
    if not name:
        raise client('Container.name should not be null or empty.')
    if not NAME.fullmatch(name):
        raise client('Container.name contains invalid characters.')
    if not container.get('image', '').strip():
        raise client('Container.image should not be null or empty.')
    hard, soft = container.get('memory'), container.get('memoryReservation')
    if hard is None and soft is None and not task_has_memory:
        raise client(
            f"Invalid setting for container '{name}'. "
            "At least one of 'memory' or 'memoryReservation' must be specified."
        )
    for value in (hard, soft):
        if value is not None and value < _LEAST_MEMORY:
            raise client(f"Invalid setting for container '{name}'. Memory must be at least {_LEAST_MEMORY} MiB.")
    if hard is not None and soft is not None and soft > hard:
        raise client(f"Invalid setting for container '{name}'. 'memory' must not be below 'memoryReservation'.")
    if container['cpu'] < 0:
        raise client(f"Invalid 'cpu' setting for container '{name}'.")
    for mapping in container['portMappings']:
        _check_mapping(mapping, mode)
    _check_health(container.get('healthCheck', {}))
    _check_restart(container.get('restartPolicy', {}))
    _check_logging(container.get('logConfiguration', {}))


def _check_mapping(mapping: Wire, mode: str) -> None:
    for port in (mapping.get('containerPort', 1), mapping.get('hostPort', 0)):
        if not 0 <= port <= 65_535:
            raise client(f'Invalid port {port}.')
    if mode in ('awsvpc', 'host') and mapping.get('hostPort') != mapping.get('containerPort'):
        raise client(f'When networkMode={mode}, the host ports and container ports in port mappings must match.')


def _check_health(check: Wire) -> None:
    for name, value in check.items():
        lowest, highest = _HEALTH_LIMITS.get(name, (0, 0))
        if name in _HEALTH_LIMITS and not lowest <= value <= highest:
            raise client(f'Health check {name} must be between {lowest} and {highest}.')
    if check and not check['command']:
        raise client('Health check command must not be empty.')


def _check_logging(logging: Wire) -> None:
    if logging.get('logDriver') != 'awslogs':
        return
    missing = [name for name in _AWSLOGS_NEEDED if not logging.get('options', {}).get(name)]
    if missing:
        raise client(f'Log driver awslogs requires options: {", ".join(missing)}')


def _fits_fargate(spec: Wire, mode: str) -> bool:
    plain = not any(c.get('privileged') or c.get('links') for c in spec['containerDefinitions'])
    return mode == 'awsvpc' and plain and int(spec.get('memory', 0)) in _FARGATE.get(int(spec.get('cpu', 0)), ())


def _check_fargate(spec: Wire, mode: str) -> None:
    if mode != 'awsvpc':
        raise client("Fargate only supports network mode 'awsvpc'.")
    for name in ('cpu', 'memory'):
        if name not in spec:
            raise client(f"Fargate requires that '{name}' be defined at the task level.")
    if int(spec['memory']) not in _FARGATE.get(int(spec['cpu']), ()):
        raise client(
            f'No Fargate configuration exists for given values: {spec["cpu"]} CPU, {spec["memory"]} memory. '
            'See the Amazon ECS documentation for the valid values.'
        )
    if any(c.get('privileged') for c in spec['containerDefinitions']):
        raise client("Fargate does not support 'privileged' containers.")
    lowest, highest = _FARGATE_TIMEOUTS
    for container in spec['containerDefinitions']:
        for name in ('startTimeout', 'stopTimeout'):
            if not lowest <= container.get(name, lowest) <= highest:
                raise client(f'{name} must be between {lowest} and {highest} on Fargate.')
    needs_role = [c for c in spec['containerDefinitions'] if '.dkr.ecr.' in c['image'] or _writes_awslogs(c)]
    if needs_role and 'executionRoleArn' not in spec:
        raise client('Fargate requires task definition to have execution role ARN to support ECR images.')


def _writes_awslogs(container: Wire) -> bool:
    return bool(container.get('logConfiguration', {}).get('logDriver') == 'awslogs')


def _required_attributes(spec: Wire) -> list[Wire]:
    wanted = []
    if spec.get('taskRoleArn'):
        wanted.append('com.amazonaws.ecs.capability.task-iam-role')
    for container in spec['containerDefinitions']:
        driver = container.get('logConfiguration', {}).get('logDriver')
        if driver:
            wanted.append(f'com.amazonaws.ecs.capability.logging-driver.{driver}')
        if container.get('healthCheck'):
            wanted.append('ecs.capability.container-health-check')
        if container.get('secrets'):
            wanted.append('ecs.capability.secrets.asm.environment-variables')
    if spec.get('networkMode') == 'awsvpc':
        wanted.append('ecs.capability.task-eni')
    return [{'name': name} for name in dict.fromkeys(wanted)]
