"""Schedule expressions of scheduled actions: at, cron and rate."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from stack.sandbox.autoscaling.model import Action, invalid
from stack.stackfile import timetable

_UNITS = {'minute': 60, 'hour': 3600, 'day': 86_400}


def check_expression(expression: str, zone: str, now: float) -> None:
    """Raises `ScalingError` for an expression that AWS refuses."""
    kind, inner = _parts(expression)
    try:
        where = timetable.time_zone(zone)
        if kind == 'at' and timetable.moment(inner, where).timestamp() <= now:
            raise invalid(f'The time of {expression} has passed')
        if kind == 'cron':
            timetable.cron(inner)
    except ValueError as wrong:
        raise invalid(f'The schedule {expression} is wrong: {wrong}') from None
    if kind == 'rate' and not re.fullmatch(r'[1-9]\d* (?:minute|hour|day)s?', inner):
        raise invalid(f'The schedule {expression} is wrong')
    if kind not in ('at', 'cron', 'rate'):
        raise invalid(f'The schedule {expression} is neither at(…), cron(…) nor rate(…)')


def due(actions: Iterable[Action], now: float) -> list[Action]:
    """The actions that were to run since they last did, the one that was due last at the end."""
    moments = ((_last_due(action, now), action) for action in actions)
    found = [(moment, action) for moment, action in moments if action.ran_at < moment <= now]
    return [action for _, action in sorted(found, key=lambda pair: pair[0])]


def _last_due(action: Action, now: float) -> float:
    """When the action was to run last, in seconds since 1970; after `now` where that is still to come."""
    kind, inner = _parts(action.spec['Schedule'])
    zone = timetable.time_zone(action.spec.get('Timezone', 'UTC'))
    if kind == 'rate':
        number, unit = inner.split()
        seconds = int(number) * _UNITS[unit.removesuffix('s')]
        return now if now - action.ran_at >= seconds else math.inf
    if kind == 'at':
        return timetable.moment(inner, zone).timestamp()
    last = timetable.cron(inner).last_before(datetime.fromtimestamp(now, UTC), zone)
    return last.timestamp() if last else math.inf


def runs_once(action: Action) -> bool:
    return _parts(action.spec['Schedule'])[0] == 'at'


def _parts(expression: str) -> tuple[str, str]:
    kind, _, inner = expression.partition('(')
    return kind, inner.removesuffix(')')
