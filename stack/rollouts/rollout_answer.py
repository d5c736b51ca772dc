"""Answers on the progress of a rollout: of a cluster, of one revision, or of one service."""

from dataclasses import dataclass
from typing import Any

from stack.errors import NotFound, RolloutFailed, RolloutInProgress
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import UNREADABLE, service_row, summary
from stack.rollouts.gate_view import waits_text
from stack.rollouts.revision_view import revision_json, verdict_json
from stack.rollouts.rollout import Rollout
from stack.rollouts.rollout_summary import RolloutSummary, summarise
from stack.rollouts.stage_view import stage_text


@dataclass(frozen=True)
class Question:
    """`revision` narrows it to the services which that one changed, `service` to one service."""

    revision: str | None = None
    service: str | None = None


def rollouts(state: ClusterState, question: Question) -> dict[str, Rollout]:
    """The rollouts that are asked about. Raises `NotFound`."""
    if question.revision is None:
        found: dict[str, Rollout] | None = state.rollouts
    else:
        found = state.of_revision(question.revision)
    if found is None:
        raise NotFound(f'Nothing is known (any more) of a rollout of revision {question.revision} of {state.name}.')
    if question.service is None:
        return found
    if question.service not in found:
        of = f' in revision {question.revision}' if question.revision else ''
        raise NotFound(f'{state.name} has no service {question.service!r} that rolls out{of}.')
    return {question.service: found[question.service]}


def settled(state: ClusterState, question: Question) -> bool:
    """Whether there is nothing more to wait for. Raises `NotFound`."""
    if _is_unreadable(state, question):
        return True
    asked = rollouts(state, question)
    return not asked or summarise(asked.values()).verdict is not None


def paused(state: ClusterState, question: Question) -> bool:
    """Whether all that is still under way waits for a person. Raises `NotFound`."""
    return not _is_unreadable(state, question) and _summary(rollouts(state, question)).state == 'paused'


def content(state: ClusterState, question: Question) -> dict[str, Any]:
    """The answer's body. Raises `NotFound`."""
    if _is_unreadable(state, question):
        return _unreadable(state)
    asked = rollouts(state, question)
    together = _summary(asked)
    return {
        'cluster': state.name,
        'revision': question.revision or state.revision.id,
        'message': _sentence(together, asked, state),
        'settled': together.verdict is not None or not asked,
        **_known(state),
        'state': together.state,
        'percent': together.percent,
        'verdict': verdict_json(together.verdict),
        'seconds': revision_json('', list(asked.values()))['seconds'],
        'services': [service_row(state, name) | _ended(each) for name, each in asked.items()],
    }


def _is_unreadable(state: ClusterState, question: Question) -> bool:
    """Whether the question is about a desired state that cannot be read."""
    return state.unreadable is not None and question.revision in (None, state.revision.id)


def _unreadable(state: ClusterState) -> dict[str, Any]:
    advice = 'Store a desired state (PUT config), or roll back.'
    return {
        'cluster': state.name,
        'revision': state.revision.id,
        'message': f'{state.unreadable} {advice}',
        'settled': True,
        **_known(state),
        'state': UNREADABLE['state'],
        'percent': UNREADABLE['percent'],
        'verdict': None,
        'seconds': None,
        'services': [],
    }


def in_short(state: ClusterState, revision: str) -> dict[str, Any] | None:
    """How far the services are that a revision changed, or how that ended; None where it is not known (any more)."""
    found = state.of_revision(revision)
    if found is None:
        return None
    together = _summary(found)
    return {
        'state': together.state,
        'percent': together.percent,
        'verdict': verdict_json(together.verdict),
        'failed': sorted(name for name, each in found.items() if each.verdict and each.verdict.failed),
    }


def judged(state: ClusterState, question: Question) -> dict[str, Any]:
    """The answer's body where everything arrived, or where all that is under way waits for a person.

    Raises `RolloutFailed` where it did not, and `RolloutInProgress` where it has not yet: a client that looks at the
    status alone knows how it ended.
    """
    found = content(state, question)
    if _is_unreadable(state, question):
        raise RolloutFailed(found['message'], found)
    verdict = _summary(rollouts(state, question)).verdict
    if not found['settled'] and found['state'] != 'paused':
        raise RolloutInProgress(found['message'], found)
    if verdict is not None and not verdict.arrived:
        raise RolloutFailed(found['message'], found)
    return found


def _summary(asked: dict[str, Rollout]) -> RolloutSummary:
    return summarise(asked.values())


def _known(state: ClusterState) -> dict[str, Any]:
    known = summary(state)
    return {
        name: known[name] for name in ('sync', 'health', 'drifted', 'unmanaged', 'observed_at', 'failing', 'unreadable')
    }


def _ended(rollout: Rollout) -> dict[str, Any]:
    """A rollout that is over, by the revision that was asked about, not by what runs since."""
    return {
        'revision': rollout.goal.revision,
        'state': rollout.state,
        'percent': rollout.percent,
        'verdict': verdict_json(rollout.verdict),
    }


def _sentence(together: RolloutSummary, asked: dict[str, Rollout], state: ClusterState) -> str:
    if not asked:
        return 'Nothing has to roll out.'
    verdict = together.verdict
    if verdict is None:
        open_ones = sorted(name for name, each in asked.items() if each.open)
        if all(asked[name].goal.held for name in open_ones):
            return f'Adopted or stored, not deployed yet: {", ".join(open_ones)}.'
        texts = (text(state, name) for name in open_ones for text in (waits_text, stage_text))
        waiting = [text for text in texts if text]
        return ' '.join([f'{together.percent} % there; under way: {", ".join(open_ones)}.', *waiting])
    words = {
        'succeeded': 'It is rolled out.',
        'scaled-to-zero': 'It is scaled to zero.',
        'removed': 'It is gone from ECS.',
        'superseded': 'It was superseded.',
        'rolled-back': 'It was rolled back.',
        'stalled': 'It has stalled.',
        'aborted': 'It was aborted.',
    }
    return f'{words[verdict.ending]} {verdict.reason}'
