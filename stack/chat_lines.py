"""What a chat is told of the live channel's events: one line when a rollout starts, one when it ends, and few others.

Words are put as Slack's `mrkdwn` has them: https://api.slack.com/reference/surfaces/formatting
"""

from collections.abc import Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]

ICONS = {
    'succeeded': ':white_check_mark:',
    'scaled-to-zero': ':zzz:',
    'removed': ':wastebasket:',
    'superseded': ':fast_forward:',
    'rolled-back': ':rewind:',
    'aborted': ':x:',
    'stalled': ':hourglass:',
}
ENDED = {
    'succeeded': 'is rolled out',
    'scaled-to-zero': 'is scaled to zero',
    'removed': 'is gone from ECS',
    'superseded': 'was superseded',
    'rolled-back': 'was rolled back',
    'aborted': 'was aborted',
    'stalled': 'has stalled',
}

# Of that many rollouts of a cluster it is remembered that their end was told.
TOLD_KEPT = 200


class ChatLines:
    """Turns events into lines; remembers of each cluster what was told of it."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, None]] = {}
        self._drifted: dict[str, frozenset[str]] = {}
        self._why: dict[str, str] = {}

    def of(self, event: Json) -> list[str]:
        """The lines that an event is worth, mostly none."""
        name = event.get('cluster', '')
        if event['type'] == 'desired':
            return self._desired(name, event)
        if event['type'] == 'rollout':
            return [*self._endings(name, event), *self._drift(name, event)]
        if event['type'] == 'cluster':
            return self._cluster(name, event)
        if event['type'] == 'deleted':
            self._drifted.pop(name, None)
            return [f':wastebasket: *{escape(name)}* is managed no more{_by(event)}{_because(event.get("reason"))}']
        if event['type'] == 'frozen':
            until = f' until {escape(event["until"])}' if event.get('until') else ''
            return [f':snowflake: *{escape(name)}* is frozen{until}{_by(event)}{_because(event.get("reason"))}']
        if event['type'] == 'thawed':
            return [f':sunny: *{escape(name)}* takes changes again{_by(event)}']
        return []

    def _desired(self, name: str, event: Json) -> list[str]:
        services = [row for row in event['changes'] if row['service']]
        if not services:
            return []
        who = escape(event.get('by') or 'somebody outside Nysa')
        back = any(did.get('verb') == 'rollback' for did in event.get('did', ()))
        verb = 'rolls back' if back else 'rolls out' if event.get('deploys') else 'stores'
        what = event['summary']
        if all(row['action'] == 'update' and _is_restart(row) for row in services):
            verb, what = 'restarts', _listed([row['service'] for row in services])
        self._why[event['revision']] = f'{who}{_because(event.get("message"))}'
        return [f':rocket: *{escape(name)}*: {who} {verb} {escape(what)}{_because(event.get("message"))}']

    def _endings(self, name: str, event: Json) -> list[str]:
        return [
            self._ending(name, rollout, event)
            for rollout in event.get('rollouts', ())
            if rollout['verdict'] and rollout['services'] and self._is_new(name, rollout)
        ]

    def _is_new(self, name: str, rollout: Json) -> bool:
        """Whether that rollout's end was not told yet; another end of it (stalled, and then succeeded) is a new one."""
        told = self._ended.setdefault(name, {})
        key = f'{rollout["revision"]} {rollout["verdict"]["ending"]}'
        if key in told:
            return False
        told[key] = None
        while len(told) > TOLD_KEPT:
            del told[next(iter(told))]
        return True

    def _ending(self, name: str, rollout: Json, event: Json) -> str:
        verdict = rollout['verdict']
        ending = verdict['ending']
        took = f' after {duration(rollout["seconds"])}' if rollout.get('seconds') is not None else ''
        line = f'{ICONS[ending]} *{escape(name)}*: {escape(_listed(rollout["services"]))} {ENDED[ending]}{took}'
        if ending not in ('succeeded', 'scaled-to-zero', 'removed') or verdict['failed']:
            line += f': {escape(verdict["reason"])}'
        if verdict['failed']:
            line += ''.join(f' {escape(each["what"])} {escape(each["advice"])}' for each in _troubles(rollout, event))
        why = self._why.get(rollout['revision'])
        return f'{line} ({why})' if why else line

    def _drift(self, name: str, event: Json) -> list[str]:
        drifted = frozenset(event.get('drifted', ()))
        new = drifted - self._drifted.get(name, frozenset())
        self._drifted[name] = drifted
        rows = {row['name']: row for row in event.get('services', ())}
        return [f':warning: *{escape(name)}*: {_drifted(each, rows.get(each, {}))}' for each in sorted(new)]

    def _cluster(self, name: str, event: Json) -> list[str]:
        """A whole state: what it shows has happened, and is told only where it covers what was not."""
        lines = self._endings(name, event) if 'merged' in event or 'covers_since' in event else []
        for rollout in event.get('rollouts', ()):
            if rollout['verdict']:
                self._is_new(name, rollout)
        self._drifted[name] = frozenset(event.get('drifted', ()))
        return lines


def escape(text: str) -> str:
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def duration(seconds: float) -> str:
    """As `2 min 5 s`, or `1 h 3 min`."""
    whole = round(seconds)
    if whole < 60:
        return f'{whole} s'
    if whole < 3600:
        return f'{whole // 60} min {whole % 60} s'
    return f'{whole // 3600} h {whole % 3600 // 60} min'


def _because(reason: str | None) -> str:
    return f' — {escape(reason)}' if reason else ''


def _by(event: Json) -> str:
    return f' (by {escape(event["by"])})' if event.get('by') else ''


def _listed(names: list[str]) -> str:
    return ', '.join(names) if len(names) <= 3 else f'{", ".join(names[:3])} and {len(names) - 3} more'


def _is_restart(row: Json) -> bool:
    return [change['path'] for change in row['changes']] == ['restarted_at']


def _troubles(rollout: Json, event: Json) -> Iterable[Json]:
    found = [row['trouble'] for row in event.get('services', ()) if row['name'] in rollout['services']]
    return [each for each in found if each][:1]


def _drifted(service: str, row: Json) -> str:
    changes = row.get('drift', ())
    shown = ', '.join(_difference(each) for each in changes[:3]) or 'it differs'
    return f'{escape(service)} is not as wanted: {escape(shown)}'


def _difference(change: Json) -> str:
    if change.get('concealed') or change['path'].startswith('environment'):
        return change['path']
    return f'{change["path"]} is {change["before"]}, not {change["after"]}'
