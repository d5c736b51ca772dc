"""Strict JSON parser (RFC 8259) with positions.

The standard library parses, but keeps no positions; a separate scan finds them, and runs only for an error.
"""

import json
import math
import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, NoReturn

from stack.errors import InvalidRequest
from stack.stackfile.places import Place
from stack.stackfile.problems import Problem, details, in_text

_LONGEST_NUMBER = 300
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]|[^][{}\s:,"]+')
_SURROGATE_ESCAPE = re.compile(r'\\u[dD][89a-fA-F]')
_SURROGATE = re.compile('[\ud800-\udfff]')


def load(text: str) -> Any:
    """The data of a JSON text.

    Raises InvalidRequest, with line and column where possible, for invalid JSON, for a repeated key, and for a value
    that cannot be encoded as JSON in UTF-8 again.
    """
    data, faults = load_faulty(text)
    if faults:
        _refuse(faults)
    return data


def load_faulty(text: str) -> tuple[Any, list[Problem]]:
    """As `load`, but repeated keys are returned as faults, and the last one counts."""
    doubled = False

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        found = dict(pairs)
        doubled = doubled or len(found) != len(pairs)
        return found

    try:
        data = json.loads(
            text, object_pairs_hook=mapping, parse_int=_whole, parse_float=_decimal, parse_constant=_decimal
        )
    except json.JSONDecodeError as e:
        e = _of_every_version(e)
        _refuse([Problem((), f'not JSON: {e.msg}', e.lineno, e.colno)])
    except RecursionError:
        raise InvalidRequest('the JSON is nested too deep') from None
    except ValueError as e:
        raise InvalidRequest(str(e)) from None
    if _SURROGATE_ESCAPE.search(text):
        _refuse_half_characters(text)
    return data, _scan(text)[1] if doubled else []


def places(text: str) -> Place:
    """The places of all parts of a text that `load` accepts."""
    return _scan(text)[0]


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f'a number of {len(digits):,} characters cannot be represented: put it in quotes')
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f'the number {digits[:60]} cannot be represented: put it in quotes')
    return number


@dataclass
class _Open:
    """An open object or list; in an object, `key` waits for its value, `last` is the previous key."""

    children: Any
    key: str | None = None
    last: str | None = None
    key_place: tuple[int, int] = (1, 1)


def _scan(text: str) -> tuple[Place, list[Problem]]:
    """The places in a JSON text, and its repeated keys."""
    where = _Lines(text)
    root: Place = (1, 1, None)
    faults: list[Problem] = []
    stack: list[_Open] = []
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in ('}', ']'):
            stack.pop()
            continue
        top = stack[-1] if stack else None
        place = where.at(token.start())
        if top and isinstance(top.children, dict) and top.key is None:
            top.key, top.key_place = json.loads(word), place
            top.last = top.key
            if top.key in top.children:
                path = tuple(o.last or '' if isinstance(o.children, dict) else len(o.children) - 1 for o in stack)
                faults.append(Problem(path, f'the key {word[:60]} is repeated here', *place))
            continue
        children: Any = {} if word == '{' else [] if word == '[' else None
        if top is None:
            root = (*place, children)
        elif isinstance(top.children, list):
            top.children.append((*place, children))
        else:
            top.children[top.key] = (*top.key_place, children)
            top.key = None
        if children is not None:
            stack.append(_Open(children))
    return root, faults


class _Lines:
    def __init__(self, text: str):
        self._ends = [found.start() for found in re.finditer('\n', text)]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1."""
        before = bisect_left(self._ends, offset)
        return before + 1, offset - (self._ends[before - 1] if before else -1)


def _refuse_half_characters(text: str) -> None:
    where = _Lines(text)
    halves = (t.start() for t in _TOKEN.finditer(text) if t[0][0] == '"' and _SURROGATE.search(json.loads(t[0])))
    message = 'contains half of a surrogate pair, which is not a character'
    faults = [Problem((), message, *where.at(start)) for start in halves]
    if faults:
        _refuse(faults)


def _refuse(faults: list[Problem]) -> NoReturn:
    raise InvalidRequest(in_text(faults), details(faults))


def _of_every_version(error: json.JSONDecodeError) -> json.JSONDecodeError:
    """The error as Python 3.13 and later report it: a trailing comma at the comma, not after it."""
    before = error.doc[: error.pos].rstrip()
    if before.endswith(',') and error.doc[error.pos : error.pos + 1] in ('}', ']'):
        kind = 'object' if error.doc[error.pos] == '}' else 'array'
        return json.JSONDecodeError(f'Illegal trailing comma before end of {kind}', error.doc, len(before) - 1)
    return error
