"""Filter patterns of CloudWatch Logs: terms, phrases and conditions on JSON fields.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

Matches = Callable[[str], bool]

_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_CONDITION = re.compile(r'\(?\s*\$\.([\w.-]+)\s*(!=|>=|<=|=|>|<)\s*(?:"([^"]*)"|([^\s")]+))\s*\)?')
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    '=': lambda a, b: a == b,
    '!=': lambda a, b: a != b,
    '>': lambda a, b: a > b,
    '>=': lambda a, b: a >= b,
    '<': lambda a, b: a < b,
    '<=': lambda a, b: a <= b,
}


class InvalidPattern(ValueError):
    """A filter pattern that CloudWatch Logs refuses."""


def compiled(pattern: str) -> Matches:
    """A test on a message. Raises InvalidPattern."""
    text = pattern.strip()
    if text.startswith('{'):
        if not text.endswith('}'):
            raise InvalidPattern('Invalid filter pattern')
        return _json(text[1:-1])
    return _terms(text)


def _terms(text: str) -> Matches:
    needed: list[str] = []
    options: list[str] = []
    excluded: list[str] = []
    for sign, phrase, word in _TERM.findall(text):
        term = re.sub(r'\\(.)', r'\1', phrase) if phrase else word
        {'': needed, '?': options, '-': excluded}[sign].append(term)

    def matches(message: str) -> bool:
        if any(term in message for term in excluded) or not all(term in message for term in needed):
            return False
        # Next to required terms, optional ones have no effect.
        return not options or bool(needed) or any(term in message for term in options)

    return matches


def _json(text: str) -> Matches:
    """Conditions joined by `&&`, and these by `||`."""
    groups = [[_condition(part) for part in group.split('&&')] for group in text.split('||')]

    def matches(message: str) -> bool:
        try:
            fields = json.loads(message)
        except ValueError:
            return False
        return any(all(condition(fields) for condition in group) for group in groups)

    return matches


def _condition(text: str) -> Callable[[Any], bool]:
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise InvalidPattern('Invalid filter pattern')
    path, operator, quoted, bare = match.groups()
    number = None if quoted is not None else _number(bare)

    def holds(fields: Any) -> bool:
        value = _at(fields, path)
        if value is None:
            return False
        if number is not None and isinstance(value, int | float):
            return _COMPARE[operator](value, number)
        equal = fnmatchcase(str(value), quoted if quoted is not None else bare)
        return {'=': equal, '!=': not equal}.get(operator, False)

    return holds


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _at(fields: Any, path: str) -> Any:
    for name in path.split('.'):
        fields = fields.get(name) if isinstance(fields, dict) else None
    return fields
