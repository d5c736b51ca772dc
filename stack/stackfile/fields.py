# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Every field of a stackfile, once.

Validation (schema.py), JSON Schema (json_schema.py), the reference in docs/stackfile.md (documentation.py), effective
settings (effective.py) and what ECS is given (task_definition.py) all come from the entries here: a new field is one
new entry. Limits are those of the AWS API that the value is handed to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.stackfile import rendering, values
from stack.stackfile.entries import DEFAULTS, TOP, entry, part_of, record
from stack.stackfile.rendering import container, key, service, structure, task
from stack.stackfile.shapes import choice, list_of, mapping_of, scalar, switch, text, whole

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
LOG_DRIVERS = ('awsfirelens', 'awslogs', 'fluentd', 'gelf', 'journald', 'json-file', 'splunk', 'syslog')


@dataclass(frozen=True, kw_only=True)
class Subnets:
    public: tuple[str, ...] = entry(list_of(values.AWS_ID), 'Subnets of public load balancers.', default=())
    private: tuple[str, ...] = entry(
        list_of(values.AWS_ID),
        'Subnets of private load balancers, and of tasks with an address of their own.',
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class SecurityGroups:
    public: tuple[str, ...] = entry(list_of(values.AWS_ID), 'Security groups of public load balancers.', default=())
    private: tuple[str, ...] = entry(
        list_of(values.AWS_ID),
        'Security groups of private load balancers, and of tasks with an address of their own.',
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class Vpc:
    id: str | None = entry(values.AWS_ID, 'The VPC that the cluster lies in.')
    subnets: Subnets = entry(record(Subnets), 'Where load balancers and tasks are placed.', default=Subnets())
    security_groups: SecurityGroups = entry(
        record(SecurityGroups), 'What load balancers and tasks may be reached from.', default=SecurityGroups()
    )


@dataclass(frozen=True, kw_only=True)
class Logging:
    log_driver: str | None = entry(choice(*LOG_DRIVERS), 'The log driver.')
    options: Mapping[str, str] = entry(
        mapping_of(text(), scalar()),
        'Options of the driver; `awslogs-region` defaults to the region of the cluster.',
        default={},
    )


def merge_logging(inherited: Logging, own: Logging) -> Logging:
    """Options of one driver say nothing to another."""
    if own.log_driver not in (None, inherited.log_driver):
        return own
    return Logging(log_driver=inherited.log_driver, options={**inherited.options, **own.options})


LOGGING = record(Logging, merge=merge_logging)


@dataclass(frozen=True, kw_only=True)
class ServiceDiscovery:
    namespace: str = entry(values.NAMESPACE, 'The private DNS namespace (AWS Cloud Map) of the cluster.', required=True)


@dataclass(frozen=True, kw_only=True)
class TargetHealthcheck:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""

    protocol: str = entry(choice('HTTP', 'HTTPS'), 'Protocol of the check.', default='HTTP')
    port: int | None = entry(values.PORT, 'Port of the check; the container port when absent.')
    path: str = entry(values.URL_PATH, 'Path of the check.', default='/')
    interval_seconds: int = entry(whole(5, 300), 'Time between two checks.', default=30)
    timeout_seconds: int = entry(whole(2, 120), 'Time after which a check has failed.', default=5)
    healthy_threshold_count: int = entry(whole(2, 10), 'Checks passed in a row that make a target healthy.', default=2)
    unhealthy_threshold_count: int = entry(whole(2, 10), 'Checks failed in a row that make it unhealthy.', default=10)


@dataclass(frozen=True, kw_only=True)
class DiscoveryHealthcheck(TargetHealthcheck):
    FailureThreshold: int = entry(whole(1, 10), 'Taken, and without effect: AWS Cloud Map uses 1.', default=1)


@dataclass(frozen=True, kw_only=True)
class ElbPorts:
    public: int = entry(values.PORT, 'The port that the load balancer listens on.', required=True)
    container: int = entry(values.PORT, 'The container port that it sends requests to; one of `ports`.', required=True)


@dataclass(frozen=True, kw_only=True)
class ElbDns:
    hosted_zone_id: str = entry(values.HOSTED_ZONE, 'The Route 53 hosted zone.', required=True)
    record_name: str = entry(values.DOMAIN, 'The record that points to the load balancer.', required=True)


@dataclass(frozen=True, kw_only=True)
class Elb:
    name: str = entry(
        text(r'[A-Za-z0-9-]+', 'letters, digits and -', at_most=32),
        'Part of the name of the load balancer.',
        default='',
    )
    type: str = entry(
        choice('public', 'private'), 'Who can reach it; says which subnets and security groups.', required=True
    )
    protocol: str = entry(choice('HTTP', 'HTTPS'), 'Protocol that it listens for.', default='HTTP')
    ports: ElbPorts = entry(record(ElbPorts), 'Its ports.', required=True)
    certificates: tuple[str, ...] = entry(
        list_of(values.CERTIFICATE), 'The certificate: exactly one with HTTPS, none with HTTP.', default=()
    )
    dns: ElbDns | None = entry(record(ElbDns), 'The DNS record that is kept for it.')
    healthcheck: TargetHealthcheck = entry(
        record(TargetHealthcheck), 'How it finds out which tasks can take requests.', default=TargetHealthcheck()
    )


@dataclass(frozen=True, kw_only=True)
class DnsDiscovery:
    name: str = entry(values.DISCOVERY_NAME, 'Name below the namespace; unique within it.', required=True)
    healthcheck: DiscoveryHealthcheck | None = entry(
        record(DiscoveryHealthcheck), 'Taken, and without effect: ECS reports the health of a task itself.'
    )


@dataclass(frozen=True, kw_only=True)
class Healthcheck:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"""

    command: tuple[str, ...] = entry(
        values.HEALTH_COMMAND, 'Run in the container; healthy when it exits with 0.', required=True, ecs=key('command')
    )
    interval: int = entry(whole(5, 300), 'Seconds between two checks.', default=30, ecs=key('interval'))
    timeout: int = entry(whole(2, 60), 'Seconds after which a check has failed.', default=5, ecs=key('timeout'))
    retries: int = entry(whole(1, 10), 'Checks failed in a row that make it unhealthy.', default=3, ecs=key('retries'))
    start_period: int = entry(
        whole(0, 300), 'Seconds at the start in which failures do not count.', default=0, ecs=key('startPeriod')
    )


@dataclass(frozen=True, kw_only=True)
class DeploymentConfiguration:
    maximum_percent: int | None = entry(
        whole(100, 200), 'Most tasks during a rollout, in percent of `desired_count`.', ecs=key('maximumPercent')
    )
    minimum_healthy_percent: int | None = entry(
        whole(0, 100), 'Fewest healthy tasks during a rollout, in percent.', ecs=key('minimumHealthyPercent')
    )


@dataclass(frozen=True, kw_only=True)
class CircuitBreaker:
    enable: bool = entry(switch(), 'Stop a rollout whose tasks do not start.', required=True, ecs=key('enable'))
    rollback: bool = entry(switch(), 'Go back to the last good one then.', default=False, ecs=key('rollback'))


@dataclass(frozen=True, kw_only=True)
class PlacementConstraint:
    type: str = entry(choice('memberOf', 'distinctInstance'), 'Kind of constraint.', required=True, ecs=key('type'))
    expression: str | None = entry(
        text(at_most=2000), 'For `memberOf`: in the cluster query language.', ecs=key('expression')
    )


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """What one service should be, with defaults and inherited values filled in."""

    name: str = ''

    image: str = entry(
        values.IMAGE, 'The image that the container runs.', default='', required=True, ecs=container('image')
    )
    type: str = entry(
        choice('service', 'task'), '`service` runs on; `task` runs once for each revision.', default='service'
    )
    desired_count: int = entry(
        whole(0, 5000),
        'How many tasks; 0 is a real value.',
        default=1,
        ecs=service('desiredCount', rendering.desired_count),
    )
    restarted_at: str | None = entry(
        values.INSTANT,
        'Replaces all tasks, and pulls their image again, where the last restart was earlier; absent asks for none.',
        ecs=container('dockerLabels', rendering.restart),
    )
    autoscaled: bool = entry(switch(), '`desired_count` belongs to an autoscaler and is left alone.', default=False)
    memory: int = entry(
        whole(4, 25_165_824),
        'Hard limit of memory, MiB.',
        default=1024,
        inherits=DEFAULTS,
        ecs=(container('memory'), task('memory', rendering.on_fargate)),
    )
    cpu: int | None = entry(
        whole(1, 262_144),
        'CPU units: 1024 are one processor.',
        inherits=DEFAULTS,
        ecs=(container('cpu'), task('cpu', rendering.on_fargate)),
    )
    gpus: int | None = entry(whole(1, 16), 'GPUs.', ecs=container('resourceRequirements', rendering.gpus))
    launch_type: str = entry(
        choice('EC2', 'FARGATE'),
        'On the instances of the cluster, or on Fargate.',
        default='EC2',
        inherits=DEFAULTS,
        ecs=(task('requiresCompatibilities', rendering.compatibility), service('launchType')),
    )
    scheduling_strategy: str = entry(
        choice('REPLICA', 'DAEMON'),
        '`REPLICA` runs `desired_count` tasks, `DAEMON` one on each instance.',
        default='REPLICA',
        ecs=service('schedulingStrategy'),
    )
    ports: tuple[values.PortMapping, ...] = entry(
        list_of(values.PORT_MAPPING),
        'Ports of the container.',
        default=(),
        ecs=container('portMappings', rendering.port_mappings),
    )
    environment: Mapping[str, str] = entry(
        values.ENVIRONMENT,
        "Environment variables; a service's own value wins over the one in `defaults`.",
        default={},
        inherits=DEFAULTS,
        ecs=container('environment', rendering.pairs('name', 'value')),
    )
    secrets: Mapping[str, str] = entry(
        values.SECRETS,
        'Environment variables from Secrets Manager or Parameter Store.',
        default={},
        inherits=DEFAULTS,
        ecs=container('secrets', rendering.pairs('name', 'valueFrom')),
    )
    command: tuple[str, ...] = entry(
        values.ARGUMENTS, "In place of the image's command, word by word.", default=(), ecs=container('command')
    )
    entrypoint: tuple[str, ...] = entry(
        values.ARGUMENTS, "In place of the image's entry point, word by word.", default=(), ecs=container('entryPoint')
    )
    volumes: tuple[values.Volume, ...] = entry(
        list_of(values.VOLUME),
        'Directories of the instance in the container.',
        default=(),
        ecs=(task('volumes', rendering.host_volumes), container('mountPoints', rendering.mount_points)),
    )
    privileged: bool = entry(
        switch(), 'Root rights on the instance.', default=False, ecs=container('privileged', rendering.if_true)
    )
    logging: Logging = entry(
        LOGGING,
        'Logging of the service; what it leaves out comes from the global `logging`.',
        default=Logging(),
        inherits=TOP,
        ecs=container('logConfiguration', rendering.log_configuration),
    )
    healthcheck: Healthcheck | None = entry(
        record(Healthcheck),
        'Health check in the container.',
        inherits=DEFAULTS,
        ecs=container('healthCheck', structure),
    )
    elb: Elb | None = entry(record(Elb), 'An application load balancer for the service.')
    dns_discovery: DnsDiscovery | None = entry(
        record(DnsDiscovery), 'A DNS name for the tasks, each of which gets an address of its own.'
    )
    deployment_configuration: DeploymentConfiguration | None = entry(
        record(DeploymentConfiguration),
        'How far a rollout may go beyond and below `desired_count`.',
        inherits=DEFAULTS,
        ecs=service('deploymentConfiguration', structure),
    )
    deployment_circuit_breaker: CircuitBreaker | None = entry(
        record(CircuitBreaker),
        'What happens to a rollout that fails.',
        inherits=DEFAULTS,
        ecs=service('deploymentConfiguration.deploymentCircuitBreaker', structure),
    )
    placement_constraints: tuple[PlacementConstraint, ...] = entry(
        list_of(record(PlacementConstraint), at_most=10),
        'Which instances tasks may run on.',
        default=(),
        ecs=(
            task('placementConstraints', rendering.constraints('memberOf')),
            service('placementConstraints', rendering.constraints('distinctInstance')),
        ),
    )
    task_role_arn: str | None = entry(
        values.ROLE, 'The IAM role of the program in the container.', inherits=DEFAULTS, ecs=task('taskRoleArn')
    )
    task_execution_role_arn: str | None = entry(
        values.ROLE,
        'The IAM role that ECS itself uses: for secrets, and on Fargate for images and logs.',
        inherits=DEFAULTS,
        ecs=task('executionRoleArn'),
    )

    @property
    def network_mode(self) -> str:
        """`awsvpc` (an address for each task) with discovery by DNS or on Fargate, else `host`."""
        return 'awsvpc' if self.dns_discovery or self.launch_type == 'FARGATE' else 'host'


@dataclass(frozen=True, kw_only=True)
class Stackfile:
    vpc: Vpc | None = entry(record(Vpc), 'The network: needed by load balancers, and by tasks with their own address.')
    logging: Logging | None = entry(LOGGING, 'Logging of all services.')
    service_discovery: ServiceDiscovery | None = entry(record(ServiceDiscovery), 'Needed by `dns_discovery`.')
    defaults: Mapping[str, Any] = entry(
        part_of(ServiceSettings, DEFAULTS, 'a mapping'), 'For all services that do not say otherwise.', default={}
    )
    services: Any = entry(
        values.named(
            values.SERVICE_NAME, record(ServiceSettings), 'a list of services, each a name with its settings below it'
        ),
        'The services, each an item with one key, its name. The list may be empty.',
        default=(),
        required=True,
    )
