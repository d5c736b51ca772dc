"""Events in the detail `rows`: without what only the screen of one service shows, and without empty fields. Pure."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

# The events that are shorter in this detail.
LEAN = frozenset({'cluster', 'rollout'})

# Fields of a row that `GET …/services/{s}` has as well, or that the cluster states for all rows.
_LEFT_OUT = frozenset({'image_tag', 'revision', 'task_definition', 'deployment', 'percent'})
_OF_ROLLOUT = ('revision', 'services', 'since', 'usual_seconds')


def lean(content: Json) -> dict[str, Any]:
    """The content of a `cluster` or `rollout` event without what a table of services does not show.

    A `cluster` has no empty fields, and no `last_change` that repeats its own; a `rollout` has null for what is gone.
    """
    shown = dict(content)
    if content['type'] == 'cluster':
        shown = _filled(shown)
        last = shown.get('last_change', {})
        if all(last.get(name) == content.get(name) for name in ('changed_at', 'by', 'message', 'source')):
            shown.pop('last_change', None)
    if 'rollouts' in content:
        shown['rollouts'] = [_rollout(rollout) for rollout in content['rollouts']]
    return shown | {'services': [_row(row) for row in content['services']]}


def _row(row: Json) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in _LEFT_OUT}
    if row.get('delta'):
        return shown
    if row.get('sync') == 'in-sync' and row.get('state') == 'steady':
        shown.pop('events', None)
    return _filled(shown)


def _rollout(rollout: Json) -> dict[str, Any]:
    """The rollout of a revision; of its verdict, the ending."""
    shown = {name: rollout[name] for name in _OF_ROLLOUT if name in rollout}
    verdict = rollout.get('verdict')
    return shown | ({'verdict': {'ending': verdict['ending']}} if verdict else {})


def _filled(fields: Json) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != []}
