"""Rollouts as the API and the live channel show them: verdicts, and how far each revision is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Rollout, Verdict
from stack.rollouts.rollout_summary import RolloutSummary, summarise
from stack.rollouts.usual_duration import usual_seconds
from stack.runtime.moments import stamp

Json = dict[str, Any]

# Revisions before the current one that have ended: at least so many, and each for so long.
ENDED_SHOWN = 3
SHOWN_FOR = timedelta(minutes=5)


def summary_json(going: RolloutSummary) -> Json:
    return {'state': going.state, 'percent': going.percent, 'verdict': verdict_json(going.verdict)}


def verdict_json(verdict: Verdict | None) -> Json | None:
    if verdict is None:
        return None
    shown = {'ending': verdict.ending, 'reason': verdict.reason, 'at': stamp(verdict.at), 'failed': verdict.failed}
    shown |= {'by': verdict.by} if verdict.by else {}
    return shown | ({'cause': verdict.cause} if verdict.cause else {})


def rollouts_json(state: ClusterState) -> list[Json]:
    """The current revision, each of which something is still under way, and those that ended last; oldest first."""
    by_revision = {revision: list(rollouts.values()) for revision, rollouts in state.former.items()}
    for each in sorted(state.rollouts.values(), key=lambda each: each.goal.since):
        by_revision.setdefault(each.goal.revision, []).append(each)
    shown = {revision for revision, rollouts in by_revision.items() if any(rollout.open for rollout in rollouts)}
    shown |= {state.revision.id} | _ended_last(state, by_revision)
    return [
        {**revision_json(revision, rollouts), 'usual_seconds': usual_seconds(state, _services(rollouts))}
        for revision, rollouts in by_revision.items()
        if rollouts and revision in shown
    ]


def _ended_last(state: ClusterState, by_revision: Mapping[str, Sequence[Rollout]]) -> set[str]:
    """The revisions that ended last, and all that ended shortly before the newest look."""
    ended: list[tuple[datetime, str]] = []
    for revision, rollouts in by_revision.items():
        times = [rollout.verdict.at for rollout in rollouts if rollout.verdict]
        if times and len(times) == len(rollouts):
            ended.append((max(times), revision))
    ended.sort()
    shown = ended[-ENDED_SHOWN:]
    if state.observed_at is not None:
        shown += [each for each in ended if each[0] >= state.observed_at - SHOWN_FOR]
    return {revision for _, revision in shown}


def _services(rollouts: Iterable[Rollout]) -> list[str]:
    return [rollout.goal.service for rollout in rollouts]


def revision_json(revision: str, rollouts: Sequence[Rollout]) -> Json:
    """How far one revision is, over the services that it changed."""
    together = summarise(rollouts)
    since = min((each.goal.since for each in rollouts), default=None)
    ended = together.verdict.at if together.verdict else None
    return {
        'revision': revision,
        **summary_json(together),
        'services': [each.goal.service for each in rollouts],
        'since': stamp(since) if since else None,
        'seconds': round((ended - since).total_seconds(), 1) if since and ended else None,
    }
