"""The guards of a cluster: a freeze and images in quarantine, which refuse changes, and deployments to be stopped.

The guards of a cluster are one object in the bucket, named by an id. Each revision that was written under guards
names them in its metadata, and ends in white space that no revision under other guards ends in: its ETag is another
one even where its content is the same. So a conditional write that succeeds proves, beside the content that it was
based on, the guards that it was checked against. See docs/decisions/guards.md.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from stack.errors import Frozen, StateUnreadable
from stack.reconcile.stop_order import StopOrder
from stack.stackfile.freeze_windows import FreezeWindow, in_progress
from stack.stackfile.images import ImageReference
from stack.state.revisions import Change

# How many images of one service are remembered; the oldest goes first.
QUARANTINED_MOST = 20
# The author of the freeze that a window begins.
WINDOW = 'freeze window'


@dataclass(frozen=True)
class Freeze:
    """A period in which a cluster accepts no changes; without `until` it lasts until a thaw."""

    by: str
    at: datetime
    reason: str
    until: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        return self.until is None or now < self.until

    def to_json(self) -> dict[str, Any]:
        until = self.until.astimezone(UTC).isoformat() if self.until else None
        return {'by': self.by, 'at': self.at.astimezone(UTC).isoformat(), 'reason': self.reason, 'until': until}


@dataclass(frozen=True)
class Quarantine:
    """An image that a rollback removed, and that must not return to that service.

    `digest` is the image's digest at that time, where it is known: it identifies the image under any name.
    """

    service: str
    image: str
    digest: str | None
    by: str
    at: datetime
    reason: str
    revision: str

    def concerns(self, image: str) -> bool:
        """Whether `image` may be this one; where both have digests, these decide."""
        own, other = ImageReference.split(self.image), ImageReference.split(image)
        if own.name != other.name:
            return False
        return self.digest is not None or (own.tag, own.digest) == (other.tag, other.digest)

    def is_of(self, image: str, digest: str | None) -> bool:
        """Whether `image`, whose digest is now `digest` where that is known, is this one."""
        if self.digest is not None and digest is not None:
            return self.digest == digest
        return self.image == image

    def to_json(self) -> dict[str, Any]:
        return {
            'service': self.service,
            'image': self.image,
            'digest': self.digest,
            'by': self.by,
            'at': self.at.astimezone(UTC).isoformat(),
            'reason': self.reason,
            'revision': self.revision,
        }


@dataclass(frozen=True)
class StoppedDeployment:
    """A deployment of ECS that a revision stopped: schedulers end it wherever they find it under way."""

    service: str
    order: StopOrder

    def to_json(self) -> dict[str, Any]:
        return {'service': self.service, 'deployment': self.order.deployment, 'mode': self.order.mode}


@dataclass(frozen=True)
class Guards:
    """The guards of a cluster. Without an id there are none.

    `windows` are those of its desired state and of the calendar; they are not stored with the guards.
    """

    id: str = ''
    freeze: Freeze | None = None
    quarantine: tuple[Quarantine, ...] = field(default=())
    windows: tuple[FreezeWindow, ...] = field(default=())
    stops: tuple[StoppedDeployment, ...] = field(default=())

    def frozen(self, now: datetime) -> Freeze | None:
        """The freeze that is active at that time: a declared one, else that of a window."""
        return self.freeze if self.freeze and self.freeze.is_active(now) else freeze_by_window(self.windows, now)

    def renewed(self, **changes: Any) -> 'Guards':
        """Other guards, with an id of their own; none at all where nothing is left to guard."""
        changed = replace(self, **changes)
        return replace(changed, id=uuid.uuid4().hex if changed.freeze or changed.quarantine or changed.stops else '')

    def with_stop(self, stop: StoppedDeployment) -> 'Guards':
        """The guards with a stop; the former one of its service is over."""
        return self.renewed(stops=(*(each for each in self.stops if each.service != stop.service), stop))

    def with_quarantine(self, added: Sequence[Quarantine]) -> 'Guards':
        kept = [entry for entry in self.quarantine if all(not _same(entry, other) for other in added)]
        by_service: dict[str, list[Quarantine]] = {}
        for entry in [*kept, *added]:
            by_service.setdefault(entry.service, []).append(entry)
        newest = (entries[-QUARANTINED_MOST:] for entries in by_service.values())
        return self.renewed(quarantine=tuple(entry for entries in newest for entry in entries))

    def without_quarantine(self, removed: Sequence[Quarantine]) -> 'Guards':
        kept = tuple(each for each in self.quarantine if each not in removed)
        return self if kept == self.quarantine else self.renewed(quarantine=kept)

    def of_service(self, service: str) -> tuple[Quarantine, ...]:
        return tuple(each for each in self.quarantine if each.service == service)

    def to_json(self) -> dict[str, Any]:
        return {
            'id': self.id,
            'freeze': self.freeze.to_json() if self.freeze else None,
            'quarantine': [each.to_json() for each in self.quarantine],
            **({'stops': [each.to_json() for each in self.stops]} if self.stops else {}),
        }


def _same(one: Quarantine, other: Quarantine) -> bool:
    return (one.service, one.image, one.digest) == (other.service, other.image, other.digest)


def read_guards(record: Any) -> Guards:
    """Guards as `to_json` wrote them. Raises `StateUnreadable`: unreadable guards never count as none."""
    try:
        freeze = _freeze(record['freeze']) if record['freeze'] else None
        quarantine = tuple(_quarantine(each) for each in record['quarantine'])
        stops = tuple(_stop(each) for each in record.get('stops', ()))
        return Guards(record['id'], freeze, quarantine, stops=stops)
    except (KeyError, TypeError, ValueError) as error:
        raise StateUnreadable('The guards of the cluster cannot be read; nothing was changed.') from error


def freeze_of(change: Change) -> Freeze:
    """The freeze that a recorded change began."""
    until = change.did.get('until')
    return Freeze(change.origin.by, change.at, change.origin.message, datetime.fromisoformat(until) if until else None)


def freeze_by_window(windows: Sequence[FreezeWindow], now: datetime) -> Freeze | None:
    """The freeze of the window in progress; None where there is none."""
    occurrence = in_progress(windows, now)
    return Freeze(WINDOW, occurrence.start, occurrence.reason, occurrence.end) if occurrence else None


def _freeze(record: Mapping[str, Any]) -> Freeze:
    until = datetime.fromisoformat(record['until']) if record['until'] else None
    return Freeze(record['by'], datetime.fromisoformat(record['at']), record['reason'], until)


def _stop(record: Mapping[str, Any]) -> StoppedDeployment:
    return StoppedDeployment(record['service'], StopOrder(record['deployment'], record['mode']))


def _quarantine(record: Mapping[str, Any]) -> Quarantine:
    return Quarantine(**{**record, 'at': datetime.fromisoformat(record['at'])})


def refuse_frozen(cluster: str, freeze: Freeze) -> Frozen:
    """The refusal of a change to a frozen cluster."""
    until = f' until {freeze.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC' if freeze.until else ''
    by = f'a {WINDOW}' if freeze.by == WINDOW else freeze.by
    return Frozen(f'{cluster} is frozen by {by}{until}: {freeze.reason}. Nothing was changed.', freeze.to_json())
