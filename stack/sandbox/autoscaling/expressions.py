"""Schedule expressions of scheduled actions: at, cron and rate."""

import re
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


def is_due(action: Action, now: float) -> bool:
    """Whether the action was to run between its last run and now."""
    kind, inner = _parts(action.spec['Schedule'])
    zone = timetable.time_zone(action.spec.get('Timezone', 'UTC'))
    if kind == 'rate':
        number, unit = inner.split()
        return now - action.ran_at >= int(number) * _UNITS[unit.removesuffix('s')]
    if kind == 'at':
        return action.ran_at < timetable.moment(inner, zone).timestamp() <= now
    last = timetable.cron(inner).last_before(datetime.fromtimestamp(now, UTC), zone)
    return last is not None and last.timestamp() > action.ran_at


def runs_once(action: Action) -> bool:
    return _parts(action.spec['Schedule'])[0] == 'at'


def _parts(expression: str) -> tuple[str, str]:
    kind, _, inner = expression.partition('(')
    return kind, inner.removesuffix(')')
