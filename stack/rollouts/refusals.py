"""What the outcome of a pass means for a rollout: refused, given up, or not complete although ECS is. Pure."""

from dataclasses import replace
from typing import Any

from stack.rollouts.pass_outcome import BLOCKED, GATE_FAILED, NOT_BEGUN, NOT_RELEASED, PassOutcome, Refusal
from stack.rollouts.rollout import STALLED_AFTER_S, Goal, Rollout, Verdict, end, later, minutes, stalled
from stack.runtime.moments import stamp

KIND = 'refused'
CAUSE = 'does a scheduler run?'

_DENIED = ('AccessDenied', 'Unauthorized', 'NotAuthorized')


def judge(
    before: Rollout,
    followed: Rollout,
    outcome: PassOutcome | None,
    current: str | None,
    stalled_after: float = STALLED_AFTER_S,
) -> Rollout:
    """The rollout after a look at ECS (`followed`), in the light of the last pass; `before` is what it was before.

    It has not succeeded while a part is missing that ECS does not show, and is aborted once that is given up.
    """
    if outcome is None or not is_about(outcome, followed.goal, current) or not _is_missing(outcome, followed.goal):
        return followed
    if _has_arrived(followed) and not _has_arrived(before) and followed.goal.kind == 'service':
        followed = _withheld(before, followed, stalled_after)
    refusal = outcome.of(followed.goal.service)
    if refusal is None:
        return waiting_on(before, followed) if followed.goal.service in outcome.waits else followed
    if former := outcome.rolled_back.get(followed.goal.service):
        return _rolled_back(before, followed, refusal, former)
    if followed.verdict and followed.verdict.ending == 'stalled' and before.open:
        return end(followed, replace(followed.verdict, reason=sentence(refusal)))
    if not followed.open:
        return followed
    if outcome.is_final(followed.goal.service) and _answers(outcome, followed.goal):
        return end(followed, Verdict('aborted', _given_up(refusal), followed.observed_at))
    return replace(followed, state='rolling-out') if followed.state == 'queued' else followed


def _withheld(before: Rollout, followed: Rollout, stalled_after: float) -> Rollout:
    """The rollout without its success: ECS runs all tasks, and something else is missing."""
    held = replace(
        followed,
        verdict=before.verdict,
        state='rolling-out' if before.open else before.state,
        percent=min(99, followed.percent),
        idle=later(before, followed.observed_at).idle,
    )
    if not held.open or held.idle < stalled_after:
        return held
    return stalled(held, f'ECS runs all tasks, but for {minutes(held.idle)} a part beside ECS was not made: {CAUSE}')


def waiting_on(before: Rollout, followed: Rollout) -> Rollout:
    """The rollout while its service waits for others or for a gate, which is no stall: gates have timeouts."""
    if followed.verdict and followed.verdict.ending == 'stalled':
        followed = replace(followed, verdict=None, state='rolling-out' if followed.deployment else 'queued')
    return replace(followed, idle=0.0) if followed.open else followed


def _rolled_back(before: Rollout, followed: Rollout, refusal: Refusal, former: str) -> Rollout:
    """The rollout after a failed check for which the scheduler deploys the former task definition again."""
    replaced = followed.verdict is not None and followed.verdict.ending == 'superseded' and before.open
    if not followed.open and not replaced:
        return followed
    return end(followed, Verdict('rolled-back', refusal.message, followed.observed_at, former))


def is_about(outcome: PassOutcome, goal: Goal, current: str | None) -> bool:
    """Whether the pass was for what the goal wants, or for something later."""
    return not goal.held and outcome.concerns(goal.revision, goal.since, current)


def sentence(refusal: Refusal) -> str:
    """Why a service is not complete, for a person."""
    if refusal.code == NOT_RELEASED or refusal.call is None:
        return refusal.message
    return f'AWS refused {refusal.call} ({refusal.code}): {refusal.message}'


def to_json(refusal: Refusal) -> dict[str, Any]:
    """The refusal as `trouble` of a service's row."""
    shown = {'kind': KIND, 'what': sentence(refusal), 'advice': _advice(refusal)}
    return shown | refusal.to_json() | {'since': stamp(refusal.since)}


def _is_missing(outcome: PassOutcome, goal: Goal) -> bool:
    """Whether something of what the goal wants is not made; of a removal, whether anything was refused."""
    if goal.kind == 'removal':
        return outcome.of(goal.service) is not None
    return outcome.is_unfinished(goal.service)


def _has_arrived(rollout: Rollout) -> bool:
    return rollout.verdict is not None and rollout.verdict.arrived


def _answers(outcome: PassOutcome, goal: Goal) -> bool:
    """Whether the pass followed the last announcement: what is announced again is tried again."""
    if (
        goal.announced_at is None
        or goal.announced_at <= goal.since
        or outcome.stored_at >= goal.announced_at.replace(microsecond=0)
    ):
        return True
    return outcome.asked_at is not None and outcome.asked_at >= goal.announced_at


def _given_up(refusal: Refusal) -> str:
    if refusal.code in (BLOCKED, GATE_FAILED, NOT_BEGUN):
        return refusal.message
    tries = 'try' if refusal.tries == 1 else 'tries'
    return f'{sentence(refusal).rstrip(".")}. The scheduler gave up after {refusal.tries} {tries}.'


def _advice(refusal: Refusal) -> str:
    if refusal.code == BLOCKED:
        return 'Fix the cause; the next pass, within ten minutes or with the next change, goes on.'
    if refusal.code == GATE_FAILED:
        return 'Fix the task, and deploy again: it is tried again with the next change or deploy.'
    if refusal.code == NOT_BEGUN:
        return 'Fix what it needs, and deploy again: its rollout begins after that.'
    if refusal.code == NOT_RELEASED:
        return 'See in AWS what still uses it, then deploy again.'
    if is_denied(refusal.code):
        return f'Allow {refusal.call} in the role of the scheduler: docs/production.md has the whole policy.'
    return 'Correct the setting that AWS names, and store the change; the call is tried again a few times until then.'


def is_denied(code: str) -> bool:
    """Whether AWS's error code means that a permission is missing."""
    return any(word in code for word in _DENIED)
