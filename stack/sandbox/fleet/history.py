"""The revisions of the busy fleet, with what became of each: versions for S3, and results for the rollout records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stack.sandbox.fleet.clusters import Edit, FleetCluster, document
from stack.sandbox.seed_images import failing_version, newest_version
from stack.sandbox.seed_states import Document, Place
from stack.stackfile import editing
from stack.state.revisions import Change, Origin

_FIRST_DAYS = 38.0
# A failed rollout is rolled back by a person so many minutes later.
_ROLLED_BACK_MINUTES = 9
_SOURCE = 'embedded AWS'
_BOT_SOURCE = 'pipeline'


@dataclass(frozen=True)
class Entry:
    """A revision: its document, its change, the services that it changed and how their rollouts ended."""

    document: Document
    change: Change
    services: tuple[str, ...]
    failed: bool = False


def entries(place: Place, cluster: FleetCluster, now: datetime) -> Iterator[Entry]:
    """The revisions of a cluster, the oldest first."""

    def tag(service: str, days: float) -> str:
        return newest_version(service, days + cluster.lag)

    names = cluster.names
    current = document(place, cluster, {name: tag(name, _FIRST_DAYS) for name in names})
    change = _change(now, _FIRST_DAYS, ('ann', f'Take {cluster.name} under management'), verb='create')
    yield Entry(current, change, names)
    for edit in cluster.edits:
        before = current
        if edit.count is not None:
            values: dict[str, Any] = {'desired_count': edit.count}
        elif edit.result != 'works':
            values = {'image_tag': failing_version(edit.service)}
        else:
            values = {'image_tag': tag(edit.service, edit.days)}
        current = editing.change_service(before, edit.service, **values)
        yield _entry(now, edit, edit.days, current, values, failed=edit.result == 'fails')
        if edit.result == 'fails':
            current = before
            days = edit.days - _ROLLED_BACK_MINUTES / (24 * 60)
            back = {'image_tag': _tag_of(before, edit.service)}
            yield _entry(now, edit, days, current, back, message=f'Roll back: {edit.message} does not start')


def _entry(
    now: datetime,
    edit: Edit,
    days: float,
    state: Document,
    values: dict[str, Any],
    *,
    failed: bool = False,
    message: str = '',
) -> Entry:
    change = _change(now, days, (edit.by, message or edit.message), verb='change', service=edit.service, **values)
    return Entry(state, change, (edit.service,), failed)


def _change(now: datetime, days: float, author: tuple[str, str], **did: Any) -> Change:
    by, message = author
    source = _BOT_SOURCE if by.endswith('-bot') else _SOURCE
    return Change(Origin(by, source, message), now - timedelta(days=days), did)


def _tag_of(state: Document, service: str) -> str:
    image: str = next(item[service]['image'] for item in state['services'] if service in item)
    return image.rpartition(':')[2]
