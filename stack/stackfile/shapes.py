"""Shapes of values: a description in words, a voluptuous validator, and a JSON Schema, always together."""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voluptuous import Invalid, MultipleInvalid

# Text without control characters except tab and line ends.
PRINTABLE = r'[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]'


@dataclass(frozen=True)
class Shape:
    """One kind of value.

    `check` is a voluptuous validator: it returns the effective value, or raises Invalid with every mistake. `read`
    does the same for a document that need not be valid: it ignores unreadable parts, and raises Invalid where
    nothing is left. `merge` joins an inherited value and the service's own.
    """

    description: str
    check: Callable[[Any], Any]
    json: Mapping[str, Any]
    read: Callable[[Any], Any] = field(default=None)  # type: ignore[assignment]  # filled in just below
    merge: Callable[[Any, Any], Any] = lambda inherited, own: own
    entries: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if self.read is None:
            object.__setattr__(self, 'read', self.check)


def text(
    pattern: str = PRINTABLE + '+', description: str = 'text', at_most: int | None = None, example: str = ''
) -> Shape:
    """Text that matches a pattern as a whole."""
    compiled = re.compile(pattern)
    limit = f', at most {at_most} characters' if at_most else ''

    def check(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value) or (at_most and len(value) > at_most):
            raise refused(description + limit, value)
        return value

    schema: dict[str, Any] = {'type': 'string', 'pattern': f'^(?:{pattern})$'}
    if at_most:
        schema['maxLength'] = at_most
    if example:
        schema['examples'] = [example]
    return Shape(description + limit, check, schema)


def parsed(pattern: str, description: str, example: str, make: Callable[[re.Match[str]], Any]) -> Shape:
    """Text that matches a pattern, converted by `make`."""
    words = text(pattern, description, example=example)
    compiled = re.compile(pattern)

    def check(value: Any) -> Any:
        match = compiled.fullmatch(words.check(value))
        assert match
        return make(match)

    return Shape(description, check, words.json)


def either(short: Shape, kind: type, full: Shape) -> Shape:
    """A short form, whose values are of the Python type `kind`, or a full one that is a mapping."""
    description = f'{short.description}; or a mapping'

    def is_short(value: Any) -> bool:
        return isinstance(value, kind) and not isinstance(value, bool)

    def one(value: Any) -> Shape | None:
        return short if is_short(value) else full if isinstance(value, dict) else None

    def check(value: Any) -> Any:
        if (shape := one(value)) is None:
            raise refused(description, value)
        return shape.check(value)

    def read(value: Any) -> Any:
        if (shape := one(value)) is None:
            raise refused(description, value)
        return shape.read(value)

    return Shape(description, check, {'anyOf': [short.json, full.json]}, read, entries=full.entries)


def one_or_several(item: Shape, at_most: int) -> Shape:
    """A mapping, or a list of them; read as a tuple."""
    items = list_of(item, at_most=at_most)
    description = f'{item.description}, or a list of at most {at_most}'

    def check(value: Any) -> tuple[Any, ...]:
        if isinstance(value, dict):
            return (item.check(value),)
        if not isinstance(value, list):
            raise refused(description, value)
        several: tuple[Any, ...] = items.check(value)
        return several

    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, dict):
            return (item.read(value),)
        several: tuple[Any, ...] = items.read(value)
        return several

    return Shape(description, check, {'anyOf': [item.json, items.json]}, read, entries=item.entries)


def whole(low: int, high: int) -> Shape:
    description = f'a whole number from {low} to {high}'

    def check(value: Any) -> int:
        # bool is a subclass of int
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise refused(description, value)
        return value

    return Shape(description, check, {'type': 'integer', 'minimum': low, 'maximum': high})


def number(at_most: float) -> Shape:
    """A number above 0, whole or not."""
    description = f'a number above 0, at most {at_most}'

    def check(value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= at_most:
            raise refused(description, value)
        return float(value)

    return Shape(description, check, {'type': 'number', 'exclusiveMinimum': 0, 'maximum': at_most})


def switch() -> Shape:
    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise refused('true or false', value)
        return value

    return Shape('true or false', check, {'type': 'boolean'})


def choice(*words: str) -> Shape:
    description = ' or '.join(words) if len(words) < 3 else 'one of ' + ', '.join(words)

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise refused(description, value, suggestion(value, words))
        return value

    return Shape(description, check, {'enum': list(words)})


def scalar() -> Shape:
    """Text, a number or a boolean, converted to the text that a container gets."""
    description = 'text, a number, true or false'
    printable = re.compile(PRINTABLE + '*')

    def check(value: Any) -> str:
        if isinstance(value, str):
            if not printable.fullmatch(value):
                raise Invalid('contains a control character')
            return value
        if not isinstance(value, bool | int | float):
            raise refused(description, value)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Invalid('a number beyond 64 bits: put it in quotes')
        return str(value).lower() if isinstance(value, bool) else str(value)

    number = {'type': 'number'}
    whole_number = {'type': 'integer', 'minimum': -(2**63), 'maximum': 2**63 - 1}
    broken = {'not': {'type': 'integer'}, **number}
    kinds = [{'type': 'string', 'pattern': f'^{PRINTABLE}*$'}, whole_number, broken, {'type': 'boolean'}]
    return Shape(description, check, {'anyOf': kinds})


def list_of(item: Shape, at_most: int | None = None, description: str = '') -> Shape:
    """A list with every item checked: voluptuous's own list schema stops at the first wrong one."""
    limit = f', at most {at_most}' if at_most else ''
    description = description or f'a list, each item {item.description}{limit}'

    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise refused(description, value)
        if at_most and len(value) > at_most:
            raise Invalid(f'expected at most {at_most} items, found {len(value)}')
        return tuple(checked(enumerate(value), lambda _, part: item.check(part)))

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise refused(description, value)
        return tuple(readable(value, item.read))

    schema = {'type': 'array', 'items': item.json, **({'maxItems': at_most} if at_most else {})}
    return Shape(description, check, schema, read, entries=item.entries)


def mapping_of(key: Shape, value: Shape) -> Shape:
    description = f'a mapping of {key.description} to {value.description}'
    check_both = pair(key, value)

    def check(raw: Any) -> dict[Any, Any]:
        if not isinstance(raw, dict):
            raise refused(description, raw)
        return dict(checked(raw.items(), check_both))

    def read(raw: Any) -> dict[Any, Any]:
        if not isinstance(raw, dict):
            raise refused(description, raw)
        return dict(readable(raw.items(), lambda pair: (key.check(pair[0]), value.read(pair[1]))))

    schema = {'type': 'object', 'propertyNames': key.json, 'additionalProperties': value.json}
    return Shape(description, check, schema, read, merge=lambda inherited, own: {**inherited, **own})


def pair(key: Shape, value: Shape) -> Callable[[Any, Any], tuple[Any, Any]]:
    """A check of a key and its value; it raises MultipleInvalid with the mistakes of both."""

    def check(name: Any, part: Any) -> tuple[Any, Any]:
        results, errors = [], []
        for shape, part_of_pair in ((key, name), (value, part)):
            try:
                results.append(shape.check(part_of_pair))
            except Invalid as e:
                errors += mistakes_in(e)
        if errors:
            raise MultipleInvalid(errors)
        return results[0], results[1]

    return check


def checked(parts: Iterable[tuple[Any, Any]], check: Callable[[Any, Any], Any]) -> list[Any]:
    """All parts, checked by `check(key, part)`; raises MultipleInvalid with all mistakes, with their keys as paths."""
    values, errors = [], []
    for key, part in parts:
        try:
            values.append(check(key, part))
        except Invalid as e:
            e.prepend([key])
            errors.extend(mistakes_in(e))
    if errors:
        raise MultipleInvalid(errors)
    return values


def readable(parts: Iterable[Any], read: Callable[[Any], Any]) -> list[Any]:
    """The readable parts."""
    values = []
    for part in parts:
        try:
            values.append(read(part))
        except Invalid:
            continue
    return values


def mistakes_in(error: Invalid) -> list[Invalid]:
    """The single mistakes, without tracebacks, which cost the most with thousands of mistakes."""
    errors = error.errors if isinstance(error, MultipleInvalid) else [error]
    return [mistake.with_traceback(None) for mistake in errors]


def refused(allowed: str, value: Any, hint: str = '') -> Invalid:
    return Invalid(f'expected {allowed}; found {found(value)}{hint}')


def suggestion(value: Any, known: Iterable[str]) -> str:
    """`: did you mean "image"?`, or empty where no known word is similar."""
    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(value.lower()[:64], by_lower, 1) if isinstance(value, str) else []
    return f': did you mean "{by_lower[near[0]]}"?' if near else ''


def found(value: Any) -> str:
    """A value for a message: shortened, or its kind for a collection."""
    if value is None:
        return 'nothing'
    if isinstance(value, dict):
        return 'a mapping'
    if isinstance(value, list):
        return 'a list'
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else f'{shown[:59]}…'
