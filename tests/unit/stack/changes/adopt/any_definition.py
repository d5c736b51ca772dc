"""Generator of task definitions that ECS accepts, from botocore's model of RegisterTaskDefinition.

The model gives members, types and enumerations; the table here gives values with a grammar, and `_repaired` makes the
parts consistent, as ECS requires. A seed gives the same definition with the same botocore.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from stack.stackfile.ecs_model import shapes

SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:database-a1b2c3'
ROLE = 'arn:aws:iam::123456789012:role/tasks'

# Texts that a YAML parser, a shell or a template may change.
_TEXTS = (
    'plain', '012', '1.10', 'true', 'null', '~', '22:22', '0x1F', ' padded ', 'a: b', '# no comment', '- item', '{a}',
    '[b]', '"quoted"', "it's", 'a\nb\n', 'tab\there', '${HOME}', '%d', '&anchor', '*alias', '!tag', 'ä ö 漢字 🚀', '<<',
    '=', '@', '`', '\\', 'x' * 200,
)  # fmt: skip
_ULIMITS = ('core', 'cpu', 'nofile', 'nproc', 'memlock', 'stack')
_FARGATE = (('256', '512'), ('512', '1024'), ('1024', '3072'), ('2048', '16384'))

_NOT_ON_FARGATE = (
    'privileged',
    'links',
    'dockerSecurityOptions',
    'disableNetworking',
    'resourceRequirements',
    'credentialSpecs',
)

Make = Callable[[Random], Any]


def _one_of(*values: Any) -> Make:
    return lambda random: random.choice(values)


def _number(low: int, high: int) -> Make:
    return lambda random: random.randint(low, high)


def _text(random: Random) -> str:
    return random.choice(_TEXTS)


def _map(random: Random) -> dict[str, str]:
    return {random.choice(('a', 'b.c', 'On', '1', 'with space')): _text(random) for _ in range(random.randint(0, 3))}


# Values by member, or by structure and member where they depend on the structure.
_VALUES: Mapping[str, Make] = {
    'family': _one_of('web', 'Web_1', 'legacy-app'),
    'ContainerDefinition.name': _one_of('app', 'App_2', 'side-car', 'proxy', 'web'),
    'image': _one_of('nginx', 'team/app:v1', 'registry.example.com:5000/a/b:1.0', f'app@sha256:{"0f" * 32}'),
    'taskRoleArn': _one_of(ROLE, 'reader', 'arn:aws:iam::123456789012:role/path/to/role'),
    'executionRoleArn': _one_of(ROLE, 'executor'),
    'credentialsParameter': _one_of(SECRET),
    'valueFrom': _one_of(SECRET, 'parameter/name', 'arn:aws:ssm:us-east-1:123456789012:parameter/a'),
    'cpu': _one_of(0, 1, 10, 128),
    'ContainerDefinition.memory': _one_of(100, 120, 160),
    'memoryReservation': _one_of(6, 50, 100),
    'containerPort': _number(1, 65_535),
    'hostPort': _one_of(0, 80, 8080),
    'PortMapping.name': _one_of('http', 'grpc-1'),
    'containerPortRange': _one_of('5000-5010'),
    'EnvironmentFile.value': _one_of('arn:aws:s3:::bucket/app.env'),
    'KeyValuePair.name': _one_of('A', 'a.b', 'PATH', 'lower', 'A', 'x-y', '1ST', 'with space'),
    'Secret.name': _one_of('TOKEN', 'DB', 'x.y'),
    'containerPath': _one_of('/data', '/var/with space', '/a:b', 'relative', '/x/y.z'),
    'sourcePath': _one_of('/srv', '/srv/with space', '/srv/a:b'),
    'hostPath': _one_of('/dev/fuse', '/dev/kvm'),
    'KernelCapabilities': lambda random: {'add': random.sample(['SYS_PTRACE', 'NET_ADMIN'], 1), 'drop': ['ALL']},
    'size': _number(1, 64),
    'mountOptions': lambda random: random.sample(['ro', 'noexec', 'nosuid'], random.randint(0, 3)),
    'sharedMemorySize': _number(0, 64),
    'maxSwap': _number(0, 10),
    'swappiness': _number(0, 100),
    'startTimeout': _number(2, 120),
    'stopTimeout': _number(2, 120),
    'ignoredExitCodes': lambda random: random.sample(range(256), random.randint(0, 3)),
    'restartAttemptPeriod': _number(60, 1800),
    'hostname': _one_of('host', 'host.example.com'),
    'user': _one_of('root', '1000', '1000:1000', '0', 'app:app'),
    'workingDirectory': _one_of('/', '/app', '/with space'),
    'dnsServers': lambda random: random.sample(['10.0.0.2', '10.0.0.3'], random.randint(0, 2)),
    'dnsSearchDomains': lambda random: random.sample(['example.com', 'svc.local'], random.randint(0, 2)),
    'ipAddress': _one_of('10.0.0.5', '::1', '2001:db8::1'),
    'HostEntry.hostname': _one_of('database', 'a.example.com'),
    'dockerSecurityOptions': _one_of(['no-new-privileges'], ['label:type:x', 'apparmor:y']),
    'interval': _number(5, 300),
    'timeout': _number(2, 120),
    'retries': _number(1, 10),
    'startPeriod': _number(0, 300),
    'HealthCheck.command': lambda random: random.choice(
        [['CMD-SHELL', 'curl -f x || exit 1'], ['CMD', 'true'], ['CMD', 'x', '-a'], ['NONE'], ['CMD-SHELL', 'a', 'b']]
    ),
    'Ulimit.name': _one_of(*_ULIMITS),
    'softLimit': _number(0, 1000),
    'hardLimit': _number(1000, 65_536),
    'namespace': _one_of('net.core.somaxconn', 'net.ipv4.tcp_keepalive_time'),
    'SystemControl.value': _one_of('1024', '60', '0'),
    'ResourceRequirement': _one_of({'type': 'GPU', 'value': '1'}, {'type': 'GPU', 'value': '4'}),
    'credentialSpecs': _one_of(['credentialspecdomainless:arn:aws:s3:::bucket/spec']),
    'FirelensConfiguration.options': _one_of({}, {'config-file-type': 'file', 'config-file-value': '/x'}),
    'volumes.name': _one_of('data', 'Data_2', 'tmp-1', 'cache'),
    'scope': _one_of('task', 'shared'),
    'driver': _one_of('local', 'rexray/ebs'),
    'fileSystemId': _one_of('fs-0a1b2c3d'),
    'fileSystemArn': _one_of('arn:aws:s3files:us-east-1:123456789012:file-system/fs-1'),
    'accessPointArn': _one_of('arn:aws:s3files:us-east-1:123456789012:access-point/ap-1'),
    'rootDirectory': _one_of('/', '/data', 'share\\x'),
    'transitEncryptionPort': _number(1024, 65_535),
    'accessPointId': _one_of('fsap-0a1b2c3d'),
    'domain': _one_of('corp.example.com'),
    'expression': _one_of('attribute:ecs.instance-type =~ t3.*', 'attribute:zone == a'),
    'requiresCompatibilities': _one_of([], ['EC2'], ['FARGATE'], ['EC2', 'FARGATE'], ['EXTERNAL', 'EC2']),
    'Tag.key': _one_of('team', 'cost center', 'Ä'),
    'sizeInGiB': _number(21, 200),
    'deviceType': _one_of('eia2.medium'),
    'deviceName': _one_of('device_1'),
    'attestationPolicy': _one_of('policy'),
}  # fmt: skip

# Members that ECS refuses in most definitions, or that only some regions have.
_OMITTED = frozenset(
    {'proxyConfiguration', 'inferenceAccelerators', 'trustedExecutionConfiguration', 'sharingStrategy', 'tags'}
)


def any_definition(seed: int) -> dict[str, Any]:
    """Arguments of RegisterTaskDefinition that ECS accepts."""
    random = Random(seed)
    share = random.choice((0.1, 0.3, 0.6))
    definition = _structure('RegisterTaskDefinitionRequest', random, share)
    return _repaired(definition, random)


def any_member(structure: str, name: str, random: Random) -> Any:
    """A value of a member by the model alone; it need not fit the others."""
    return _member(structure, name, shapes()[structure]['members'][name]['shape'], random, 0.4)


def _structure(shape_name: str, random: Random, share: float) -> dict[str, Any]:
    shape = shapes()[shape_name]
    required = shape.get('required', ())
    return {
        name: _member(shape_name, name, member['shape'], random, share)
        for name, member in shape['members'].items()
        if name in required or (name not in _OMITTED and random.random() < share)
    }


def _member(parent: str, name: str, shape_name: str, random: Random, share: float) -> Any:
    for key in (f'{parent}.{name}', f'{"volumes" if parent == "Volume" else parent}.{name}', name, shape_name):
        if key in _VALUES:
            return _VALUES[key](random)
    shape = shapes()[shape_name]
    kind = shape['type']
    if kind == 'structure':
        return _structure(shape_name, random, share)
    if kind == 'list':
        item = shape['member']['shape']
        return [_member(shape_name, 'member', item, random, share) for _ in range(random.randint(0, 3))]
    if kind == 'map':
        return _map(random)
    if kind == 'boolean':
        return random.random() < 0.5
    if kind == 'string':
        return random.choice(shape['enum']) if 'enum' in shape else _text(random)
    if kind in ('integer', 'long', 'double', 'float'):
        return random.randint(int(shape.get('min', 0)), 100)
    raise NotImplementedError(f'no value for {parent}.{name} of type {kind}')


def _repaired(definition: dict[str, Any], random: Random) -> dict[str, Any]:
    """The definition with consistent parts."""
    definition.pop('memory', None)
    definition.pop('cpu', None)
    fargate = 'FARGATE' in definition.get('requiresCompatibilities', ())
    if fargate:
        definition |= {'networkMode': 'awsvpc', 'executionRoleArn': ROLE}
        for member in ('placementConstraints', 'ipcMode', 'pidMode'):
            definition.pop(member, None)
        definition['cpu'], definition['memory'] = random.choice(_FARGATE)
    elif random.random() < 0.3:
        definition |= {'cpu': random.choice(('256', '1 vCPU', '.5 vcpu')), 'memory': random.choice(('2048', '3 GB'))}
    definition['volumes'] = _volumes(definition.get('volumes', []), fargate)
    for constraint in definition.get('placementConstraints', []):
        constraint |= {'type': 'memberOf', 'expression': _VALUES['expression'](random)}
    volumes = [volume['name'] for volume in definition['volumes']]
    containers = definition['containerDefinitions'] or [{}]
    names: list[str] = []
    for container in containers:
        _repair_container(container, definition, names, volumes, random)
        names.append(container['name'])
    for container in containers:
        _repair_references(container, containers, random)
    for container in [other for other in containers if 'firelensConfiguration' in other][1:]:
        container.pop('firelensConfiguration')
    if any(
        container.get('secrets') or container.get('logConfiguration', {}).get('secretOptions')
        for container in containers
    ):
        definition.setdefault('executionRoleArn', ROLE)
    return {**definition, 'containerDefinitions': containers}


def _volumes(volumes: list[dict[str, Any]], fargate: bool) -> list[dict[str, Any]]:
    """Volumes with unique names and one kind of storage."""
    found: dict[str, dict[str, Any]] = {}
    for number, volume in enumerate(volumes):
        omitted = ('name', 'configuredAtLaunch', *(('host', 'dockerVolumeConfiguration') if fargate else ()))
        kinds = [key for key in volume if key not in omitted]
        name = volume.get('name', f'volume-{number}')
        found[name] = {
            'name': name,
            **({kinds[number % len(kinds)]: volume[kinds[number % len(kinds)]]} if kinds else {}),
        }
        efs = found[name].get('efsVolumeConfiguration', {})
        if efs.get('authorizationConfig') or 'transitEncryptionPort' in efs:
            efs['transitEncryption'] = 'ENABLED'
        if efs.get('authorizationConfig', {}).get('accessPointId'):
            efs['rootDirectory'] = '/'
        docker = found[name].get('dockerVolumeConfiguration', {})
        if docker.get('scope', 'task') == 'task':
            docker.pop('autoprovision', None)
    return list(found.values())


def _repair_container(
    container: dict[str, Any], definition: Mapping[str, Any], names: list[str], volumes: list[str], random: Random
) -> None:
    name = container.get('name', 'main')
    container['name'] = name if name not in names else f'{name}-{len(names)}'
    container.setdefault('image', 'nginx')
    if not names:
        container['essential'] = True
    if 'memory' not in definition:
        container.setdefault('memory', 128)
    fargate = 'FARGATE' in definition.get('requiresCompatibilities', ())
    if fargate:
        for member in _NOT_ON_FARGATE:
            container.pop(member, None)
        for member in ('devices', 'tmpfs', 'sharedMemorySize', 'maxSwap', 'swappiness'):
            container.get('linuxParameters', {}).pop(member, None)
    if definition.get('networkMode') in ('awsvpc', 'host', 'none'):
        for member in ('links', 'hostname', 'dnsServers', 'dnsSearchDomains', 'extraHosts', 'disableNetworking'):
            container.pop(member, None)
    container['portMappings'] = _ports(
        container.get('portMappings', []), definition.get('networkMode', 'bridge'), names
    )
    container['mountPoints'] = [
        {**mount, 'sourceVolume': random.choice(volumes), 'containerPath': mount.get('containerPath', '/m')}
        for mount in container.get('mountPoints', [])
        if volumes
    ]
    _repair_logging(container)


def _ports(mappings: list[dict[str, Any]], mode: str, names: list[str]) -> list[dict[str, Any]]:
    """Port mappings without collisions in the task."""
    found = []
    for number, mapping in enumerate(mappings if mode != 'none' else []):
        if 'containerPortRange' in mapping:
            mapping = {key: part for key, part in mapping.items() if key not in ('containerPort', 'hostPort')}
            mapping['containerPortRange'] = (
                f'{(len(names) * 10 + number) * 100 + 1000}-{(len(names) * 10 + number) * 100 + 1020}'
            )
        else:
            mapping['containerPort'] = 20_000 + len(names) * 100 + number
            if mapping.get('hostPort') and mode in ('awsvpc', 'host'):
                mapping['hostPort'] = mapping['containerPort']
            elif mapping.get('hostPort'):
                mapping['hostPort'] = 30_000 + len(names) * 100 + number
            elif mode in ('awsvpc', 'host'):
                mapping.pop('hostPort', None)
        if 'name' in mapping:
            mapping['name'] = f'{mapping["name"]}-{len(names)}-{number}'
        elif 'appProtocol' in mapping:
            mapping.pop('appProtocol')
        found.append(mapping)
    return found


def _repair_logging(container: dict[str, Any]) -> None:
    logging = container.get('logConfiguration')
    if logging and logging['logDriver'] == 'awslogs':
        needed = {'awslogs-group': '/ecs/x', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'x'}
        logging['options'] = {**logging.get('options', {}), **needed}


def _repair_references(container: dict[str, Any], containers: list[dict[str, Any]], random: Random) -> None:
    """References to other containers, to earlier ones only, so that there is no cycle."""
    position = containers.index(container)
    earlier = containers[:position]
    names = [other['name'] for other in earlier]
    for member in ('links', 'volumesFrom', 'dependsOn'):
        if not names:
            container.pop(member, None)
    if 'links' in container:
        container['links'] = [random.choice((name, f'{name}:alias')) for name in names[:2]]
    if 'volumesFrom' in container:
        container['volumesFrom'] = [
            {**source, 'sourceContainer': name} for source, name in zip(container['volumesFrom'], names, strict=False)
        ]
    if 'dependsOn' in container:
        container['dependsOn'] = [
            {'containerName': other['name'], 'condition': _condition(other, random)}
            for other in random.sample(earlier, min(2, len(earlier)))
        ]


def _condition(other: Mapping[str, Any], random: Random) -> str:
    allowed = ['START']
    if other.get('healthCheck', {}).get('command', ['NONE']) != ['NONE']:
        allowed.append('HEALTHY')
    if other.get('essential') is False:
        allowed += ['COMPLETE', 'SUCCESS']
    return random.choice(allowed)
