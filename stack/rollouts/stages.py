"""The stages of a deployment: their order, how long each may last, and the progress that follows from them. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from stack.rollouts.service_deployment import Hook, ServiceDeployment
from stack.runtime.moments import stamp

Json = dict[str, Any]
Phase = Literal['rolling-out', 'paused', 'shifting', 'baking']

# In ECS's order, with the percentage at its beginning; the progress within it leads to that of the next.
STAGES: Mapping[str, int] = {
    'RECONCILE_SERVICE': 0,
    'PRE_SCALE_UP': 2,
    'SCALE_UP': 5,
    'POST_SCALE_UP': 45,
    'TEST_TRAFFIC_SHIFT': 47,
    'POST_TEST_TRAFFIC_SHIFT': 50,
    'PRE_PRODUCTION_TRAFFIC_SHIFT': 52,
    'PRODUCTION_TRAFFIC_SHIFT': 53,
    'POST_PRODUCTION_TRAFFIC_SHIFT': 80,
    'BAKE_TIME': 82,
    'CLEAN_UP': 95,
}
ORDER = tuple(STAGES)
# ECS passes it only where more than one former revision is still there.
_RARE = 'RECONCILE_SERVICE'
_BAKE = 'BAKE_TIME'
_SHIFTS = frozenset({'PRE_PRODUCTION_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT', 'POST_PRODUCTION_TRAFFIC_SHIFT'})
# What a Network Load Balancer adds to each shift of traffic:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/nlb-resources-for-blue-green.html
_NLB_SHIFT = timedelta(minutes=10)
# A rolling deployment with alarms bakes for so long unless it states a time; ECS computes less than that.
_ROLLING_BAKE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StageProgress:
    """What a rollout carries of the service deployment `arn`.

    `since` is when its stage, or the step of it, was first seen; `passed` are the stages seen so far, the present one
    last. `hook` waits for a person; `until` is when a bake, the bake of a step, or the wait ends. `old` and `new` are
    the shares of the production traffic in percent.
    """

    arn: str
    strategy: str
    since: datetime
    stage: str = ''
    passed: tuple[tuple[str, datetime], ...] = ()
    old: float | None = None
    new: float | None = None
    hook: Hook | None = None
    until: datetime | None = None
    failures: int = 0
    threshold: int = 0
    alarms: tuple[str, ...] = ()
    triggered: tuple[str, ...] = ()

    @property
    def step(self) -> tuple[str, float | None, str]:
        """What stays the same for as long as nothing moves."""
        return self.stage, self.new, self.hook.id if self.hook else ''


def advance(before: StageProgress | None, seen: ServiceDeployment, now: datetime, *, all_run: bool) -> StageProgress:
    """The progress one look later; `all_run` is whether all tasks run and no old one is left."""
    known = before if before is not None and before.arn == seen.arn else None
    stage = seen.stage if seen.stage != 'SCALE_UP' or seen.strategy != 'rolling' else ''
    if not stage and seen.strategy == 'rolling' and all_run and seen.alarms.is_on:
        # ECS waits for the alarms of a rolling deployment after the last old task.
        stage = _BAKE
    progress = StageProgress(
        seen.arn,
        seen.strategy,
        now,
        stage,
        old=sum(traffic) if (traffic := [each.traffic for each in seen.source if each.traffic is not None]) else None,
        new=seen.target.traffic,
        hook=next(iter(seen.waits_for), None),
        failures=seen.breaker.failures if seen.breaker.is_on else 0,
        threshold=seen.breaker.threshold if seen.breaker.is_on else 0,
        alarms=seen.alarms.names,
        triggered=seen.alarms.triggered,
    )
    since = known.since if known is not None and known.step == progress.step else now
    passed = known.passed if known is not None else ()
    if stage and (not passed or passed[-1][0] != stage):
        # The stages of a step are passed again with each step.
        passed = (*(entry for entry in passed if entry[0] != stage), (stage, now))
    progress = replace(progress, since=since, passed=passed)
    return replace(progress, until=_until(progress, seen))


def _until(progress: StageProgress, seen: ServiceDeployment) -> datetime | None:
    """When the pause or the bake that is under way ends; None without one."""
    if progress.hook is not None:
        return progress.hook.expires_at
    if any(hook.active for hook in seen.hooks):
        return None
    if progress.stage == _BAKE:
        rolling = seen.strategy == 'rolling' and 'bakeTimeInMinutes' not in seen.configuration
        return progress.since + (_ROLLING_BAKE if rolling else seen.bake_time)
    if _between_steps(progress):
        return progress.since + seen.step_bake_time
    return None


def _between_steps(progress: StageProgress) -> bool:
    stepwise = progress.strategy in ('linear', 'canary') and progress.stage in _SHIFTS
    return stepwise and progress.new is not None and 0 < progress.new < 100


def due(progress: StageProgress, seen: ServiceDeployment, *, network_balancer: bool) -> datetime:
    """The latest time at which the stage has to move by itself; before that its standing still is progress."""
    times = [progress.since]
    if progress.until is not None:
        times.append(progress.until)
    for hook in seen.hooks:
        if hook.active:
            times.append(hook.expires_at or progress.since + _hook_timeout(progress.stage, seen))
    if network_balancer and progress.stage.endswith('TRAFFIC_SHIFT'):
        times = [at + _NLB_SHIFT for at in times]
    return max(times)


def _hook_timeout(stage: str, seen: ServiceDeployment) -> timedelta:
    """How long the hooks of a stage may last where ECS states no end for the one that runs."""
    minutes = [
        (hook.get('timeoutConfiguration') or {}).get('timeoutInMinutes', 1440)
        for hook in seen.configuration.get('lifecycleHooks') or ()
        if stage in (hook.get('lifecycleStages') or ())
    ]
    return timedelta(minutes=max(minutes, default=1440))


def phase(progress: StageProgress) -> Phase:
    """The state of a rollout in this stage."""
    if progress.hook is not None:
        return 'paused'
    if progress.stage == _BAKE:
        return 'baking'
    if progress.stage in _SHIFTS:
        return 'shifting'
    return 'rolling-out'


def percent(progress: StageProgress, seen: ServiceDeployment, now: datetime, otherwise: int) -> int:
    """The progress in percent, at most 99; `otherwise` in a stage that has no place in the order."""
    if progress.strategy == 'rolling' or progress.stage not in STAGES:
        return otherwise
    first = STAGES[progress.stage]
    following = [STAGES[stage] for stage in ORDER[ORDER.index(progress.stage) + 1 :]]
    last = 80 if progress.stage == 'PRE_PRODUCTION_TRAFFIC_SHIFT' else min(following, default=99)
    return min(99, int(first + (last - first) * _part(progress, seen, now)))


def _part(progress: StageProgress, seen: ServiceDeployment, now: datetime) -> float:
    """How much of its stage is done, from 0 to 1."""
    if progress.stage == 'SCALE_UP':
        return min(1.0, seen.target.running / seen.target.requested) if seen.target.requested else 0.0
    if progress.stage in _SHIFTS:
        return (progress.new or 0.0) / 100 if progress.stage != 'POST_PRODUCTION_TRAFFIC_SHIFT' else 0.0
    if progress.stage == _BAKE and progress.until is not None and progress.until > progress.since:
        return min(1.0, (now - progress.since) / (progress.until - progress.since))
    return 0.0


def stages_json(progress: StageProgress) -> list[Json]:
    """The stages of a native strategy in ECS's order, each done, now or next; empty for a rolling deployment."""
    if progress.strategy == 'rolling':
        return []
    seen = dict(progress.passed)
    place = ORDER.index(progress.stage) if progress.stage in ORDER else -1
    listed = [stage for stage in ORDER if stage in seen or stage != _RARE]
    if progress.stage and progress.stage not in STAGES:
        listed.append(progress.stage)
    rows = []
    for stage in listed:
        is_done = stage in seen or (stage in ORDER and ORDER.index(stage) < place)
        state = 'now' if stage == progress.stage else 'done' if is_done else 'next'
        since = seen.get(stage) if state != 'next' else None
        rows.append({'stage': stage, 'since': stamp(since) if since else None, 'state': state})
    return rows


def record(progress: StageProgress) -> Json:
    """The progress as it is stored."""
    hook = progress.hook
    return {
        'arn': progress.arn,
        'strategy': progress.strategy,
        'since': progress.since.isoformat(),
        'stage': progress.stage,
        'passed': [[stage, since.isoformat()] for stage, since in progress.passed],
        'old': progress.old,
        'new': progress.new,
        'hook': None if hook is None else [hook.id, hook.kind, hook.status, _iso(hook.expires_at), hook.on_timeout],
        'until': _iso(progress.until),
        'failures': progress.failures,
        'threshold': progress.threshold,
        'alarms': list(progress.alarms),
        'triggered': list(progress.triggered),
    }


def read_record(stored: Mapping[str, Any]) -> StageProgress:
    """What `record` made. Raises KeyError, TypeError or ValueError for anything else."""
    values = {name: stored[name] for name in ('arn', 'strategy', 'stage', 'old', 'new', 'failures', 'threshold')}
    hook = stored['hook']
    if hook is not None:
        identity, kind, status, expires_at, on_timeout = hook
        hook = Hook(identity, kind, status, _moment(expires_at), on_timeout)
    return StageProgress(
        **values,
        since=datetime.fromisoformat(stored['since']),
        passed=tuple((stage, datetime.fromisoformat(since)) for stage, since in stored['passed']),
        hook=hook,
        until=_moment(stored['until']),
        alarms=tuple(stored['alarms']),
        triggered=tuple(stored['triggered']),
    )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
