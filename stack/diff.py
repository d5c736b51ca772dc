"""What two desired states differ in: per service and field by field, as they come to with defaults filled in.

Works on whatever is stored: what cannot be read as a stackfile shows as nothing there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from stack.plan import Change, Row, differences
from stack.stackfile.effective import all_settings, top_settings
from stack.stackfile.fields import ServiceSettings

# The name that a row has for what stands outside the services.
CLUSTER_WIDE = ''

# What is said of a new service even where it is what every service has.
_ALWAYS_SAID = ('image', 'desired_count')

# What each service takes over from them shows there.
_INHERITED = ('services', 'defaults', 'logging')


def changed_rows(before: Any, after: Any) -> list[Row]:
    """A row for each service that differs, in the order of the newer document and then of the older.

    A last one, of the service `CLUSTER_WIDE`, holds what changed outside the services, where anything did. None stands
    for a document that does not exist.
    """
    old, new = all_settings(before), all_settings(after)
    rows = [row for name in [*new, *(set(old) - set(new))] if (row := _row(name, old.get(name), new.get(name)))]
    rest = differences(_outside(before), _outside(after))
    return [*rows, Row(CLUSTER_WIDE, 'update', tuple(rest))] if rest else rows


def touched(rows: Iterable[Row]) -> set[str]:
    """The services that a list of rows creates, updates or destroys."""
    return {row.service for row in rows if row.service != CLUSTER_WIDE and row.action != 'nothing'}


def summary(rows: Iterable[Row], most: int = 3) -> str:
    """The rows in a few words, as `web: image web:1 → web:2; 2 more services`."""
    listed = [_words(row) for row in rows]
    rest = len(listed) - most
    if rest > 0:
        listed = [*listed[:most], f'{rest} more service{"s" if rest > 1 else ""}']
    return '; '.join(listed) or 'no change'


def _row(name: str, before: ServiceSettings | None, after: ServiceSettings | None) -> Row | None:
    if before == after:
        return None
    if after is None:
        return Row(name, 'destroy')
    if before is None:
        found = differences(_by_variable(ServiceSettings()), _by_variable(after))
        said = {each.path: Change(each.path, None, each.after) for each in found if each.after is not None}
        said |= {path: Change(path, None, getattr(after, path)) for path in _ALWAYS_SAID}
        return Row(name, 'create', tuple(said[path] for path in sorted(said)))
    return Row(name, 'update', tuple(differences(_by_variable(before), _by_variable(after))))


def _by_variable(settings: ServiceSettings) -> dict[str, Any]:
    """The settings as plain values, their variables as mappings even where there are none: each differs by itself."""
    return {'environment': {}, 'secrets': {}, **plain(settings), 'name': None}


def _outside(document: Any) -> dict[str, Any]:
    top = top_settings(document)
    return {each.name: plain(getattr(top, each.name)) for each in fields(top) if each.name not in _INHERITED}


def plain(value: Any) -> Any:
    """Settings as plain JSON values; what is absent or empty is left out of mappings."""
    if is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): found for name, each in value.items() if (found := plain(each)) not in (None, {}, [])}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _words(row: Row) -> str:
    if row.service == CLUSTER_WIDE:
        return 'cluster-wide settings'
    if row.action != 'update':
        return f'{row.service}: {row.action}'
    first = sorted(row.changes, key=lambda each: each.path not in ('image', 'desired_count'))[:2]
    words = [_change_words(each) for each in first]
    rest = len(row.changes) - len(first)
    return f'{row.service}: {", ".join(words)}' + (f' and {rest} more' if rest else '')


def _change_words(change: Change) -> str:
    if change.path in ('image', 'desired_count'):
        return f'{change.path} {change.before} → {change.after}'
    return change.path
