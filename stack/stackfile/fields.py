# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""The field table: every field of a stackfile, once.

Validation (schema.py), JSON Schema (json_schema.py), the reference in docs/stackfile.md (documentation.py), effective
settings (effective.py) and the rendering (task_definition.py) are derived from it: a new field is one new entry. Limits
are those of the AWS API that gets the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.stackfile import deployment_rendering, inverse, rendering, values
from stack.stackfile.approval_fields import Approvals
from stack.stackfile.autoscaling_fields import Autoscaling
from stack.stackfile.connect_fields import SERVICE_CONNECT, ServiceConnect
from stack.stackfile.container_fields import LOGGING, ContainerSettings, Logging, Sidecar
from stack.stackfile.deployment_fields import DEPLOYMENT, Deployment
from stack.stackfile.deployment_settings import CircuitBreaker, DeploymentConfiguration, DeploymentSettings
from stack.stackfile.elb_fields import MOST_TARGET_GROUPS, Elb
from stack.stackfile.entries import DEFAULTS, TOP, entry, part_of, record
from stack.stackfile.freeze_windows import FREEZES, FreezeWindow
from stack.stackfile.network_fields import DnsDiscovery, ServiceDiscovery, TaskNetwork, Vpc
from stack.stackfile.order_fields import OrderSettings
from stack.stackfile.rendering import container, key, service, structure, structures
from stack.stackfile.schedule_fields import ROLE_ARN, Schedule
from stack.stackfile.shapes import choice, list_of, one_or_several, switch, text, whole
from stack.stackfile.shared_balancer_fields import SharedBalancer
from stack.stackfile.volumes import VOLUME, Volume

FARGATE_PROVIDERS = ('FARGATE', 'FARGATE_SPOT')

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html
OPERATING_SYSTEMS = (
    'linux',
    'windows_server_2016_full',
    'windows_server_2019_core',
    'windows_server_2019_full',
    'windows_server_2004_core',
    'windows_server_20h2_core',
    'windows_server_2022_core',
    'windows_server_2022_full',
    'windows_server_2025_core',
    'windows_server_2025_full',
)


@dataclass(frozen=True, kw_only=True)
class PlacementConstraint:
    type: str = entry(choice('memberOf', 'distinctInstance'), 'Kind of constraint.', required=True, ecs=key('type'))
    expression: str | None = entry(
        text(at_most=2000), 'For `memberOf`: in the cluster query language.', ecs=key('expression')
    )


@dataclass(frozen=True, kw_only=True)
class PlacementStrategy:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementStrategy.html"""

    type: str = entry(
        choice('random', 'spread', 'binpack'), 'How instances are chosen.', required=True, ecs=key('type')
    )
    field: str | None = entry(text(), 'By what, such as `attribute:ecs.availability-zone`.', ecs=key('field'))


@dataclass(frozen=True, kw_only=True)
class CapacityProvider:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""

    name: str = ''
    weight: int = entry(whole(0, 1000), 'Its share of the tasks beyond `base`.', default=0, ecs=key('weight'))
    base: int = entry(whole(0, 100_000), 'Tasks that run on it before others get any.', default=0, ecs=key('base'))


@dataclass(frozen=True, kw_only=True)
class TaskSize:
    cpu: int | None = entry(
        whole(1, 262_144), 'CPU units of the whole task.', ecs=rendering.task('cpu', rendering.as_text, inverse.number)
    )
    memory: int | None = entry(
        whole(4, 25_165_824),
        'Memory of the whole task, MiB.',
        ecs=rendering.task('memory', rendering.as_text, inverse.number),
    )


@dataclass(frozen=True, kw_only=True)
class PassThrough:
    task_definition: Mapping[str, Any] = entry(
        values.ecs_part('task_definition'), 'Members of RegisterTaskDefinition.', default={}
    )
    container: Mapping[str, Any] = entry(
        values.ecs_part('container'), 'Members of ContainerDefinition, for the main container.', default={}
    )
    service: Mapping[str, Any] = entry(
        values.ecs_part('service'), 'Members of CreateService and UpdateService.', default={}
    )


def merge_pass_through(inherited: PassThrough, own: PassThrough) -> PassThrough:
    parts = ('task_definition', 'container', 'service')
    return PassThrough(**{p: values.deeply_merged(getattr(inherited, p), getattr(own, p)) for p in parts})


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(DeploymentSettings, OrderSettings, ContainerSettings):
    """The fields of one service; an instance has defaults and inherited values applied."""

    name: str = ''

    memory: int | None = entry(
        whole(4, 25_165_824),
        'Hard limit of memory, MiB; none by default beside `memory_reservation` or `task.memory`. '
        'On Fargate without `task`, the memory of the task.',
        default=1024,
        inherits=DEFAULTS,
        ecs=(
            container('memory', rendering.container_size, inverse.positive),
            rendering.task('memory', rendering.task_size, inverse.nothing),
        ),
    )
    cpu: int | None = entry(
        whole(1, 262_144),
        'CPU units: 1024 are one processor. On Fargate without `task`, those of the task.',
        inherits=DEFAULTS,
        ecs=(
            container('cpu', rendering.container_size, inverse.positive),
            rendering.task('cpu', rendering.task_size, inverse.nothing),
        ),
    )
    type: str = entry(
        choice('service', 'task'),
        '`service` runs on; `task` runs once for each revision, or at the times of its `schedule`.',
        default='service',
    )
    schedule: Schedule | None = entry(
        record(Schedule),
        'When EventBridge Scheduler runs a service of `type: task`, in place of once for each revision.',
    )
    scheduler_role: str | None = entry(
        ROLE_ARN,
        'The IAM role that EventBridge Scheduler uses to run the tasks of a `schedule`.',
        inherits=DEFAULTS,
    )
    desired_count: int = entry(
        whole(0, 5000),
        'How many tasks; 0 is a real value.',
        default=1,
        ecs=service('desiredCount', rendering.desired_count),
    )
    ignore: tuple[str, ...] = entry(
        list_of(
            text(r'[a-z_]+(?:\.[A-Za-z0-9_.:/-]+)?', 'the path of a field', at_most=500, example='desired_count'), 100
        ),
        'Fields that are left as they run, and are never drift, such as `desired_count` or `environment.LEVEL`.',
        default=(),
    )
    undeclared: str = entry(
        choice('remove', 'keep'),
        'What happens to what runs and is not declared. With `keep` only the fields that the service itself declares '
        'are changed, for a service whose definition another program owns.',
        default='remove',
    )
    restarted_at: str | None = entry(
        values.INSTANT,
        'Replaces all tasks, and pulls their image again, where the last restart was earlier; absent asks for none.',
        ecs=container('dockerLabels', rendering.restart, inverse.nothing),
    )
    restart_on_secret_change: bool = entry(
        switch(),
        'Restarts the service after a secret or parameter of it has got another value: within minutes, at most every '
        '15 minutes, and not while the cluster is frozen.',
        default=False,
        inherits=DEFAULTS,
    )
    approvals: Approvals | None = entry(
        record(Approvals),
        'Who approves changes of this service, in place of the `approvals` at the top.',
        inherits=TOP,
    )
    autoscaled: bool = entry(switch(), '`desired_count` belongs to an autoscaler and is left alone.', default=False)
    autoscaling: Autoscaling | None = entry(
        record(Autoscaling),
        'AWS scales the number of its tasks; `desired_count` is then only the start.',
        inherits=DEFAULTS,
    )
    container_name: str | None = entry(
        values.CONTAINER_NAME, 'The name of the main container; the name of the service.', ecs=container('name')
    )
    containers: tuple[Sidecar | str, ...] = entry(
        values.named_list(
            values.CONTAINER_NAME,
            record(Sidecar),
            'a list of containers, each a name with its settings below it, or the name of the main one',
            10,
            bare=True,
        ),
        'Further containers of the task. The name of the main container alone states its place; it is the first.',
        default=(),
    )
    task: TaskSize | None = entry(
        record(TaskSize), 'The size of the task, where it is not that of its container.', inherits=DEFAULTS
    )
    launch_type: str = entry(
        choice('EC2', 'FARGATE', 'EXTERNAL'),
        'On the instances of the cluster, on Fargate, or on your own machines.',
        default='EC2',
        inherits=DEFAULTS,
        ecs=service('launchType', rendering.launch_type),
    )
    capacity_providers: tuple[CapacityProvider, ...] = entry(
        values.named_list(
            values.CAPACITY_PROVIDER,
            record(CapacityProvider),
            'a list of capacity providers, each a name with weight and base below it',
            20,
        ),
        'Where tasks run, in place of `launch_type`.',
        default=(),
        inherits=DEFAULTS,
        ecs=service('capacityProviderStrategy', rendering.providers, inverse.providers),
    )
    compatibilities: tuple[str, ...] | None = entry(
        list_of(choice('EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES')),
        'What ECS checks the task definition for; `FARGATE` by default where it runs there, else nothing.',
        inherits=DEFAULTS,
    )
    network_mode: str | None = entry(
        choice('awsvpc', 'bridge', 'host', 'none', 'default'),
        'The network of its tasks: `awsvpc` with `dns_discovery` or on Fargate, else `host`. '
        '`default` states none to ECS: `bridge`, on Windows that of Docker.',
        inherits=DEFAULTS,
    )
    scheduling_strategy: str = entry(
        choice('REPLICA', 'DAEMON'),
        '`REPLICA` runs `desired_count` tasks, `DAEMON` one on each instance.',
        default='REPLICA',
        ecs=service('schedulingStrategy'),
    )
    network: TaskNetwork | None = entry(
        record(TaskNetwork), 'Where tasks with an address of their own are placed.', inherits=DEFAULTS
    )
    architecture: str | None = entry(
        choice('x86_64', 'arm64'),
        'The processor architecture; `x86_64`.',
        inherits=DEFAULTS,
        ecs=rendering.task('runtimePlatform.cpuArchitecture', rendering.upper, inverse.lower),
    )
    operating_system: str | None = entry(
        choice(*OPERATING_SYSTEMS),
        'The operating system; `linux`.',
        inherits=DEFAULTS,
        ecs=rendering.task('runtimePlatform.operatingSystemFamily', rendering.upper, inverse.lower),
    )
    volumes: tuple[Volume, ...] = entry(
        list_of(VOLUME),
        'Volumes of the task, and where the main container mounts them.',
        default=(),
        ecs=(
            rendering.task('volumes', rendering.volumes, inverse.volumes),
            container('mountPoints', rendering.volume_mounts, inverse.nothing),
            service('volumeConfigurations', rendering.launch_volumes, inverse.nothing),
        ),
    )
    ephemeral_storage: int | None = entry(
        whole(21, 200), 'Storage of a task on Fargate, GiB; 20.', ecs=rendering.task('ephemeralStorage.sizeInGiB')
    )
    tags: Mapping[str, str] = entry(
        values.TAGS,
        'Tags of the service and its task definitions, joined with those at the top.',
        default={},
        inherits=DEFAULTS,
    )
    task_definition_tags: Mapping[str, str] | None = entry(
        values.TAGS, 'Tags of the task definitions, in place of `tags`.', inherits=DEFAULTS
    )
    propagate_tags: str | None = entry(
        choice('service', 'task_definition', 'none'),
        'Whose tags the tasks get; `none`.',
        inherits=DEFAULTS,
        ecs=service('propagateTags', rendering.upper, inverse.lower),
    )
    ecs_managed_tags: bool | None = entry(
        switch(),
        'Tasks are tagged with the names of cluster and service.',
        inherits=DEFAULTS,
        ecs=service('enableECSManagedTags'),
    )
    elb: tuple[Elb, ...] = entry(
        one_or_several(record(Elb), MOST_TARGET_GROUPS),
        'The load balancer of the service, or a list of several.',
        default=(),
    )
    dns_discovery: DnsDiscovery | None = entry(
        record(DnsDiscovery), 'A DNS name for the tasks, each of which gets an address of its own.'
    )
    service_connect: ServiceConnect | None = entry(
        SERVICE_CONNECT,
        'Service Connect: the service reaches others of its namespace by name, and they reach it.',
        inherits=DEFAULTS,
        ecs=service('serviceConnectConfiguration', rendering.service_connect, inverse.service_connect),
    )
    grace_period: int | None = entry(
        whole(0, 2**31 - 1),
        'Seconds after the start in which health checks of a load balancer do not count.',
        inherits=DEFAULTS,
        ecs=service('healthCheckGracePeriodSeconds'),
    )
    exec: bool | None = entry(
        switch(),
        'ECS Exec: commands can be run in the containers.',
        inherits=DEFAULTS,
        ecs=(
            service('enableExecuteCommand'),
            container('linuxParameters.initProcessEnabled', rendering.init_for_exec, inverse.nothing),
        ),
    )
    deployment: Deployment = entry(
        DEPLOYMENT,
        'How ECS replaces its tasks: the strategy, what the deployment waits for, and what ends it.',
        default=Deployment(),
        inherits=DEFAULTS,
        ecs=service('deploymentConfiguration', deployment_rendering.deployment, deployment_rendering.read_structure),
    )
    deployment_configuration: DeploymentConfiguration | None = entry(
        record(DeploymentConfiguration),
        'How far a rollout may go beyond and below `desired_count`; the same as in `deployment`.',
        inherits=DEFAULTS,
        ecs=service('deploymentConfiguration', structure, inverse.nothing),
    )
    deployment_circuit_breaker: CircuitBreaker | None = entry(
        record(CircuitBreaker),
        'What happens to a rollout that fails; the same as `deployment.circuit_breaker`.',
        inherits=DEFAULTS,
        ecs=service('deploymentConfiguration.deploymentCircuitBreaker', structure, inverse.nothing),
    )
    placement_constraints: tuple[PlacementConstraint, ...] = entry(
        list_of(record(PlacementConstraint), at_most=10),
        'Which instances tasks may run on.',
        default=(),
        ecs=(
            rendering.task('placementConstraints', rendering.constraints('memberOf'), inverse.constraints('memberOf')),
            service(
                'placementConstraints',
                rendering.constraints('distinctInstance'),
                inverse.constraints('distinctInstance'),
            ),
        ),
    )
    placement_strategy: tuple[PlacementStrategy, ...] = entry(
        list_of(record(PlacementStrategy), at_most=5),
        'Which instances are preferred, in this order.',
        default=(),
        ecs=service('placementStrategy', structures, inverse.structures),
    )
    az_rebalancing: bool | None = entry(
        switch(),
        'ECS keeps tasks evenly spread over availability zones.',
        inherits=DEFAULTS,
        ecs=service('availabilityZoneRebalancing', rendering.enabled, inverse.enabled),
    )
    platform_version: str | None = entry(
        text(), 'The version of Fargate; `LATEST`.', inherits=DEFAULTS, ecs=service('platformVersion')
    )
    controller: str | None = entry(
        choice('ecs', 'code_deploy', 'external'),
        'What drives deployments; `ecs`. The others are left to do so.',
        ecs=service('deploymentController.type', rendering.upper, inverse.lower),
    )
    task_role_arn: str | None = entry(
        values.ROLE,
        'The IAM role of the program in the container.',
        inherits=DEFAULTS,
        ecs=rendering.task('taskRoleArn'),
    )
    task_execution_role_arn: str | None = entry(
        values.ROLE,
        'The IAM role that ECS itself uses: for secrets, and on Fargate for images and logs.',
        inherits=DEFAULTS,
        ecs=rendering.task('executionRoleArn'),
    )
    ecs: PassThrough | None = entry(
        record(PassThrough, merge=merge_pass_through),
        "What no field states, under ECS's own names.",
        inherits=DEFAULTS,
    )

    @property
    def on_fargate(self) -> bool:
        """Whether all its tasks run on Fargate."""
        if self.capacity_providers:
            return all(provider.name in FARGATE_PROVIDERS for provider in self.capacity_providers)
        return self.launch_type == 'FARGATE'

    @property
    def task_network(self) -> str:
        """The network mode of its tasks."""
        if self.network_mode:
            return self.network_mode
        return 'awsvpc' if self.dns_discovery or self.on_fargate else 'host'

    @property
    def sidecars(self) -> tuple[Sidecar, ...]:
        """The containers except the main one."""
        return tuple(container for container in self.containers if isinstance(container, Sidecar))

    @property
    def main_container(self) -> str:
        return self.container_name or self.name


@dataclass(frozen=True, kw_only=True)
class Stackfile:
    account: str | None = entry(
        values.ACCOUNT,
        'The AWS account of the cluster, by its name in the setting `NYSA_ACCOUNTS`; by default the first one whose '
        'patterns match the name of the cluster. It cannot change.',
    )
    region: str | None = entry(
        values.REGION,
        'The AWS region of the cluster; by default that of its account. It cannot change.',
    )
    ecs_cluster: str | None = entry(
        values.ECS_CLUSTER,
        'The name of the cluster in ECS, where that is another one than in Nysa. It cannot change. Dimensions of '
        'metrics state this name; what Nysa creates is named by the one in Nysa.',
    )
    vpc: Vpc | None = entry(record(Vpc), 'The network: needed by load balancers, and by tasks with their own address.')
    logging: Logging | None = entry(LOGGING, 'Logging of all services.')
    service_discovery: ServiceDiscovery | None = entry(record(ServiceDiscovery), 'Needed by `dns_discovery`.')
    load_balancers: tuple[SharedBalancer, ...] = entry(
        values.named_list(
            values.BALANCER_NAME,
            record(SharedBalancer),
            'a list of load balancers, each a name with its settings below it',
            20,
        ),
        'Load balancers that services share; one is created once a service uses it, and deleted when none does.',
        default=(),
    )
    tags: Mapping[str, str] = entry(values.TAGS, 'Tags of all services and their task definitions.', default={})
    freezes: tuple[FreezeWindow, ...] = entry(
        FREEZES,
        'Times that repeat, in which changes are refused as in a freeze.',
        default=(),
    )
    approvals: Approvals | None = entry(
        record(Approvals), 'Who approves changes before they are made; none are needed without it.'
    )
    defaults: Mapping[str, Any] = entry(
        part_of(ServiceSettings, DEFAULTS, 'a mapping'), 'Defaults of all services.', default={}
    )
    services: Any = entry(
        values.named(
            values.SERVICE_NAME, record(ServiceSettings), 'a list of services, each a name with its settings below it'
        ),
        'The services, each an item with one key, its name. The list may be empty.',
        default=(),
        required=True,
    )
