"""The observed state as values: services with their deployments and events, tasks and why they stopped.

The functions take what boto3 gives, and go on where a key is missing: EventBridge's events and older services lack
some.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stack.reconcile.observed import OF_DEPLOYMENT
from stack.reconcile.shared_terms import shared
from stack.rollouts.service_deployment import ServiceDeployment, is_beyond_rolling, strategy_in
from stack.rollouts.service_events import ServiceEvent, ServiceEvents

EPOCH = datetime.fromtimestamp(0, UTC)

# ECS lists the last 100 events of a service: half of what is known of it. So many are kept while nothing moves, and
# older ones only where they report a failed deployment.
EVENTS_AT_REST = 20
_FAILED = 'deployment failed'
# The reason of a completed deployment, of which each has its own text; it is kept without the id.
_COMPLETED = 'ECS deployment {id} completed.'

# What of a description is no setting: what has fields of its own here, and what nothing is compared with.
_NO_SETTINGS = frozenset(
    {
        'clusterArn',
        'createdAt',
        'createdBy',
        'currentServiceDeployment',
        'currentServiceRevisions',
        'deployments',
        'desiredCount',
        'events',
        'pendingCount',
        'roleArn',
        'runningCount',
        'serviceArn',
        'serviceName',
        'tags',
        'taskDefinition',
    }
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """ECS's own word: one of a service's `deployments[]`.

    `status` is PRIMARY for the newest, ACTIVE for one that is being replaced. `rollout_state` is IN_PROGRESS, COMPLETED
    or FAILED, and None if ECS does not state it. `reason` is the reason of that state as it is kept: see `full_reason`.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
    """

    id: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    failed: int
    created_at: datetime
    rollout_state: str | None
    reason: str

    @property
    def full_reason(self) -> str:
        """The reason of its state in ECS's words."""
        return self.reason.format(id=self.id) if self.reason == _COMPLETED else self.reason


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    image: str
    digest: str | None
    exit_code: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task, running or stopped; ECS forgets a stopped one after an hour. `started_by` is the deployment's id."""

    id: str
    arn: str
    service: str
    task_definition: str
    started_by: str
    status: str
    health: str
    stop_code: str
    stopped_reason: str
    created_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service as DescribeServices gives it; `description` is that answer as far as it states settings.

    `arn_prefix` is its ARN without its name. Services with equal settings have one `description`. `deployment_id` is
    what `current_deployment` is made of. `native` is its newest service deployment, where that was asked for.
    """

    name: str
    arn_prefix: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    daemon: bool
    breaker_rolls_back: bool
    created_at: datetime
    deployments: tuple[Deployment, ...]
    events: Sequence[ServiceEvent]
    target_groups: tuple[str, ...]
    description: Mapping[str, Any] = field(repr=False, compare=False, default_factory=dict)
    native: ServiceDeployment | None = None
    deployment_id: str | None = field(default=None, compare=False)

    @property
    def arn(self) -> str:
        return f'{self.arn_prefix}{self.name}'

    @property
    def current_deployment(self) -> str | None:
        """The ARN of the newest service deployment; None where ECS does not state it."""
        id = self.deployment_id
        return id if id is None or id.startswith('arn:') else f'{_before_id(self.arn_prefix, self.name)}{id}'

    @property
    def described(self) -> dict[str, Any]:
        """What its settings are compared by: an item of the answer, as far as it is kept."""
        return {
            **self.description,
            'serviceName': self.name,
            'serviceArn': self.arn,
            'status': self.status,
            'taskDefinition': self.task_definition,
            'desiredCount': self.desired,
            'runningCount': self.running,
        }

    @property
    def strategy(self) -> str:
        """The strategy of its next deployment: `rolling`, `blue_green`, `linear` or `canary`."""
        return strategy_in(self.description.get('deploymentConfiguration') or {})

    @property
    def is_beyond_rolling(self) -> bool:
        """Whether its deployments have a strategy, alarms or hooks."""
        return is_beyond_rolling(self.description.get('deploymentConfiguration') or {})

    @property
    def every_target_group(self) -> tuple[str, ...]:
        """Its target groups, with those that native deployments use in turn."""
        advanced = [each.get('advancedConfiguration') or {} for each in self.description.get('loadBalancers') or ()]
        alternates = [each['alternateTargetGroupArn'] for each in advanced if each.get('alternateTargetGroupArn')]
        return tuple(dict.fromkeys([*self.target_groups, *alternates]))

    @property
    def definition_arns(self) -> frozenset[str]:
        """The task definitions of its deployments, and those that the newest service deployment brings or replaces."""
        arns = {each.task_definition for each in self.deployments}
        if self.native is not None:
            arns |= {self.native.task_definition, self.native.source_definition} - {''}
        return frozenset(arns)

    @property
    def grace(self) -> float:
        """For how many seconds after its start a task may fail health checks."""
        return float(self.description.get('healthCheckGracePeriodSeconds') or 0)

    @property
    def has_network_balancer(self) -> bool:
        """Whether ECS shifts the traffic of a Network Load Balancer for it."""
        advanced = [each.get('advancedConfiguration') or {} for each in self.description.get('loadBalancers') or ()]
        return any(':listener/net/' in (each.get('productionListenerRule') or '') for each in advanced)

    @property
    def active(self) -> bool:
        return self.status == 'ACTIVE'

    @property
    def rests(self) -> bool:
        """Whether one deployment is complete, with as many tasks as it should have."""
        states = [each.rollout_state for each in self.deployments]
        return _rests(states, self.desired, self.running, self.pending)

    @property
    def primary(self) -> Deployment | None:
        return next((each for each in self.deployments if each.status == 'PRIMARY'), None)

    @property
    def failed(self) -> int:
        """Tasks that failed to start in the deployments that ECS still shows."""
        return sum(each.failed for each in self.deployments)


def service(found: Mapping[str, Any]) -> Service:
    """A service from an item of DescribeServices' `services`."""
    breaker = (found.get('deploymentConfiguration') or {}).get('deploymentCircuitBreaker') or {}
    name, current = sys.intern(found['serviceName']), found.get('currentServiceDeployment')
    arn_prefix = sys.intern(found.get('serviceArn', '').removesuffix(name))
    return Service(
        name=name,
        arn_prefix=arn_prefix,
        status=_text(found, 'status', 'ACTIVE'),
        task_definition=_text(found, 'taskDefinition'),
        desired=found.get('desiredCount', 0),
        running=found.get('runningCount', 0),
        pending=found.get('pendingCount', 0),
        daemon=found.get('schedulingStrategy') == 'DAEMON',
        breaker_rolls_back=bool(breaker.get('enable') and breaker.get('rollback')),
        created_at=moment(found.get('createdAt')) or EPOCH,
        deployments=tuple(_deployment(each) for each in found.get('deployments', ())),
        events=_events(found),
        target_groups=tuple(
            each['targetGroupArn'] for each in found.get('loadBalancers', ()) if each.get('targetGroupArn')
        ),
        description=_description(found),
        # The whole ARN is longer than all numbers of the service together.
        deployment_id=current and current.removeprefix(_before_id(arn_prefix, name)),
    )


def _before_id(arn_prefix: str, name: str) -> str:
    """The ARN of a service deployment without its id."""
    return f'{arn_prefix.replace(":service/", ":service-deployment/")}{name}/'


def _text(found: Mapping[str, Any], name: str, default: str = '') -> str:
    """A text of an answer, as one object: most looks and services have the same ones."""
    return sys.intern(found.get(name) or default)


def _description(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings in a description; one object for all services with equal ones."""
    kept = {
        name: shared(value) if isinstance(value, dict | list) else value
        for name, value in found.items()
        if name not in _NO_SETTINGS
    }
    if 'deployments' in found:
        kept['deployments'] = shared(
            [{name: each[name] for name in OF_DEPLOYMENT if name in each} for each in found['deployments']]
        )
    if found.get('tags'):
        kept['tags'] = [shared(tag) for tag in found['tags']]
    return shared(kept)


def _events(found: Mapping[str, Any]) -> ServiceEvents:
    """The events of a service, the newest first: all of them unless it rests."""
    listed = found.get('events', ())
    states = [each.get('rolloutState') for each in found.get('deployments', ())]
    if _rests(states, found.get('desiredCount'), found.get('runningCount'), found.get('pendingCount')):
        listed = [*listed[:EVENTS_AT_REST], *(each for each in listed[EVENTS_AT_REST:] if _FAILED in each['message'])]
    lines = (ServiceEvent(moment(each['createdAt']) or EPOCH, each['message']) for each in listed)
    return ServiceEvents(sys.intern(found['serviceName']), lines)


def _rests(states: Sequence[str | None], desired: int | None, running: int | None, pending: int | None) -> bool:
    """Whether one deployment is complete, by the states of all, with as many tasks as it should have."""
    return list(states) in ([None], ['COMPLETED']) and running == desired and not pending


def _deployment(found: Mapping[str, Any]) -> Deployment:
    id = _text(found, 'id')
    reason = found.get('rolloutStateReason') or ''
    return Deployment(
        id=id,
        status=_text(found, 'status'),
        task_definition=_text(found, 'taskDefinition'),
        desired=found.get('desiredCount', 0),
        running=found.get('runningCount', 0),
        pending=found.get('pendingCount', 0),
        failed=found.get('failedTasks', 0),
        created_at=moment(found.get('createdAt')) or EPOCH,
        rollout_state=_text(found, 'rolloutState') or None,
        reason=_COMPLETED if reason == _COMPLETED.format(id=id) else reason,
    )


def task(found: Mapping[str, Any]) -> Task:
    """A task from an item of DescribeTasks' `tasks`, or from the detail of EventBridge's *ECS Task State Change*."""
    arn = found.get('taskArn', '')
    return Task(
        id=arn.rpartition('/')[2],
        arn=arn,
        service=found.get('group', '').removeprefix('service:'),
        task_definition=found.get('taskDefinitionArn', ''),
        started_by=found.get('startedBy', ''),
        status=found.get('lastStatus', ''),
        health=found.get('healthStatus', 'UNKNOWN'),
        stop_code=found.get('stopCode', ''),
        stopped_reason=found.get('stoppedReason', ''),
        created_at=moment(found.get('createdAt')),
        started_at=moment(found.get('startedAt')),
        stopped_at=moment(found.get('stoppedAt')),
        containers=tuple(
            Container(
                each.get('name', ''),
                each.get('image', ''),
                each.get('imageDigest'),
                each.get('exitCode'),
                each.get('reason', ''),
            )
            for each in found.get('containers', ())
        ),
    )


def moment(value: datetime | str | float | None) -> datetime | None:
    """A point in time as boto3 gives it (datetime), EventBridge (ISO 8601) or the wire (seconds)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        # Each of boto3's has a time zone of its own, which takes eight times its memory.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value, UTC)
