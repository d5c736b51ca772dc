"""Of which services a channel has never known what they run: what the first looks find of those is no news.

After a start of the server, that is unknown until ECS was asked; what was posted before stays posted.
"""

from collections.abc import Collection, Mapping
from typing import Any, NotRequired, TypedDict

Json = Mapping[str, Any]


class Known(TypedDict):
    """What is recorded of the services of a cluster. `looked` once ECS was observed since its first event.

    `unknown` are those of which it is not known now what they run, `unseen` those of which it never was.
    """

    drifted: list[str]
    looked: bool
    unknown: NotRequired[list[str]]
    unseen: NotRequired[list[str]]


def note_known(posted: Known, event: Json) -> Collection[str]:
    """Record of which services an event states what they run; the services that were unseen before it."""
    rows = {row['name']: row for row in event.get('services', ())}
    unknown = [name for name in posted.get('unknown', ()) if name not in rows]
    unknown += [name for name, row in rows.items() if _is_unknown(row)]
    unseen = posted.get('unseen', []) if posted['looked'] else unknown
    posted['unknown'], posted['unseen'] = unknown, [name for name in unseen if name in unknown]
    return unseen


def new_drift(posted: Known, event: Json, unseen: Collection[str]) -> list[str]:
    """The services whose drift is news with an event, which is recorded."""
    drifted, unknown = list(event.get('drifted', ())), posted.get('unknown', ())
    new = [name for name in drifted if name not in posted['drifted'] and name not in unseen]
    posted['drifted'] = [*drifted, *(name for name in posted['drifted'] if name in unknown and name not in drifted)]
    return new if posted['looked'] else []


def _is_unknown(row: Json) -> bool:
    """Whether it is not known what a service runs: its task definition is read after the first look."""
    is_open = row.get('sync') == 'rolling-out' and 'deployed' in row
    return row.get('sync') == 'unknown' or (is_open and (row['deployed'] or {}).get('image') is None)
