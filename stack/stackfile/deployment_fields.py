# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Deployment fields of a service: its strategy, what the deployment waits for, and what ends it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

from stack.stackfile import deployment_rendering as rendering
from stack.stackfile import values
from stack.stackfile.deployment_shapes import DURATION, duration, json_value, stages, tenths
from stack.stackfile.entries import entry, record
from stack.stackfile.rendering import key, structure, structures, upper
from stack.stackfile.shapes import choice, list_of, switch, text, whole

ROLLING = 'rolling'
BLUE_GREEN = 'blue_green'
LINEAR = 'linear'
CANARY = 'canary'
STRATEGIES = (ROLLING, BLUE_GREEN, LINEAR, CANARY)

# Fields that only a rolling deployment has, and those that only the strategies with two revisions side by side have.
ROLLING_ONLY = ('circuit_breaker', 'early_success')
SHIFTING_ONLY = ('linear', 'canary')

DEFAULT_TIMEOUT = timedelta(days=1)
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
LONGEST_HOOK = {'pause': timedelta(days=14), 'lambda': timedelta(days=1)}
# Of each type.
MOST_HOOKS = 10

_BAKE_TIME = duration(timedelta(minutes=1440))
_FUNCTION = text(
    r'arn:aws[a-z-]*:lambda:\S+',
    'the ARN of a Lambda function',
    example='arn:aws:lambda:us-east-1:123456789012:function:smoke-test',
)


@dataclass(frozen=True, kw_only=True)
class Linear:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html"""

    step_percent: float = entry(
        tenths(3, 100), 'The traffic that each step adds, in percent; 10.', default=10.0, ecs=key('stepPercent')
    )
    step_bake_time: timedelta = entry(
        _BAKE_TIME,
        'The time between two steps; 6m.',
        default=timedelta(minutes=6),
        ecs=key('stepBakeTimeInMinutes', rendering.minutes, rendering.read_minutes),
    )


@dataclass(frozen=True, kw_only=True)
class Canary:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html"""

    percent: float = entry(
        tenths(0.1, 100), 'The traffic of the first step, in percent; 5.', default=5.0, ecs=key('canaryPercent')
    )
    bake_time: timedelta = entry(
        _BAKE_TIME,
        'The time between the first step and the rest; 10m.',
        default=timedelta(minutes=10),
        ecs=key('canaryBakeTimeInMinutes', rendering.minutes, rendering.read_minutes),
    )


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentAlarms.html"""

    names: tuple[str, ...] = entry(
        list_of(text(at_most=255), at_most=100), 'The names of the alarms.', required=True, ecs=key('alarmNames')
    )
    enable: bool = entry(switch(), 'Whether they are watched.', default=True, ecs=key('enable'))
    rollback: bool = entry(
        switch(), 'Go back to the former revision; otherwise the deployment stops.', default=True, ecs=key('rollback')
    )


@dataclass(frozen=True, kw_only=True)
class Hook:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHook.html"""

    type: str = entry(
        choice(*rendering.HOOK_TYPES),
        'It waits for a person, or for a Lambda function.',
        required=True,
        ecs=key('targetType', rendering.hook_type, rendering.read_hook_type),
    )
    stages: tuple[str, ...] = entry(
        stages(rendering.STAGES),
        'The stages at which it runs.',
        required=True,
        ecs=key('lifecycleStages', rendering.stages, rendering.read_stages),
    )
    arn: str | None = entry(_FUNCTION, 'For `lambda`: the function.', ecs=key('hookTargetArn'))
    role_arn: str | None = entry(
        values.ROLE_ARN, 'For `lambda`: the IAM role with which ECS calls the function.', ecs=key('roleArn')
    )
    details: Any = entry(json_value(), 'For `lambda`: JSON that the function gets.', ecs=key('hookDetails'))
    timeout: timedelta = entry(
        DURATION,
        'How long it is waited for; 1d. At most 14d for `pause`, 24h for `lambda`.',
        default=DEFAULT_TIMEOUT,
        ecs=key('timeoutConfiguration.timeoutInMinutes', rendering.minutes, rendering.read_minutes),
    )
    on_timeout: str = entry(
        choice('rollback', 'continue'),
        'What happens then.',
        default='rollback',
        ecs=key('timeoutConfiguration.action', upper, rendering.read_word),
    )
    message: str | None = entry(
        text(at_most=500), 'For `pause`: what is to be done before the deployment continues; ECS does not get it.'
    )


@dataclass(frozen=True, kw_only=True)
class DeploymentBreaker:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""

    enable: bool = entry(switch(), 'Stop a rollout whose tasks do not start.', required=True, ecs=key('enable'))
    rollback: bool = entry(switch(), 'Go back to the last good one then.', default=False, ecs=key('rollback'))
    threshold: int | None = entry(
        whole(1, 5000),
        'After so many failed tasks: a number, or in percent of `desired_count`; 50.',
        ecs=key('thresholdConfiguration.value'),
    )
    threshold_type: str | None = entry(
        choice('count', 'bounded_percent', 'unbounded_percent'),
        'What `threshold` is; `bounded_percent` is a percentage of at least 3 and at most 200 tasks.',
        ecs=key('thresholdConfiguration.type', upper, rendering.read_word),
    )
    reset_on_healthy_task: bool | None = entry(
        switch(), 'A healthy task begins the count again; true.', ecs=key('resetOnHealthyTask')
    )


@dataclass(frozen=True, kw_only=True)
class EarlySuccess:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentEarlySuccessCriteria.html"""

    healthy_percent: int = entry(
        whole(0, 100), 'So many healthy tasks, in percent of `desired_count`.', required=True, ecs=key('healthyPercent')
    )
    cleanup: str = entry(
        choice('blocking', 'deferred'),
        'Whether the former tasks are stopped before or after the success.',
        default='blocking',
        ecs=key('sourceServiceRevisionCleanup', upper, rendering.read_word),
    )


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """How ECS replaces the tasks of a service. None is a field that is not stated."""

    strategy: str | None = entry(
        choice(*STRATEGIES),
        'How the new tasks take over; `rolling`. With the others they run beside the former ones until all traffic '
        'has shifted: at once, in equal steps, or in two.',
        ecs=key('strategy', upper, rendering.read_strategy),
    )
    bake_time: timedelta | None = entry(
        _BAKE_TIME,
        'How long both revisions run after all traffic has shifted, in whole minutes: 10m, 1h30m; 0m.',
        ecs=key('bakeTimeInMinutes', rendering.minutes, rendering.read_minutes),
    )
    linear: Linear | None = entry(
        record(Linear),
        'The steps of `strategy: linear`.',
        ecs=key('linearConfiguration', structure, rendering.read_structure),
    )
    canary: Canary | None = entry(
        record(Canary),
        'The steps of `strategy: canary`.',
        ecs=key('canaryConfiguration', structure, rendering.read_structure),
    )
    alarms: Alarms | None = entry(
        record(Alarms),
        'CloudWatch alarms that fail the deployment.',
        ecs=key('alarms', structure, rendering.read_structure),
    )
    pause: tuple[str, ...] | None = entry(
        stages(rendering.PAUSABLE),
        'Stages at which the deployment waits for a person for a day, then rolls back: short for a hook.',
        ecs=key('lifecycleHooks', rendering.pauses, rendering.read_pauses),
    )
    hooks: tuple[Hook, ...] | None = entry(
        list_of(record(Hook)),
        'What the deployment waits for at its stages.',
        ecs=key('lifecycleHooks', structures, rendering.read_hooks),
    )
    circuit_breaker: DeploymentBreaker | None = entry(
        record(DeploymentBreaker),
        'What happens to a rolling deployment that fails.',
        ecs=key('deploymentCircuitBreaker', structure, rendering.read_structure),
    )
    early_success: EarlySuccess | None = entry(
        record(EarlySuccess),
        'When a rolling deployment has succeeded before all its tasks run.',
        ecs=key('earlySuccessCriteria', rendering.early_success, rendering.read_early_success),
    )
    maximum_percent: int | None = entry(
        whole(100, 200), 'Most tasks during a rollout, in percent of `desired_count`.', ecs=key('maximumPercent')
    )
    minimum_healthy_percent: int | None = entry(
        whole(0, 100), 'Fewest healthy tasks during a rollout, in percent.', ecs=key('minimumHealthyPercent')
    )
    role_arn: str | None = entry(
        values.ROLE_ARN,
        'The IAM role with which ECS shifts the traffic of load balancers; it has the policy '
        '`AmazonECSInfrastructureRolePolicyForLoadBalancers`.',
    )
    stalled_after: timedelta | None = entry(
        DURATION, 'How long a rollout may go without progress until it counts as stalled; 15m.'
    )

    @property
    def is_rolling(self) -> bool:
        return self.strategy in (None, ROLLING)

    @property
    def all_hooks(self) -> tuple[Hook, ...]:
        """The hooks, with those that `pause` is short for."""
        short = (Hook(type='pause', stages=self.pause),) if self.pause else ()
        return (*short, *(self.hooks or ()))

    def messages_at(self, stage: str) -> tuple[str, ...]:
        """The messages of the pauses at a stage, which has ECS's name, such as POST_SCALE_UP."""
        return tuple(hook.message for hook in self.all_hooks if hook.message and stage.lower() in hook.stages)


def merge_deployment(inherited: Deployment, own: Deployment) -> Deployment:
    """The service's own parts, else the inherited ones that its strategy has."""
    stated = {name: value for name, value in _parts(own) if value is not None}
    merged = replace(inherited, **stated)
    of_others = tuple(name for name in SHIFTING_ONLY if name != merged.strategy)
    foreign = of_others if merged.is_rolling else (*of_others, *ROLLING_ONLY)
    return replace(merged, **{name: None for name in foreign if name not in stated})


def _parts(deployment: Deployment) -> list[tuple[str, Any]]:
    return [(part.name, getattr(deployment, part.name)) for part in fields(deployment)]


DEPLOYMENT = record(Deployment, merge=merge_deployment)
