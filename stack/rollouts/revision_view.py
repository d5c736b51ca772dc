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

# Of revisions before the current one that have ended: how many of those of which no service is as they left it any
# more, and for how long any of them.
ENDED_SHOWN = 3
SHOWN_FOR = timedelta(minutes=1)


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
    by_revision = _by_revision(state)
    shown = {revision for revision, rollouts in by_revision.items() if any(rollout.open for rollout in rollouts)}
    shown |= {state.revision.id} | _ended_last(state, by_revision)
    return [
        {**revision_json(revision, rollouts), 'usual_seconds': usual_seconds(state, _services(rollouts))}
        for revision, rollouts in by_revision.items()
        if rollouts and revision in shown
    ]


def depends_on_look(state: ClusterState) -> bool:
    """Whether `rollouts_json` may have less after another look that shows nothing new: something ended a moment ago."""
    return any(at >= _shown_from(state) for at, _ in _ended(_by_revision(state)))


def _by_revision(state: ClusterState) -> dict[str, list[Rollout]]:
    by_revision = {revision: list(rollouts.values()) for revision, rollouts in state.former.items()}
    for each in sorted(state.rollouts.values(), key=lambda each: each.goal.since):
        by_revision.setdefault(each.goal.revision, []).append(each)
    return by_revision


def _ended(by_revision: Mapping[str, Sequence[Rollout]]) -> list[tuple[datetime, str]]:
    """The revisions that ended, in the order of that."""
    ended: list[tuple[datetime, str]] = []
    for revision, rollouts in by_revision.items():
        times = [rollout.verdict.at for rollout in rollouts if rollout.verdict]
        if times and len(times) == len(rollouts):
            ended.append((max(times), revision))
    return sorted(ended)


def _ended_last(state: ClusterState, by_revision: Mapping[str, Sequence[Rollout]]) -> set[str]:
    """The last revisions that ended and of which nothing is left, and all that ended shortly before the newest fact."""
    ended, begin = _ended(by_revision), _shown_from(state)
    left = {rollout.goal.revision for rollout in state.rollouts.values()}
    shown = [each for each in ended if each[1] not in left][-ENDED_SHOWN:]
    shown += [each for each in ended if each[0] >= begin]
    return {revision for _, revision in shown}


def _shown_from(state: ClusterState) -> datetime:
    """What ended since then is shown in any case."""
    newest = max(state.observed_at or state.revision.stored_at, state.revision.stored_at)
    return newest - SHOWN_FOR


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
