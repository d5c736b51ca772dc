"""The difference of two desired states: a row for each service, and the settings above them.

Services are compared in their effective form, with `defaults` and everything else that they inherit filled in, so that
a setting for all of them shows at each one that it reaches. Neither order nor notation makes a difference.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from voluptuous import Invalid

from stack.reconcile.plan import Action, Change, Row, differences
from stack.runtime.durations import write_duration
from stack.stackfile.effective import services, settle, top_settings
from stack.stackfile.entries import DEFAULTS, Entry, entries
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.images import ImageReference
from stack.stackfile.network_fields import Vpc
from stack.stackfile.ports import PortMapping
from stack.stackfile.restarts import is_due
from stack.stackfile.volumes import Volume

# Lists in which the order means nothing.
SETS = {'ports', 'volumes', 'certificates', 'placement_constraints', 'public', 'private', 'subnets', 'security_groups'}

SUMMARY_LIMIT = 240
# What a summary names one by one; of more it gives the number.
NAMED = 3

_OF_SERVICE = entries(ServiceSettings)
_OF_DEFAULTS = tuple(entry for entry in _OF_SERVICE if entry.inherits == DEFAULTS)
_OF_TOP = tuple(entry for entry in entries(Stackfile) if entry.name not in ('services', 'defaults'))


# The service of a row that holds what stands above the services.
CLUSTER_WIDE = ''


@dataclass(frozen=True)
class Difference:
    """`rows` has every service of either side, those of the later one first; `settings` is what stands above them."""

    rows: tuple[Row, ...]
    settings: tuple[Change, ...] = ()

    @property
    def changed(self) -> tuple[Row, ...]:
        """The rows of services that are not the same on both sides."""
        return tuple(row for row in self.rows if row.action != 'nothing')

    def summary(self) -> str:
        """All of it in one line for a person, without the values of environment variables."""
        return summary(self.rows, self.settings)

    def to_json(self) -> dict[str, Any]:
        return {
            'summary': self.summary(),
            'services': [row.to_json() for row in self.changed],
            'settings': [change.to_json() for change in self.settings],
        }


def difference(before: Any, after: Any) -> Difference:
    """The difference between two documents; None, and anything that is no mapping, counts as an empty one."""
    old, new = _Side(before), _Side(after)
    same_settings = old.above == new.above
    rows = [_row(name, old, new, same_settings) for name in new.services]
    rows += [Row(name, 'destroy') for name in old.services if name not in new.services]
    return Difference(tuple(rows), () if same_settings else tuple(differences(old.settings(), new.settings())))


def changed_rows(before: Any, after: Any) -> list[Row]:
    """The rows of services that differ, and last one of the service `CLUSTER_WIDE` for what changed above them."""
    changed = difference(before, after)
    return [*changed.changed, *([Row(CLUSTER_WIDE, 'update', changed.settings)] if changed.settings else [])]


def touched(rows: Iterable[Row]) -> set[str]:
    """The services that a list of rows creates, updates or destroys."""
    return {row.service for row in rows if row.service != CLUSTER_WIDE and row.action != 'nothing'}


class _Side:
    """One of the two documents, parsed lazily."""

    def __init__(self, document: Any):
        document = document if isinstance(document, Mapping) else {}
        self.above = {name: value for name, value in document.items() if name != 'services'}
        self.top = top_settings(document)
        self.services: dict[str, dict[str, Any]] = {}
        for name, raw in services(document):
            self.services.setdefault(name, raw)

    def settings(self) -> dict[str, Any]:
        defaults = self.above.get('defaults')
        fields = _plain_fields(self.top, _OF_TOP)
        fields['defaults'] = {name: _plain(value, name) for name, value in self.top.defaults.items()}
        if isinstance(defaults, dict):
            fields['defaults'] |= _unread(defaults, _OF_DEFAULTS)
        elif defaults is not None:
            fields['defaults'] = defaults
        return fields | {k: v for k, v in _unread(self.above, _OF_TOP).items() if k != 'defaults'}

    def service(self, name: str) -> '_Service':
        settings = settle(name, self.services[name], self.top)
        others = _unread(self.services[name], _OF_SERVICE)
        if network := _network(settings, self.top.vpc or Vpc()):
            others['vpc'] = network
        if settings.dns_discovery and self.top.service_discovery:
            others['service_discovery'] = {'namespace': self.top.service_discovery.namespace}
        return _Service(settings, others)


@dataclass(frozen=True)
class _Service:
    """A service of one side: its settings, and what else is compared, which replaces settings of the same name."""

    settings: ServiceSettings
    others: dict[str, Any] = dataclasses.field(default_factory=dict)

    def fields_unlike(self, other: '_Service', always: Collection[str] = ()) -> dict[str, Any]:
        """Its fields as JSON, without those that have the same setting in the other one, unless they are in `always`.

        Most settings of two services are equal, and to compare them takes less time than to make JSON of them.
        """
        kept = {*self.others, *other.others, *always}
        unlike = [
            entry
            for entry in _OF_SERVICE
            if entry.name in kept or getattr(self.settings, entry.name) != getattr(other.settings, entry.name)
        ]
        return _plain_fields(self.settings, unlike) | self.others


def _row(name: str, old: _Side, new: _Side, same_settings: bool) -> Row:
    if name not in old.services:
        return _created(name, new.service(name))
    if same_settings and old.services[name] == new.services[name]:
        return Row(name, 'nothing')
    before, after = old.service(name), new.service(name)
    former, wanted = before.fields_unlike(after), after.fields_unlike(before)
    if not is_due(wanted.get('restarted_at'), former.get('restarted_at')):
        wanted['restarted_at'] = former.get('restarted_at')
    changes = tuple(differences(former, wanted))
    action: Action = 'update' if changes else 'nothing'
    return Row(name, action, changes)


def _created(name: str, service: _Service) -> Row:
    """A service that did not exist, by the fields that are not the default."""
    default = _Service(ServiceSettings(name=name))
    fields = service.fields_unlike(default, always=('desired_count',))
    defaults = default.fields_unlike(service)
    wanted = {
        key: value
        for key, value in fields.items()
        if key != 'restarted_at' and (key == 'desired_count' or value != defaults.get(key))
    }
    return Row(name, 'create', tuple(differences(_without_values(wanted), wanted)))


def _without_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a service that did not exist: empty mappings, so that each of their entries is a change."""
    return {name: {} for name in ('environment', 'secrets') if name in fields}


def _network(settings: ServiceSettings, vpc: Vpc) -> dict[str, Any]:
    """The parts of the VPC that the service is given, as far as it is given any."""
    kinds = {elb.type for elb in settings.elb if elb.type}
    if settings.task_network == 'awsvpc':
        kinds.add('private' if vpc.subnets.private else 'public')
    if not kinds:
        return {}
    named = {
        'subnets': {kind: _plain(getattr(vpc.subnets, kind), kind) for kind in sorted(kinds)},
        'security_groups': {kind: _plain(getattr(vpc.security_groups, kind), kind) for kind in sorted(kinds)},
    }
    return {'id': vpc.id, **named}


def _plain_fields(record: Any, known: Sequence[Entry]) -> dict[str, Any]:
    return {entry.name: _plain(getattr(record, entry.name), entry.name) for entry in known}


def _plain(value: Any, name: str = '') -> Any:
    """A setting as JSON, sets in sorted order."""
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, PortMapping | Volume) and (short := value.as_text()):
        return short
    if isinstance(value, timedelta):
        return write_duration(value)
    if dataclasses.is_dataclass(value):
        held = {field.name: _plain(getattr(value, field.name), field.name) for field in dataclasses.fields(value)}
        return {key: each for key, each in held.items() if each not in (None, {}, [])}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        items = [_plain(each) for each in value]
        if name == 'elb' or (name == 'dns' and items and isinstance(items[0], dict)):
            return _by_name(items)
        return sorted(items, key=str) if name in SETS else items
    return value


def _by_name(balancers: list[Any]) -> Any:
    """Load balancers or records as `elb` has them: one as a mapping, several by their names or places."""
    if len(balancers) < 2:
        return balancers[0] if balancers else None
    return {
        str(balancer.get('name') or balancer.get('record_name') or i): balancer for i, balancer in enumerate(balancers)
    }


def _unread(raw: Mapping[str, Any], known: Sequence[Entry]) -> dict[str, Any]:
    """Unknown and unreadable settings as they are written, so that no difference is hidden."""
    by_name = {entry.name: entry for entry in known}
    return {str(name): value for name, value in raw.items() if not _readable(by_name.get(name), value)}


def _readable(entry: Entry | None, value: Any) -> bool:
    if entry is None:
        return False
    try:
        entry.shape.read(value)
    except Invalid:
        return False
    return True


def summary(rows: Sequence[Row], settings: Sequence[Change] = ()) -> str:
    """One line: each update where there are few, how many were created, destroyed or left out, then the settings.

    `settings` may as well come as a row of the service `CLUSTER_WIDE`.
    """
    settings = [*settings, *(change for row in rows if row.service == CLUSTER_WIDE for change in row.changes)]
    updates = [row for row in rows if row.action == 'update' and row.service != CLUSTER_WIDE]
    parts = [_update(row) for row in updates] if len(updates) <= NAMED else [f'{len(updates)} services changed']
    for action, done in (('create', 'created'), ('destroy', 'destroyed'), ('unmanage', 'no longer managed')):
        names = [row.service for row in rows if row.action == action]
        if names:
            parts.append(f'{names[0]} {done}' if len(names) == 1 else f'{len(names)} services {done}')
    touched = dict.fromkeys(change.path.partition('.')[0] for change in settings)
    if touched:
        parts.append(f'{", ".join(touched)} changed')
    line = '; '.join(parts) or 'no difference'
    return line if len(line) <= SUMMARY_LIMIT else f'{line[: SUMMARY_LIMIT - 1]}…'


def _update(row: Row) -> str:
    if len(row.changes) > NAMED:
        return f'{row.service}: {len(row.changes)} settings'
    return f'{row.service}: {", ".join(_change(change) for change in row.changes)}'


def _change(change: Change) -> str:
    if change.path == 'restarted_at':
        return 'restarted'
    if change.path == 'image':
        return f'image {_images(change.before, change.after)}'
    if change.path.startswith('environment.') or not (_is_short(change.before) and _is_short(change.after)):
        return change.path
    return f'{change.path} {_short(change.before)} → {_short(change.after)}'


def _images(before: Any, after: Any) -> str:
    """Two images by what differs: their tags where the repository is the same."""
    if not isinstance(before, str) or not isinstance(after, str):
        return f'{_short(before)} → {_short(after)}'
    old, new = ImageReference.split(before), ImageReference.split(after)
    if old.name != new.name:
        return f'{before} → {after}'
    return f'{_version(old)} → {_version(new)}'


def _version(image: ImageReference) -> str:
    digest = image.digest[:19] if image.digest else None
    return '@'.join(filter(None, (image.tag, digest))) or 'no tag'


def _is_short(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 60)


def _short(value: Any) -> str:
    if value is None:
        return 'none'
    return str(value).lower() if isinstance(value, bool) else str(value)
