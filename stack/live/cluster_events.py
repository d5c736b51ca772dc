"""The events of the live channel: made from the state and the revisions of a cluster."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from stack.live.event import Event
from stack.live.missed import Missed
from stack.reconcile.plan import Row
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import freeze_windows_json, service_row, short_row, summary
from stack.runtime.moments import stamp
from stack.state.diff import changed_rows
from stack.state.diff import summary as in_words
from stack.state.revisions import Revision

Json = dict[str, Any]
# Those of services.
Rows = Sequence[Json]
# The rows of a revision, and the words for them.
Changed = tuple[Sequence[Row], str]


def cluster(state: ClusterState, at: datetime, rows: Rows | None = None, *, covers_since: str | None = None) -> Event:
    """Everything that is known of a cluster, in short; `rows` are those of all services, where they are known."""
    covers = {'covers_since': covers_since} if covers_since is not None else {}
    return _with_rows(
        'cluster', state, _head(state) | covers, _rows(state, state.names()) if rows is None else rows, at
    )


def short_cluster(state: ClusterState, at: datetime) -> Event:
    """The `cluster` event with no more in its rows than the detail `summary` is made of."""
    return _with_rows('cluster', state, _head(state), [short_row(state, name) for name in state.names()], at)


def _head(state: ClusterState) -> Json:
    known = {**state.revision.summary(), 'last_change': state.revision.last_change()}
    return {**known, **summary(state), 'counts': _counts(state)}


def rollout(state: ClusterState, names: Iterable[str] | None, at: datetime, rows: Rows | None = None) -> Event:
    """What runs in ECS has moved: the services of that name, or all, with the cluster's own summary.

    `rows` are those of the services, where they are known.
    """
    head = {'revision': state.revision.id, **summary(state), 'counts': _counts(state)}
    if rows is None:
        rows = _rows(state, state.names() if names is None else sorted(names))
    return _with_rows('rollout', state, head, rows, at)


def desired(before: Revision | None, after: Revision, changed: Changed | None = None) -> Event:
    """A new revision is stored; `before` is the one that it follows in the history.

    `changed` is the result of `what_changed`, where that is known.
    """
    rows, words = changed or what_changed(before, after)
    content = {
        **after.summary(),
        'last_change': after.last_change(),
        'previous': before.id if before else None,
        'deploys': not after.changes or any(change.announce is not None for change in after.changes),
        'summary': words,
        'did': [dict(change.did) for change in after.changes],
        **_side_effects(after),
        'unreadable': after.unreadable,
    }
    return Event('desired', after.cluster, {**content, 'changes': [row.to_json() for row in rows]}, at=after.changed_at)


def _side_effects(revision: Revision) -> Json:
    """The side effects of all changes of a revision; no key without any."""
    also = [dict(effect) for change in revision.changes for effect in change.also]
    more = sum(change.also_more for change in revision.changes)
    return ({'also': also} if also or more else {}) | ({'also_more': more} if more else {})


def what_changed(before: Revision | None, after: Revision) -> Changed:
    """The rows and the words for them; no rows where one of the two cannot be read, as nothing is known of them."""
    if after.unreadable:
        return (), 'cannot be read'
    if before and before.unreadable:
        return (), 'can be read again'
    rows = changed_rows(before.document if before else None, after.document)
    return rows, in_words(rows)


def deleted(name: str, last: Revision | None, at: datetime) -> Event:
    """The cluster is managed no more; `last` is its last revision, where it is known."""
    summary = last.summary() if last else {}
    content = {'by': summary.get('by'), 'reason': summary.get('message'), 'revision': summary.get('revision')}
    return Event('deleted', name, content, at=at)


def frozen(state: ClusterState, at: datetime, by: str | None = None) -> Event:
    """The cluster is frozen (the event has who, why and until when), or accepts changes again; `by` ended a freeze."""
    windows = freeze_windows_json(state)
    if state.frozen is None:
        return Event('thawed', state.name, {'by': by, **windows}, at=at)
    return Event('frozen', state.name, {**state.frozen, **windows}, at=at)


def audit(name: str, at: datetime) -> Event:
    """The audit has an entry without a revision, such as a refusal: a hint to read it again."""
    return Event('audit', name, {}, at=at)


def run(cluster: str, service: str, run: Json, at: datetime) -> Event:
    """A run of a task has begun, moved or ended."""
    return Event('run', cluster, {'service': service, 'run': run}, at=at)


def proposal(kind: str, cluster: str, short: Json, at: datetime) -> Event:
    """A proposal was made or renewed (`proposal`), `approved`, or `rejected`."""
    return Event(kind, cluster, short, at=at)


def synced(revisions: Mapping[str, str | None], missed: Missed, at: datetime) -> Event:
    """All that a subscription asked for has been sent, except what `missed` has too much of."""
    more = {} if missed.is_complete else {'missed': ['proposals']}
    return Event('synced', None, {'revisions': revisions, **more}, at=at)


def hello(version: str, name: str, role: str, heartbeat_s: float, at: datetime) -> Event:
    content = {'version': version, 'caller': {'name': name, 'role': role}, 'heartbeat_seconds': heartbeat_s}
    return Event('hello', None, content, at=at)


def pong(at: datetime) -> Event:
    return Event('pong', None, {'time': stamp(at)}, at=at)


def _rows(state: ClusterState, names: Iterable[str]) -> Rows:
    return [service_row(state, name) for name in names]


def _with_rows(kind: str, state: ClusterState, head: Json, rows: Rows, at: datetime) -> Event:
    return Event(kind, state.name, {**head, 'services': rows}, at=at, services=[row['name'] for row in rows])


def _counts(state: ClusterState) -> Json:
    """The number of services, and the tasks that ECS wants and runs of them."""
    seen = [service for name in state.wanted if (service := state.ecs.services.get(name))]
    return {
        'services': len(state.wanted),
        'desired': sum(service.desired for service in seen),
        'running': sum(service.running for service in seen),
        'pending': sum(service.pending for service in seen),
    }
