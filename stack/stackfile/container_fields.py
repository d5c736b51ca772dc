# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Fields of a container: the main one of a service, and further ones (`containers`).

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.stackfile import inverse, rendering, values
from stack.stackfile.dependencies import OF_CONTAINER, Needs
from stack.stackfile.entries import DEFAULTS, TOP, entry, record
from stack.stackfile.ports import PORT_MAPPING, PortMapping
from stack.stackfile.rendering import container, key, structure, structures
from stack.stackfile.shapes import choice, either, list_of, mapping_of, scalar, switch, text, whole
from stack.stackfile.volumes import MOUNT, VOLUME_FROM, Mount, VolumeFrom

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
LOG_DRIVERS = ('awsfirelens', 'awslogs', 'fluentd', 'gelf', 'journald', 'json-file', 'splunk', 'syslog')

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html
ULIMITS = (
    'core',
    'cpu',
    'data',
    'fsize',
    'locks',
    'memlock',
    'msgqueue',
    'nice',
    'nofile',
    'nproc',
    'rss',
    'rtprio',
    'rttime',
    'sigpending',
    'stack',
)

_MOST = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Logging:
    log_driver: str | None = entry(choice(*LOG_DRIVERS), 'The log driver.')
    options: Mapping[str, str] = entry(
        mapping_of(text(), scalar()),
        'Options of the driver; `awslogs-region` defaults to the region of the cluster.',
        default={},
    )
    secret_options: Mapping[str, str] = entry(
        values.LOG_SECRETS, 'Options whose values are in Secrets Manager or Parameter Store.', default={}
    )


def merge_logging(inherited: Logging, own: Logging) -> Logging:
    """The options of both, if they are for one driver; otherwise those of `own`."""
    if own.log_driver not in (None, inherited.log_driver):
        return own
    return Logging(
        log_driver=inherited.log_driver,
        options={**inherited.options, **own.options},
        secret_options={**inherited.secret_options, **own.secret_options},
    )


LOGGING = record(Logging, merge=merge_logging)


@dataclass(frozen=True, kw_only=True)
class Healthcheck:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"""

    command: tuple[str, ...] = entry(
        values.HEALTH_COMMAND,
        'Run in the container; healthy when it exits with 0.',
        required=True,
        ecs=key('command', read=inverse.health_command),
    )
    interval: int = entry(whole(5, 300), 'Seconds between two checks.', default=30, ecs=key('interval'))
    timeout: int = entry(whole(2, 60), 'Seconds after which a check has failed.', default=5, ecs=key('timeout'))
    retries: int = entry(whole(1, 10), 'Checks failed in a row that make it unhealthy.', default=3, ecs=key('retries'))
    start_period: int = entry(
        whole(0, 300), 'Seconds at the start in which failures do not count.', default=0, ecs=key('startPeriod')
    )


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html"""

    add: tuple[str, ...] = entry(list_of(text()), 'Added to those that Docker gives.', default=(), ecs=key('add'))
    drop: tuple[str, ...] = entry(list_of(text()), 'Taken from those that Docker gives.', default=(), ecs=key('drop'))


@dataclass(frozen=True, kw_only=True)
class Ulimit:
    name: str = ''
    soft: int = entry(whole(-1, _MOST), 'The soft limit; -1 is none.', required=True, ecs=key('softLimit'))
    hard: int = entry(whole(-1, _MOST), 'The hard limit; -1 is none.', required=True, ecs=key('hardLimit'))


ULIMIT = either(
    values.parsed_whole(-1, _MOST, lambda limit: Ulimit(soft=limit, hard=limit)),
    int,
    record(Ulimit),
)


@dataclass(frozen=True, kw_only=True)
class Tmpfs:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tmpfs.html"""

    path: str = entry(text(), 'Where it is mounted.', required=True, ecs=key('containerPath'))
    size: int = entry(whole(0, _MOST), 'Its largest size, MiB.', required=True, ecs=key('size'))
    options: tuple[str, ...] = entry(list_of(text()), 'Mount options.', default=(), ecs=key('mountOptions'))


@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html"""

    enabled: bool = entry(switch(), 'Restart the container alone when it exits.', default=True, ecs=key('enabled'))
    ignored_exit_codes: tuple[int, ...] = entry(
        list_of(whole(-_MOST, _MOST), at_most=50),
        'Exit codes after which it stays stopped.',
        default=(),
        ecs=key('ignoredExitCodes'),
    )
    attempt_period: int | None = entry(
        whole(60, 1800), 'Seconds that it must have run to be restarted; 300.', ecs=key('restartAttemptPeriod')
    )


@dataclass(frozen=True, kw_only=True)
class Dns:
    servers: tuple[str, ...] = entry(list_of(text()), 'Addresses of DNS servers.', default=())
    search: tuple[str, ...] = entry(list_of(text()), 'Search domains.', default=())


@dataclass(frozen=True, kw_only=True)
class Firelens:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"""

    type: str = entry(choice('fluentbit', 'fluentd'), 'The log router in the image.', required=True, ecs=key('type'))
    options: Mapping[str, str] = entry(
        mapping_of(text(), scalar()),
        'Options, such as `config-file-type`.',
        default={},
        ecs=key('options', rendering.mapping, inverse.mapping),
    )


@dataclass(frozen=True, kw_only=True)
class ContainerSettings:
    """The fields of one container. Only the main container inherits fields with `inherits`."""

    image: str = entry(
        values.IMAGE, 'The image that the container runs.', default='', required=True, ecs=container('image')
    )
    essential: bool = entry(
        switch(), 'The task stops when the container does.', default=True, ecs=container('essential')
    )
    memory: int | None = entry(
        whole(4, 25_165_824),
        'Hard limit of memory, MiB.',
        ecs=container('memory', rendering.container_size, inverse.positive),
    )
    memory_reservation: int | None = entry(
        whole(4, 25_165_824), 'Soft limit of memory, MiB.', inherits=DEFAULTS, ecs=container('memoryReservation')
    )
    cpu: int | None = entry(
        whole(1, 262_144),
        'CPU units: 1024 are one processor.',
        inherits=DEFAULTS,
        ecs=container('cpu', rendering.container_size, inverse.positive),
    )
    gpus: int | None = entry(whole(1, 16), 'GPUs.', ecs=container('resourceRequirements', rendering.gpus, inverse.gpus))
    ports: tuple[PortMapping, ...] = entry(
        list_of(PORT_MAPPING),
        'Ports of the container.',
        default=(),
        ecs=container('portMappings', rendering.port_mappings, inverse.port_mappings),
    )
    environment: Mapping[str, str] = entry(
        values.ENVIRONMENT,
        "Environment variables; a service's own value wins over the one in `defaults`.",
        default={},
        inherits=DEFAULTS,
        ecs=container('environment', rendering.pairs('name', 'value'), inverse.pairs('name', 'value')),
    )
    secrets: Mapping[str, str] = entry(
        values.SECRETS,
        'Environment variables from Secrets Manager or Parameter Store.',
        default={},
        inherits=DEFAULTS,
        ecs=container('secrets', rendering.pairs('name', 'valueFrom'), inverse.pairs('name', 'valueFrom')),
    )
    env_files: tuple[str, ...] = entry(
        list_of(values.ENV_FILE, at_most=10),
        'Files in S3 with environment variables; `environment` wins over them.',
        default=(),
        inherits=DEFAULTS,
        ecs=container('environmentFiles', rendering.env_files, inverse.env_files),
    )
    command: tuple[str, ...] = entry(
        values.ARGUMENTS, "In place of the image's command, word by word.", default=(), ecs=container('command')
    )
    entrypoint: tuple[str, ...] = entry(
        values.ARGUMENTS, "In place of the image's entry point, word by word.", default=(), ecs=container('entryPoint')
    )
    working_directory: str | None = entry(text(), 'Where the command runs.', ecs=container('workingDirectory'))
    user: str | None = entry(text(), 'USER, UID, or either with :GROUP.', ecs=container('user'))
    mounts: tuple[Mount, ...] = entry(
        list_of(MOUNT),
        'Where volumes of the task are mounted.',
        default=(),
        ecs=container('mountPoints', structures, inverse.mounts),
    )
    volumes_from: tuple[VolumeFrom, ...] = entry(
        list_of(VOLUME_FROM),
        'Containers whose mounts this one gets as well.',
        default=(),
        ecs=container('volumesFrom', structures, inverse.volumes_from),
    )
    privileged: bool = entry(
        switch(),
        'Root rights on the instance.',
        default=False,
        ecs=container('privileged', rendering.if_true, inverse.flag),
    )
    read_only_root: bool = entry(
        switch(),
        'The root file system cannot be written.',
        default=False,
        inherits=DEFAULTS,
        ecs=container('readonlyRootFilesystem', rendering.if_true, inverse.flag),
    )
    init: bool | None = entry(
        switch(),
        'An init process reaps zombies and passes signals on; on with `exec` unless this is false.',
        inherits=DEFAULTS,
        ecs=container('linuxParameters.initProcessEnabled', rendering.if_true, inverse.flag),
    )
    capabilities: Capabilities | None = entry(
        record(Capabilities),
        'Linux capabilities.',
        ecs=container('linuxParameters.capabilities', structure, inverse.structure),
    )
    tmpfs: tuple[Tmpfs, ...] = entry(
        list_of(record(Tmpfs)),
        'File systems in memory.',
        default=(),
        ecs=container('linuxParameters.tmpfs', structures, inverse.structures),
    )
    shared_memory: int | None = entry(
        whole(0, _MOST), 'Size of /dev/shm, MiB.', ecs=container('linuxParameters.sharedMemorySize')
    )
    ulimits: Mapping[str, Ulimit] = entry(
        mapping_of(choice(*ULIMITS), ULIMIT),
        'Limits of resources.',
        default={},
        inherits=DEFAULTS,
        ecs=container('ulimits', rendering.named_structures('name'), inverse.ulimits),
    )
    sysctls: Mapping[str, str] = entry(
        mapping_of(text(), scalar()),
        'Kernel parameters of the namespace.',
        default={},
        ecs=container('systemControls', rendering.pairs('namespace', 'value'), inverse.sysctls),
    )
    stop_timeout: int | None = entry(
        whole(0, _MOST), 'Seconds from SIGTERM to SIGKILL.', inherits=DEFAULTS, ecs=container('stopTimeout')
    )
    start_timeout: int | None = entry(
        whole(0, _MOST), 'Seconds to wait for what it depends on.', ecs=container('startTimeout')
    )
    restart_policy: RestartPolicy | None = entry(
        record(RestartPolicy),
        'Restarts of the container alone.',
        ecs=container('restartPolicy', structure, inverse.structure),
    )
    hostname: str | None = entry(text(), 'The host name in the container.', ecs=container('hostname'))
    extra_hosts: tuple[values.Host, ...] = entry(
        list_of(values.EXTRA_HOST),
        'Further lines of /etc/hosts.',
        default=(),
        ecs=container('extraHosts', rendering.extra_hosts, inverse.extra_hosts),
    )
    dns: Dns | None = entry(
        record(Dns),
        'How names are looked up.',
        ecs=(
            container('dnsServers', rendering.part('servers'), inverse.part('servers')),
            container('dnsSearchDomains', rendering.part('search'), inverse.part('search')),
        ),
    )
    labels: Mapping[str, str] = entry(
        mapping_of(text(), scalar()),
        'Docker labels.',
        default={},
        inherits=DEFAULTS,
        ecs=container('dockerLabels', rendering.mapping, inverse.mapping),
    )
    tty: bool = entry(
        switch(), 'A pseudo terminal.', default=False, ecs=container('pseudoTerminal', rendering.if_true, inverse.flag)
    )
    interactive: bool = entry(
        switch(),
        'Standard input stays open.',
        default=False,
        ecs=container('interactive', rendering.if_true, inverse.flag),
    )
    registry_credentials: str | None = entry(
        values.SECRET,
        'The secret with the user name and password of a private registry.',
        inherits=DEFAULTS,
        ecs=container('repositoryCredentials.credentialsParameter'),
    )
    version_consistency: str | None = entry(
        choice('enabled', 'disabled'),
        'Whether all tasks of a rollout run the digest that the first one resolved.',
        ecs=container('versionConsistency'),
    )
    logging: Logging = entry(
        LOGGING,
        'Logging; what a service leaves out comes from the global `logging`.',
        default=Logging(),
        inherits=TOP,
        ecs=container('logConfiguration', rendering.log_configuration, inverse.log_configuration),
    )
    firelens: Firelens | None = entry(
        record(Firelens),
        'The container routes the logs of those with the driver `awsfirelens`.',
        ecs=container('firelensConfiguration', structure, inverse.structure),
    )
    healthcheck: Healthcheck | None = entry(
        record(Healthcheck),
        'Health check in the container.',
        inherits=DEFAULTS,
        ecs=container('healthCheck', structure, inverse.structure),
    )
    links: tuple[str, ...] = entry(
        list_of(text()),
        'Containers reached by name in network mode `bridge`: `NAME` or `NAME:ALIAS`.',
        default=(),
        ecs=container('links'),
    )
    depends_on: Needs = entry(
        OF_CONTAINER,
        'Containers of the task that must have come so far before this one starts.',
        default=Needs(),
        ecs=container('dependsOn', rendering.dependencies, inverse.dependencies),
    )


@dataclass(frozen=True, kw_only=True)
class SidecarPassThrough:
    container: Mapping[str, Any] = entry(values.ecs_part('container'), 'Members of ContainerDefinition.', default={})


@dataclass(frozen=True, kw_only=True)
class Sidecar(ContainerSettings):
    """A further container; it inherits nothing from `defaults`."""

    name: str = ''
    ecs: SidecarPassThrough | None = entry(record(SidecarPassThrough), "What no field states, under ECS's own names.")
