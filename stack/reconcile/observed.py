"""Observed state: typed values of one cluster's resources in AWS, as the planner reads them.

The method `read` of a class parses an item of the AWS response that the class docstring names.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from stack.reconcile import names
from stack.reconcile.observed_balancers import LoadBalancer, TargetGroup
from stack.reconcile.observed_index import ObservedIndex
from stack.reconcile.observed_names import Namespace, Record, Registry
from stack.reconcile.scalable_target import ScalableTarget
from stack.reconcile.stop_order import Stop

Answer = Mapping[str, Any]
Tags = Mapping[str, str]

# Members of CreateService that DescribeServices returns.
_MEMBERS = (
    'availabilityZoneRebalancing',
    'capacityProviderStrategy',
    'deploymentConfiguration',
    'deploymentController',
    'enableECSManagedTags',
    'enableExecuteCommand',
    'healthCheckGracePeriodSeconds',
    'launchType',
    'loadBalancers',
    'networkConfiguration',
    'placementConstraints',
    'placementStrategy',
    'platformVersion',
    'propagateTags',
    'schedulingStrategy',
    'serviceRegistries',
)

# Members that DescribeServices returns in the newest deployment only.
_OF_NEWEST = ('serviceConnectConfiguration', 'volumeConfigurations', 'vpcLatticeConfigurations')
# What `Service.read` needs of each deployment.
OF_DEPLOYMENT = ('status', 'rolloutState', *_OF_NEWEST)


@dataclass(frozen=True, slots=True)
class Service:
    """An ECS service (DescribeServices with TAGS). `deployments` counts the unfinished ones.

    `members` are those of CreateService, as DescribeServices returns them. `rollout_state` is that of the newest
    deployment, None where ECS does not state it. `current_deployment` is the ARN of the newest service deployment, None
    where ECS does not state it.
    """

    name: str
    arn: str
    status: str
    task_definition: str
    desired_count: int
    running_count: int = 0
    launch_type: str | None = None
    scheduling_strategy: str = 'REPLICA'
    controller: str = 'ECS'
    members: Answer = field(default_factory=dict)
    load_balancers: tuple[Answer, ...] = ()
    registries: tuple[Answer, ...] = ()
    deployments: int = 1
    rollout_state: str | None = None
    current_deployment: str | None = None
    tags: Tags = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.status == 'ACTIVE'

    @property
    def taggable(self) -> bool:
        """Whether its ARN has the long format, which contains the cluster: ECS refuses to tag any other.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
        """
        return self.arn.partition(':service/')[2].count('/') == 1 or ':service/' not in self.arn

    @property
    def is_whole(self) -> bool:
        """Whether Nysa created it, or adopted it with a stackfile that stated everything."""
        return names.MADE_FOR_TAG in self.tags or names.WHOLE_TAG in self.tags

    @property
    def network(self) -> Answer | None:
        """The awsvpcConfiguration; None in every other network mode."""
        return (self.members.get('networkConfiguration') or {}).get('awsvpcConfiguration')

    @property
    def target_groups(self) -> frozenset[str]:
        """The ARNs of the target groups that it is attached to."""
        return frozenset(arn for attachment in self.load_balancers if (arn := attachment.get('targetGroupArn')))

    @property
    def draining(self) -> bool:
        return self.status == 'DRAINING'

    @property
    def is_settled(self) -> bool:
        """Whether its last rollout has succeeded, and all its tasks run."""
        one = self.deployments <= 1 and self.rollout_state in ('COMPLETED', None)
        return self.active and one and self.running_count >= self.desired_count

    @classmethod
    def read(cls, found: Answer) -> 'Service':
        found = _with_task_set(found)
        return cls(
            name=found['serviceName'],
            arn=found['serviceArn'],
            status=found['status'],
            task_definition=found.get('taskDefinition', ''),
            desired_count=found.get('desiredCount', 0),
            running_count=found.get('runningCount', 0),
            launch_type=found.get('launchType'),
            scheduling_strategy=found.get('schedulingStrategy', 'REPLICA'),
            controller=found.get('deploymentController', {}).get('type', 'ECS'),
            members=_members(found),
            load_balancers=tuple(found.get('loadBalancers') or ()),
            registries=tuple(found.get('serviceRegistries') or ()),
            deployments=len(found.get('deployments') or ()),
            rollout_state=_newest(found).get('rolloutState'),
            current_deployment=found.get('currentServiceDeployment'),
            tags=names.read_tags(found.get('tags')),
        )


# Members that a task set has in place of a service with an external controller.
_OF_TASK_SET = (
    'capacityProviderStrategy',
    'launchType',
    'loadBalancers',
    'networkConfiguration',
    'platformVersion',
    'serviceRegistries',
    'taskDefinition',
)


def _with_task_set(found: Answer) -> Answer:
    """The description of a service, with what its primary task set states in its place.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
    """
    task_sets: Sequence[Answer] = found.get('taskSets') or ()
    primary = next((task_set for task_set in task_sets if task_set.get('status') == 'PRIMARY'), {})
    return {**found, **{name: primary[name] for name in _OF_TASK_SET if primary.get(name) and not found.get(name)}}


def _newest(found: Answer) -> Answer:
    deployments: Sequence[Answer] = found.get('deployments') or ()
    return next((deployment for deployment in deployments if deployment.get('status') == 'PRIMARY'), {})


def _members(found: Answer) -> dict[str, Any]:
    newest = _newest(found)
    parts = {name: found.get(name) for name in _MEMBERS} | {name: newest.get(name) for name in _OF_NEWEST}
    return {name: value for name, value in parts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A task definition (DescribeTaskDefinition with TAGS); `body` is the response's `taskDefinition`."""

    arn: str
    family: str
    body: Answer
    tags: Tags = field(default_factory=dict)

    @classmethod
    def read(cls, answer: Answer) -> 'TaskDefinition':
        body = answer['taskDefinition']
        # Services and looks have the same ARN.
        return cls(sys.intern(body['taskDefinitionArn']), body['family'], body, names.read_tags(answer.get('tags')))


@dataclass(frozen=True)
class Observed:
    """The observed state of one cluster: everything that a plan depends on.

    `definitions`: those that services run, by ARN. `newest`: the newest active one, by family, where it was looked up.
    `families`: all active ones of a family with their tags, for services that are to go. `given_up`: ARNs of task
    definitions from which ECS itself rolled a service back. `ran`: (service, startedBy) of tasks that ECS still knows.
    `autoscaled`: services whose count is an autoscaler's. `scaling`: the scalable targets of those that concern the
    desired state; none where they cannot be read, `unknown_scaling` being the reason. `connect_namespaces`: the names
    of all namespaces by ARN, where a service uses Service Connect; `connect_default`: the cluster's own.
    `log_groups`: (region or None, name). These, `records`, `namespaces` and `registries` as far as they matter.
    `unknown_log_groups`: those that could not be asked for, and why. `subnets`: the VPC of each subnet that the
    desired state names and that exists, None where that is unknown.
    `schedules`: answers of GetSchedule by GROUP/NAME, `unknown_schedules` why one could not be read.
    `schedule_groups`: the names in a schedule group, where it was listed and exists.
    `stops`: by service, the deployment that is the newest and is to be stopped.
    `at`: the time of observation, in seconds since the epoch.
    """

    cluster: str
    services: Mapping[str, Service] = field(default_factory=dict)
    definitions: Mapping[str, TaskDefinition] = field(default_factory=dict)
    newest: Mapping[str, TaskDefinition] = field(default_factory=dict)
    families: Mapping[str, tuple[TaskDefinition, ...]] = field(default_factory=dict)
    given_up: frozenset[str] = frozenset()
    autoscaled: frozenset[str] = frozenset()
    scaling: Mapping[str, ScalableTarget] = field(default_factory=dict)
    unknown_scaling: str = ''
    ran: frozenset[tuple[str, str]] = frozenset()
    container_instances: int = 0
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    records: tuple[Record, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    connect_namespaces: Mapping[str, str] = field(default_factory=dict)
    connect_default: str = ''
    registries: tuple[Registry, ...] = ()
    log_groups: frozenset[tuple[str | None, str]] = frozenset()
    unknown_log_groups: Mapping[tuple[str | None, str], str] = field(default_factory=dict)
    subnets: Mapping[str, str] | None = None
    cluster_arn: str = ''
    schedules: Mapping[str, Answer] = field(default_factory=dict)
    unknown_schedules: Mapping[str, str] = field(default_factory=dict)
    schedule_groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stops: Mapping[str, Stop] = field(default_factory=dict)
    at: float = 0.0

    def service(self, name: str) -> Service | None:
        """The service, unless it is deleted: ECS describes INACTIVE services for a while."""
        found = self.services.get(name)
        return found if found and (found.active or found.draining) else None

    @cached_property
    def index(self) -> ObservedIndex:
        """The parts by owner, ARN and name."""
        return ObservedIndex(self.load_balancers, self.target_groups, self.registries, self.records)

    @cached_property
    def users(self) -> Mapping[str, frozenset[str]]:
        """By the ARN of a target group, or of an entry in Cloud Map: the names of the active services that use it."""
        found: dict[str, set[str]] = {}
        for service in self.services.values():
            entries = {arn for entry in service.registries if (arn := entry.get('registryArn'))}
            for arn in (service.target_groups | entries) if service.active else ():
                found.setdefault(arn, set()).add(service.name)
        return {arn: frozenset(users) for arn, users in found.items()}

    def groups_of(self, owner: names.Owner) -> frozenset[str]:
        """The ARNs of the target groups of an owner."""
        return frozenset(group.arn for group in self.index.target_groups_of(owner))


class Observer(Protocol):
    """The port that reads AWS: see `stack.aws.inventory.Inventory`."""

    async def observe(
        self, cluster: str, document: Mapping[str, Any], *, destroyed: Collection[str] = (), prune: bool = False
    ) -> Observed: ...


class ExtendingObserver(Observer, Protocol):
    """An observer that adds to an observed state what a plan of another document needs."""

    async def extend(self, observed: Observed, document: Mapping[str, Any]) -> Observed: ...
