"""ECS's service deployment as a value: the status, stage, hooks, traffic and monitors of one deployment of a service.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

Json = Mapping[str, Any]

OnTimeout = Literal['rollback', 'continue']

_EPOCH = datetime.fromtimestamp(0, UTC)
_OPEN = frozenset({'PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'})
_GOING_ON = frozenset({'PENDING', 'IN_PROGRESS'})
# The stages in which all production traffic is on the target.
_AFTER_SHIFT = frozenset({'POST_PRODUCTION_TRAFFIC_SHIFT', 'BAKE_TIME', 'CLEAN_UP'})
# The defaults of ECS: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html
_LINEAR_BAKE_MIN, _CANARY_BAKE_MIN = 6, 10


@dataclass(frozen=True, slots=True)
class Hook:
    """A lifecycle hook that is active; `expires_at` is None where ECS does not state it."""

    id: str
    kind: str
    status: str
    expires_at: datetime | None
    on_timeout: OnTimeout

    @property
    def awaits_action(self) -> bool:
        return self.status == 'AWAITING_ACTION'

    @property
    def active(self) -> bool:
        return self.status in ('AWAITING_ACTION', 'IN_PROGRESS')


@dataclass(frozen=True, slots=True)
class RevisionShare:
    """One service revision within a deployment: its tasks, and its share of the production traffic in percent."""

    arn: str
    requested: int = 0
    running: int = 0
    pending: int = 0
    traffic: float | None = None
    task_definition: str = ''


class ServiceRevision(NamedTuple):
    """What ECS made of a service revision: its task definition, and the target groups that lead to its tasks."""

    task_definition: str
    target_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor of a deployment: its status, and the alarms or the failed tasks that it counts."""

    status: str = 'DISABLED'
    names: tuple[str, ...] = ()
    triggered: tuple[str, ...] = ()
    failures: int = 0
    threshold: int = 0

    @property
    def is_triggered(self) -> bool:
        return self.status == 'TRIGGERED'

    @property
    def is_on(self) -> bool:
        return self.status != 'DISABLED'


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """The newest deployment of a service.

    `task_definition` is what it brings, `source_definition` what its rollback returns to; empty where not known.
    `target_groups` and `source_groups` lead to the tasks of the two. `rolled_back_at` is when its rollback began.
    """

    arn: str
    status: str
    reason: str
    stage: str
    hooks: tuple[Hook, ...]
    source: tuple[RevisionShare, ...]
    target: RevisionShare
    alarms: Monitor
    breaker: Monitor
    rollback_reason: str
    rolled_back_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    task_definition: str = ''
    source_definition: str = ''
    target_groups: tuple[str, ...] = ()
    source_groups: tuple[str, ...] = ()
    configuration: Json = field(repr=False, compare=False, default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether ECS still works on it, a rollback included."""
        return self.status in _OPEN

    @property
    def goes_on(self) -> bool:
        """Whether it is neither over nor to be stopped."""
        return self.status in _GOING_ON

    @property
    def strategy(self) -> str:
        """`rolling`, `blue_green`, `linear` or `canary`."""
        return strategy_in(self.configuration)

    @property
    def live_definition(self) -> str:
        """The task definition with the production traffic; empty where not known.

        It is the former one until all of the traffic is on the target.
        """
        if not self.source or self._has_shifted:
            return self.task_definition
        return max(self.source, key=lambda share: share.traffic or 0.0).task_definition

    @property
    def _has_shifted(self) -> bool:
        """Whether the target has all production traffic; by the stage where ECS states no weights."""
        if self.status in ('SUCCESSFUL', 'ROLLBACK_SUCCESSFUL'):
            return self.status == 'SUCCESSFUL'
        if self.target.traffic is None:
            return self.goes_on and self.stage in _AFTER_SHIFT
        return self.target.traffic >= 100

    @property
    def waits_for(self) -> tuple[Hook, ...]:
        return tuple(hook for hook in self.hooks if hook.awaits_action)

    @property
    def bake_time(self) -> timedelta:
        return timedelta(minutes=self.configuration.get('bakeTimeInMinutes') or 0)

    @property
    def step_bake_time(self) -> timedelta:
        """How long each step of a linear or canary deployment lasts."""
        if self.strategy == 'linear':
            stated = self.configuration.get('linearConfiguration') or {}
            return timedelta(minutes=stated.get('stepBakeTimeInMinutes', _LINEAR_BAKE_MIN))
        if self.strategy == 'canary':
            stated = self.configuration.get('canaryConfiguration') or {}
            return timedelta(minutes=stated.get('canaryBakeTimeInMinutes', _CANARY_BAKE_MIN))
        return timedelta()


def is_beyond_rolling(configuration: Json) -> bool:
    """Whether a deployment has more to it than tasks that replace each other: a strategy, alarms, or hooks."""
    strategy = configuration.get('strategy') or 'ROLLING'
    alarms = configuration.get('alarms') or {}
    return strategy != 'ROLLING' or bool(alarms.get('enable')) or bool(configuration.get('lifecycleHooks'))


def revision_arns(found: Json) -> list[str]:
    """The service revisions of an item of DescribeServiceDeployments: the target, and those it replaces."""
    target = (found.get('targetServiceRevision') or {}).get('arn')
    sources = [each.get('arn') for each in found.get('sourceServiceRevisions') or ()]
    back = (found.get('rollback') or {}).get('serviceRevisionArn')
    return [arn for arn in (target, *sources, back) if arn]


def strategy_in(configuration: Json) -> str:
    """The strategy that a `deploymentConfiguration` states: `rolling`, `blue_green`, `linear` or `canary`."""
    return str(configuration.get('strategy') or 'ROLLING').lower()


def read_revision(found: Json) -> ServiceRevision:
    """A service revision from an item of DescribeServiceRevisions."""
    resolved = (found.get('resolvedConfiguration') or {}).get('loadBalancers') or ()
    groups = tuple(str(each['targetGroupArn']) for each in resolved if each.get('targetGroupArn'))
    return ServiceRevision(found['taskDefinition'], groups)


def read(found: Json, revisions: Mapping[str, ServiceRevision]) -> ServiceDeployment:
    """A deployment from an item of DescribeServiceDeployments; `revisions` has service revisions by ARN."""
    target = _share(found.get('targetServiceRevision') or {}, revisions)
    source = tuple(_share(each, revisions) for each in found.get('sourceServiceRevisions') or ())
    rollback = found.get('rollback') or {}
    back = rollback.get('serviceRevisionArn') or next((each.arn for each in source), '')
    unknown = ServiceRevision('')
    new, old = revisions.get(target.arn, unknown), revisions.get(back, unknown)
    return ServiceDeployment(
        arn=found['serviceDeploymentArn'],
        status=found.get('status', ''),
        reason=found.get('statusReason') or '',
        stage=found.get('lifecycleStage') or '',
        hooks=_hooks(found.get('lifecycleHookDetails') or ()),
        source=source,
        target=target,
        alarms=_alarms(found.get('alarms') or {}),
        breaker=_breaker(found.get('deploymentCircuitBreaker') or {}),
        rollback_reason=rollback.get('reason') or '',
        rolled_back_at=rollback.get('startedAt'),
        created_at=found.get('createdAt') or _EPOCH,
        finished_at=found.get('finishedAt'),
        task_definition=new.task_definition,
        source_definition=old.task_definition,
        target_groups=new.target_groups,
        source_groups=old.target_groups,
        configuration=found.get('deploymentConfiguration') or {},
    )


def _hooks(found: Iterable[Json]) -> tuple[Hook, ...]:
    return tuple(
        Hook(
            each.get('hookId', ''),
            each.get('targetType', ''),
            each.get('status', ''),
            each.get('expiresAt'),
            'continue' if each.get('timeoutAction') == 'CONTINUE' else 'rollback',
        )
        for each in found
    )


def _share(found: Json, revisions: Mapping[str, ServiceRevision]) -> RevisionShare:
    revision = revisions.get(found.get('arn', ''))
    return RevisionShare(
        found.get('arn', ''),
        found.get('requestedTaskCount', 0),
        found.get('runningTaskCount', 0),
        found.get('pendingTaskCount', 0),
        found.get('requestedProductionTrafficWeight'),
        revision.task_definition if revision else '',
    )


def _alarms(found: Json) -> Monitor:
    names, triggered = found.get('alarmNames') or (), found.get('triggeredAlarmNames') or ()
    return Monitor(found.get('status', 'DISABLED'), tuple(names), tuple(triggered))


def _breaker(found: Json) -> Monitor:
    counters = {'failures': found.get('failureCount', 0), 'threshold': found.get('threshold', 0)}
    return Monitor(found.get('status', 'DISABLED'), **counters)
