"""Rollout records of the busy fleet: how each rollout ended, in the format of `stack.rollouts.rollout_records`."""

import json
from collections.abc import Sequence
from datetime import timedelta

from stack.rollouts.rollout import Goal, Kind, Rollout, Verdict
from stack.rollouts.rollout_records import rollout_json
from stack.rollouts.schedule_rollout import DONE
from stack.sandbox.fleet.history import Entry
from stack.sandbox.seed_states import Document
from stack.sandbox.telemetry.load import between

_FAILURE = 'deployment failed: tasks failed to start.'
# Seconds from a revision to the message for schedulers, and to the end of its rollout.
_ANNOUNCED_AFTER = 1.4
_TAKES = (58, 150)


def record(history: Sequence[tuple[str, Entry]]) -> bytes:
    """The record of a cluster from its revisions, the oldest first: each its id and its entry."""
    latest: dict[str, Rollout] = {}
    former: dict[str, list[Rollout]] = {}
    for revision, entry in history:
        for service in entry.services:
            rollout = _rollout(revision, entry, service)
            if before := latest.get(service):
                former.setdefault(before.goal.revision, []).append(before)
            latest[service] = rollout
    newest = history[-1][0]
    ordered = {revision: former[revision] for revision, _ in history if revision in former}
    return json.dumps(
        {
            'revision': newest,
            'rollouts': [rollout_json(rollout) for rollout in latest.values()],
            'former': {
                revision: [rollout_json(rollout) for rollout in rollouts] for revision, rollouts in ordered.items()
            },
        }
    ).encode()


def ended_after(revision: str, service: str) -> timedelta:
    """How long the rollout of a revision took."""
    return timedelta(seconds=between(*_TAKES, revision, service))


def _rollout(revision: str, entry: Entry, service: str) -> Rollout:
    at = entry.change.at
    ended = at + ended_after(revision, service)
    image, count = _wanted(entry.document, service)
    kind: Kind = 'schedule' if is_task(entry.document, service) else 'service'
    goal = Goal(service, revision, at, image, count, at + timedelta(seconds=_ANNOUNCED_AFTER), kind)
    success = DONE if kind == 'schedule' else _success(count)
    verdict = Verdict('rolled-back', _FAILURE, ended) if entry.failed else Verdict('succeeded', success, ended)
    return Rollout(
        goal,
        'rolled-back' if entry.failed else 'steady',
        0 if entry.failed else 100,
        ended,
        desired=count,
        running=count,
        failed=3 if entry.failed else 0,
        verdict=verdict,
        reached=count,
        asked=True,
        given_up=entry.failed,
    )


def _success(count: int) -> str:
    return f'{count} of {count} tasks on this revision.'


def _wanted(document: Document, service: str) -> tuple[str, int]:
    settings = next(item[service] for item in document['services'] if service in item)
    return settings['image'], settings['desired_count']


def is_task(document: Document, service: str) -> bool:
    """Whether a service has tasks that end by themselves."""
    return any(item[service].get('type') == 'task' for item in document['services'] if service in item)
