"""Events in the detail `summary`: what a list of all clusters shows, without the rows of the services. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

_HEAD = ('type', 'cluster', 'at', 'revision', 'merged', 'covers_since')
_STATE = (
    'sync',
    'health',
    'state',
    'percent',
    'counts',
    'frozen',
    'freeze_windows',
    'failing',
    'unreadable',
    'observed_at',
)
# What a `rollout` does not have: it is about what runs.
OF_REVISION = ('changed_at', 'by', 'message', 'last_change')
_OF_CHANGE = ('previous', 'source', 'deploys', 'summary', 'unreadable')

# The events that are shorter in this detail.
BRIEF = frozenset({'cluster', 'rollout', 'desired'})

# The letters of a service's code: its health, its sync, and the state of its rollout.
HEALTHS = {'healthy': 'h', 'degraded': 'd', 'failing': 'f', 'stopped': 's', 'unknown': 'u'}
SYNCS = {'in-sync': 'i', 'drifted': 'd', 'rolling-out': 'r', 'not-deployed': 'n', 'unknown': 'u', 'not-managed': 'x'}
STATES = {
    'queued': 'q',
    'rolling-out': 'r',
    'paused': 'p',
    'shifting': 'w',
    'baking': 'k',
    'steady': 's',
    'failed': 'f',
    'rolled-back': 'b',
    'removing': 'm',
    'removed': 'g',
    'running': 't',
}
OTHER = '-'


def brief(content: Json) -> dict[str, Any]:
    """The content of an event without what only a page of one cluster shows."""
    kind = content['type']
    if kind == 'cluster':
        return _some(content, _HEAD + OF_REVISION) | _state(content)
    if kind == 'rollout':
        return _some(content, _HEAD) | _state(content)
    if kind == 'desired':
        destroyed = [row['service'] for row in content['changes'] if row['action'] == 'destroy']
        return _some(content, _HEAD + OF_REVISION + _OF_CHANGE) | {'destroyed': destroyed}
    return dict(content)


def service_code(row: Json) -> str | None:
    """Three letters for health, sync and state of a service; None for one that is gone."""
    if row.get('gone'):
        return None
    letters = ((HEALTHS, 'health'), (SYNCS, 'sync'), (STATES, 'state'))
    return ''.join(table.get(row.get(name) or '', OTHER) for table, name in letters)


def _state(content: Json) -> dict[str, Any]:
    schedules = {row['name']: row['schedule']['state'] for row in content['services'] if row.get('schedule')}
    return (
        _some(content, _STATE)
        | ({'schedules': schedules} if schedules else {})
        | {
            'drifted': len(content.get('drifted', ())),
            'deployment': _newest(content.get('rollouts', ())),
            'services': {row['name']: service_code(row) for row in content['services']},
        }
    )


def _newest(rollouts: Sequence[Json]) -> dict[str, Any] | None:
    """The rollout of the newest revision, with the number of its services."""
    if not rollouts:
        return None
    newest = rollouts[-1]
    verdict = newest['verdict'] or {}
    return {
        **_some(newest, ('revision', 'state', 'percent', 'since', 'seconds')),
        'services': len(newest['services']),
        'ending': verdict.get('ending'),
        'failed': verdict.get('failed', False),
        'ended_at': verdict.get('at'),
    }


def _some(content: Json, names: Iterable[str]) -> dict[str, Any]:
    return {name: content[name] for name in names if name in content}
