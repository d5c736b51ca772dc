"""Shapes of values of the deployment fields: durations, percentages in tenths, lists of stages."""

from datetime import timedelta
from typing import Any

from stack.runtime.durations import PATTERN, read_duration, write_duration
from stack.stackfile.shapes import Shape, choice, list_of, refused

_SHORTEST = timedelta(minutes=1)


def duration(at_most: timedelta, at_least: timedelta = timedelta()) -> Shape:
    """A duration in whole minutes; read as a `timedelta`."""
    limits = f'from {write_duration(at_least)} to {write_duration(at_most)}'
    description = f'a duration such as 10m, 1h30m or 2d, {limits}'

    def check(value: Any) -> timedelta:
        found = read_duration(value) if isinstance(value, str) else None
        if found is None or not at_least <= found <= at_most:
            raise refused(description, value)
        return found

    return Shape(description, check, {'type': 'string', 'pattern': PATTERN, 'examples': ['10m']})


# ECS ends every deployment after 30 days.
DURATION = duration(timedelta(days=30), _SHORTEST)


def tenths(low: float, high: float) -> Shape:
    """A percentage with at most one decimal place."""
    description = f'a percentage from {low:g} to {high:g}'

    def check(value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise refused(description, value)
        if round(value, 1) != value:
            raise refused('at most one decimal place', value)
        return float(value)

    return Shape(description, check, {'type': 'number', 'minimum': low, 'maximum': high})


def stages(known: tuple[str, ...]) -> Shape:
    """A list of stages of a deployment, each once."""
    listed = list_of(choice(*known), at_most=len(known))

    def check(value: Any) -> tuple[str, ...]:
        found: tuple[str, ...] = listed.check(value)
        return tuple(dict.fromkeys(found))

    return Shape(listed.description, check, listed.json)


def json_value() -> Shape:
    """Any JSON value but null."""

    def check(value: Any) -> Any:
        if value is None:
            raise refused('a JSON value', value)
        return value

    return Shape('a JSON value', check, {'not': {'type': 'null'}})
