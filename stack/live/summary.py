"""The persisted summary of one cluster: what the detail `summary` shows of it before the first look at ECS. Pure.

It is computed from the revision and from the record of its rollouts alone. The proof names both by what listings of the
bucket have of them: whatever is stored since has another proof.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stack.live import cluster_events
from stack.live.brief import HEALTHS, OTHER, STATES, SYNCS, brief
from stack.live.facts import Current, Mark
from stack.rollouts.cluster_state import FORGOTTEN, ClusterState

Json = Mapping[str, Any]

# What an event adds by itself, and what time decides.
_OF_EVENT = ('type', 'cluster', 'at')
_OF_TIME = ('frozen', 'freeze_windows')
_LETTERS = tuple(frozenset({*table.values(), OTHER}) for table in (HEALTHS, SYNCS, STATES))
# What every summary has, by type.
_SHAPE: Mapping[str, type | tuple[type, ...]] = {
    'revision': str,
    'changed_at': str,
    'by': (str, type(None)),
    'message': (str, type(None)),
    'last_change': dict,
    'sync': str,
    'health': str,
    'state': str,
    'percent': int,
    'counts': dict,
    'failing': type(None),
    'unreadable': (str, type(None)),
    'observed_at': type(None),
    'drifted': int,
    'deployment': (dict, type(None)),
    'services': dict,
}


class Proof(NamedTuple):
    """The cluster's object as a listing has it, and the ETag of the record of its rollouts; None without a record."""

    etag: str
    modified: datetime
    record: str | None


@dataclass(frozen=True)
class Summary:
    """`content` is that of a `cluster` event without what the time decides: `freeze` is who froze the cluster, and
    `freezes` are the windows as its desired state declares them."""

    cluster: str
    proof: Proof
    content: Json
    freeze: Json | None
    freezes: Any

    @property
    def revision(self) -> str:
        return str(self.content['revision'])

    def dump(self) -> bytes:
        """One line of JSON."""
        proof = self.proof
        line = {
            'cluster': self.cluster,
            'etag': proof.etag,
            'modified': proof.modified.astimezone(UTC).isoformat(),
            'record': proof.record,
            'freeze': self.freeze,
            'freezes': self.freezes,
            'content': self.content,
        }
        return json.dumps(line, separators=(',', ':')).encode()


def load(line: bytes) -> Summary:
    """What `dump` made. Raises ValueError, KeyError or TypeError for anything else."""
    kept = json.loads(line)
    proof = Proof(
        _a(str, kept['etag']), datetime.fromisoformat(kept['modified']), _a((str, type(None)), kept['record'])
    )
    content = _a(dict, kept['content'])
    if content.keys() - {'schedules'} != _SHAPE.keys():
        raise ValueError('a summary has other fields')
    for name, kind in _SHAPE.items():
        _a(kind, content[name])
    for code in content['services'].values():
        if len(code) != len(_LETTERS) or any(letter not in known for letter, known in zip(code, _LETTERS, strict=True)):
            raise ValueError('a summary has another code')
    return Summary(_a(str, kept['cluster']), proof, content, _a((dict, type(None)), kept['freeze']), kept['freezes'])


def _a(kind: type | tuple[type, ...], value: Any) -> Any:
    """The value, of that type. Raises TypeError for another."""
    if not isinstance(value, kind):
        raise TypeError(f'{value!r} is of another type')
    return value


def summary_of(current: Current, mark: Mark, now: datetime) -> Summary | None:
    """The summary of what was read of a cluster; None where it is not the object of the mark, or time changes it."""
    state = current.state
    if state is None or not current.freeze.is_known:
        return None
    if mark != (state.revision.etag, state.revision.stored_at):
        return None
    if any(wanted.runs_once for wanted in state.wanted.values()) and now - state.revision.stored_at < FORGOTTEN:
        return None
    freezes = None if state.unreadable else state.revision.document.get('freezes')
    proof = Proof(mark.etag, mark.modified, current.record_etag)
    return Summary(state.name, proof, content_of(state, now), current.freeze.freeze, freezes)


def shown_of(state: ClusterState, now: datetime) -> Json:
    """The content of a cluster's `cluster` event in the detail `summary`, without what the event adds by itself."""
    content = brief(cluster_events.short_cluster(state, now).content)
    return {name: value for name, value in content.items() if name not in _OF_EVENT}


def content_of(state: ClusterState, now: datetime) -> Json:
    """The same without what time decides."""
    return {name: value for name, value in shown_of(state, now).items() if name not in _OF_TIME}
