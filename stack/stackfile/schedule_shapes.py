"""Shapes of the values that state times: cron, rate and at expressions, and the time zone of each."""

from collections.abc import Callable
from typing import Any

from voluptuous import Invalid

from stack.stackfile.cron import read_cron
from stack.stackfile.schedule_times import check_zone, read_at, read_rate
from stack.stackfile.shapes import Shape, text


def _read_by(read: Callable[[str], Any], pattern: str, description: str, example: str) -> Shape:
    """Text that `read` accepts; its `ValueError` states what is allowed."""
    words = text(pattern, description, at_most=256, example=example)

    def check(value: Any) -> str:
        content: str = words.check(value)
        try:
            read(content)
        except ValueError as error:
            raise Invalid(str(error)) from None
        return content

    return Shape(description, check, words.json)


_CRON = _read_by(
    read_cron,
    r'\s*(?:[0-9A-Za-z*?,/#-]+\s+){5}[0-9A-Za-z*?,/#-]+\s*',
    'six fields: minutes, hours, day-of-month, month, day-of-week, year',
    '0 3 * * ? *',
)


def _cron_text(value: Any) -> str:
    if isinstance(value, str) and len(value.split()) != 6:
        # The pattern alone would not state which field is missing.
        try:
            read_cron(value)
        except ValueError as error:
            raise Invalid(str(error)) from None
    expression: str = _CRON.check(value)
    return expression


CRON = Shape(_CRON.description, _cron_text, _CRON.json)
RATE = _read_by(
    read_rate, r'[1-9][0-9]{0,8} +(?:minute|hour|day)s?', 'a number and minutes, hours or days', '5 minutes'
)
AT = _read_by(
    read_at,
    r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}',
    'a local time without an offset',
    '2030-01-31T18:00:00',
)
TIMEZONE = _read_by(
    check_zone, r'[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*', 'a time zone of the IANA database', 'Europe/Berlin'
)
