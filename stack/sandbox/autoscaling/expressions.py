"""Schedule expressions of scheduled actions: at, cron and rate."""

from collections.abc import Iterable
from datetime import UTC, datetime

from stack.sandbox.autoscaling.model import Action, invalid
from stack.stackfile.schedule_times import DEFAULT_ZONE, read_timetable


def check_expression(expression: str, zone: str, now: float) -> None:
    """Raises `ScalingError` for an expression that AWS refuses."""
    try:
        table = read_timetable(expression, zone)
    except ValueError as error:
        raise invalid(f'The schedule {expression} is invalid: {error}') from None
    if isinstance(table.pattern, datetime) and table.last_before(_time(now)) is not None:
        raise invalid(f'The time of {expression} has passed')


def due(actions: Iterable[Action], now: float) -> list[Action]:
    """The actions that were to run since they last did, the one that was due last at the end."""
    moments = ((_last_due(action, now), action) for action in actions)
    found = [(moment, action) for moment, action in moments if moment and moment > _time(action.ran_at)]
    return [action for _, action in sorted(found, key=lambda pair: pair[0])]


def _last_due(action: Action, now: float) -> datetime | None:
    """When the action was to run last; None where that is still to come."""
    table = read_timetable(action.spec['Schedule'], action.spec.get('Timezone', DEFAULT_ZONE))
    return table.last_before(_time(now), _time(action.ran_at))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def runs_once(action: Action) -> bool:
    return str(action.spec['Schedule']).startswith('at(')
