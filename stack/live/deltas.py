"""Deltas of `rollout` events: what differs from the event before, for subscribers that were sent that one. Pure.

A delta is a JSON merge patch (RFC 7396) of the message, and of each row that has `delta`: null removes a field. A row
without `delta` replaces the one before. In `rollouts`, an entry with nothing but its revision is as it was.
"""

import pickle
from collections.abc import Iterable, Mapping
from typing import Any

from stack.runtime.lru import LruCache

Json = Mapping[str, Any]

# Fields that every message has.
_ALWAYS = frozenset({'type', 'cluster', 'at', 'revision', 'state', 'percent', 'observed_at'})
# Rows that are remembered of a cluster, those that moved last: of another one, the whole row is sent.
ROWS_KEPT = 64


class Published:
    """What the last `rollout` event of a cluster contained. Not for a state of which no event was made: see `reset`.
    Without subscribers to deltas it is empty.

    Rows are kept packed: those of a thousand clusters would take hundreds of megabytes.
    """

    def __init__(self) -> None:
        # Without the rows.
        self._content: Json = {}
        self._rows: LruCache[str, bytes] = LruCache(ROWS_KEPT)

    @property
    def rows(self) -> int:
        """How many rows are kept."""
        return len(self._rows)

    def reset(self) -> None:
        """Forget everything: the next event is not relative to the last one."""
        self._content = {}
        self._rows = LruCache(ROWS_KEPT)

    def forget(self, services: Iterable[str]) -> None:
        """Forget the rows of services: clients drop them."""
        for name in services:
            self._rows.drop(name)

    def delta(self, content: Json) -> Json:
        """What differs in an event from the one before; the whole content for the first."""
        before = self._content
        self._content = {name: value for name, value in content.items() if name != 'services'}
        rows = [self._row(row) for row in content['services']]
        if not before:
            return {**content, 'services': rows}
        changed = {name: value for name, value in _patch(before, content).items() if name != 'services'}
        if 'rollouts' in changed:
            changed['rollouts'] = _changed_rollouts(before['rollouts'], content['rollouts'])
        always = {name: content[name] for name in content if name in _ALWAYS}
        return {**always, **changed, 'delta': True, 'services': rows}

    def _row(self, row: Json) -> Json:
        name = row['name']
        before = self._rows.get(name)
        if row.get('gone'):
            self._rows.drop(name)
            return row
        self._rows.put(name, pickle.dumps(row, pickle.HIGHEST_PROTOCOL))
        if before is None:
            return row
        known: Json = pickle.loads(before)  # noqa: S301  packed by this process
        return {'name': name, 'delta': True, **_patch(known, row)}


def _patch(before: Json, after: Json) -> dict[str, Any]:
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return changed | {name: None for name in before if name not in after}


def _changed_rollouts(before: Iterable[Json], after: Iterable[Json]) -> list[Json]:
    known = {rollout['revision']: rollout for rollout in before}
    return [
        {'revision': rollout['revision']} if known.get(rollout['revision']) == rollout else rollout for rollout in after
    ]
