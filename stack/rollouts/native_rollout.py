"""The rollout of a service while ECS's service deployment is known: its stages, and why it ended. Pure.

The statuses of a deployment: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import Cause, Rollout, Verdict, end, minutes, stalled
from stack.rollouts.service_deployment import ServiceDeployment
from stack.rollouts.stages import StageProgress, advance, due, percent, phase

# What this machine's clock may be ahead of AWS's.
CLOCK_SKEW = timedelta(seconds=5)

_TIMED_OUT = re.compile(r'time[ds]?[ -]?out', re.IGNORECASE)
# The texts by which ECS gives a cause, in the reasons of a deployment and in the events of a service.
_CAUSES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    ('stopped', re.compile(r'stopped by (a )?user|by user request|StopServiceDeployment', re.IGNORECASE)),
    ('hook', re.compile(r'\bhooks?\b', re.IGNORECASE)),
    ('alarm', re.compile(r'\balarms?\b', re.IGNORECASE)),
    ('breaker', re.compile(r'circuit breaker|tasks failed to start', re.IGNORECASE)),
)


def own(looked: Rollout, seen: Service, fits: Collection[str]) -> ServiceDeployment | None:
    """The service deployment that was to bring the revision; None where that is not known, or not the newest."""
    native = seen.native
    if native is None or native.task_definition not in fits or native.arn in looked.foreign:
        return None
    known = looked.stages is not None and looked.stages.arn == native.arn
    return native if known or native.created_at >= looked.goal.since - CLOCK_SKEW else None


def returns_to(seen: Service, fits: Collection[str]) -> bool:
    """Whether ECS goes back to what is wanted: it rolls back a deployment that replaced it."""
    native = seen.native
    return native is not None and native.open and not native.goes_on and native.source_definition in fits


def follow(looked: Rollout, seen: Service, native: ServiceDeployment, stalled_after: float) -> Rollout:
    """The rollout whose service deployment goes on, or ended without success; it is bound to the deployment."""
    if looked.verdict is not None:
        return _after_verdict(looked, native)
    all_run = looked.leaving == 0 and seen.pending == 0 and seen.running == seen.desired
    progress = advance(looked.stages, native, looked.observed_at, all_run=all_run)
    if not native.goes_on and not _may_be_replaced(native):
        stages = replace(progress, hook=None, until=None)
        return replace(end(looked, _verdict(looked, native)), stages=stages)
    return _moving(looked, seen, native, progress, stalled_after)


def _may_be_replaced(native: ServiceDeployment) -> bool:
    """Whether ECS stops it for a reason that is not known yet: a newer deployment may begin."""
    return native.status == 'STOP_REQUESTED' and not native.alarms.is_triggered and not native.breaker.is_triggered


def _after_verdict(looked: Rollout, native: ServiceDeployment) -> Rollout:
    verdict = looked.verdict
    assert verdict is not None
    if verdict.arrived:
        return replace(looked, state='rolling-out')
    if verdict.ending == 'rolled-back' and native.status == 'ROLLBACK_FAILED':
        return end(looked, _verdict(looked, native))
    return looked


def _moving(
    looked: Rollout, seen: Service, native: ServiceDeployment, progress: StageProgress, stalled_after: float
) -> Rollout:
    before, now = looked.stages, looked.observed_at
    moved = before is None or before.arn != progress.arn or before.step != progress.step
    overdue = (now - due(progress, native, network_balancer=seen.has_network_balancer)).total_seconds()
    idle = 0.0 if moved else max(0.0, min(looked.idle, overdue))
    shown = percent(progress, native, now, looked.percent)
    going = replace(looked, state=phase(progress), stages=progress, idle=idle, percent=shown)
    if idle < stalled_after + seen.grace:
        return going
    where = f' in the stage {progress.stage}' if progress.stage else ''
    counts = f'{looked.reached} of {looked.desired} tasks ran at most.'
    return stalled(going, f'Nothing has moved for {minutes(idle)}{where}: {counts}')


def _verdict(looked: Rollout, native: ServiceDeployment) -> Verdict:
    found = _cause(looked.stages, native)
    reason = _reason(looked, native, found)
    by = native.source_definition or None
    if native.status == 'ROLLBACK_FAILED':
        return Verdict('aborted', f'{reason} ECS could not roll it back.', looked.observed_at, cause=found)
    if native.status in ('STOP_REQUESTED', 'STOPPED'):
        return Verdict('aborted', reason, looked.observed_at, cause=found)
    return Verdict('rolled-back', reason, looked.observed_at, by, cause=found)


def _cause(before: StageProgress | None, native: ServiceDeployment) -> Cause:
    text = f'{native.reason} {native.rollback_reason}'
    stated = cause_in(text)
    if native.status == 'ROLLBACK_REQUESTED' or stated == 'stopped':
        return 'stopped'
    if native.alarms.is_triggered:
        return 'alarm'
    if native.breaker.is_triggered:
        return 'breaker'
    statuses = {hook.status for hook in native.hooks}
    if 'TIMED_OUT' in statuses:
        return 'hook-timeout'
    if stated == 'hook' or 'FAILED' in statuses:
        return 'hook-timeout' if _TIMED_OUT.search(text) or _has_expired(before, native) else 'hook'
    if stated is not None:
        return stated
    return 'hook-timeout' if _has_expired(before, native) else 'stopped'


def _has_expired(before: StageProgress | None, native: ServiceDeployment) -> bool:
    """Whether the rollback began when the hook that waited before was due."""
    if before is None or before.arn != native.arn or before.hook is None or native.rolled_back_at is None:
        return False
    if before.hook.expires_at is None:
        return False
    return native.rolled_back_at >= before.hook.expires_at - CLOCK_SKEW


def cause_in(text: str) -> Cause | None:
    """The cause of a failure that a text of ECS gives; None where it gives none."""
    for cause, pattern in _CAUSES:
        if pattern.search(text):
            return 'hook-timeout' if cause == 'hook' and _TIMED_OUT.search(text) else cause
    return None


def _reason(looked: Rollout, native: ServiceDeployment, cause: Cause) -> str:
    stage = (looked.stages.stage if looked.stages else '') or native.stage
    at = f' at {stage}' if stage else ''
    alarms = ', '.join(native.alarms.triggered or native.alarms.names)
    failures, threshold = native.breaker.failures, native.breaker.threshold
    breaker = f' after {failures} of {threshold} tasks' if threshold else ''
    words = {
        'alarm': f'The alarm {alarms} was triggered{at}.',
        'breaker': f"ECS's circuit breaker was triggered{breaker}.",
        'hook': f'A hook failed, or was answered with a rollback{at}.',
        'hook-timeout': f'A hook was not answered in time{at}.',
        'stopped': f'The deployment was stopped{at}.',
    }
    stated = native.rollback_reason or native.reason
    return f'{words[cause]} ECS: {stated}' if stated else words[cause]
