"""What the queue tells schedulers: that somebody wants a cluster looked at. Old API servers and ours say it alike.

A message is a hint: what is wanted is read from the bucket, and not from the `payload` that travels along.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DEPLOY = 'cluster-deploy'
DESTROY = 'service-destroy'


class Unreadable(Exception):
    """A message that no scheduler will ever understand; its text says why."""


@dataclass(frozen=True)
class Hint:
    """One message. `destroy` is the service that it wants destroyed, if the desired state no longer has it.

    `callback_url` is the Slack webhook to notify, if any; `by` and `why` are who asked for it and their reason.
    `revision` is the one that it announces, and `asked_at` when that was asked for; messages of the old server have
    neither.
    """

    cluster: str
    destroy: str | None = None
    callback_url: str | None = None
    by: str | None = None
    why: str | None = None
    revision: str | None = None
    asked_at: datetime | None = None


def read_message(body: str) -> Hint | str:
    """What a message asks for; for a type of event that is not known here, that type.

    Raises `Unreadable`.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable('it is not JSON') from None
    if not isinstance(message, dict):
        raise Unreadable('it is not a JSON object')
    kind = _text(message, 'event_type')
    if kind not in (DEPLOY, DESTROY):
        return kind
    return Hint(
        cluster=_text(message, 'cluster'),
        destroy=_text(message, 'service') if kind == DESTROY else None,
        callback_url=_optional(message, 'callback_url'),
        by=_optional(message, 'requested_by'),
        why=_optional(message, 'message'),
        revision=_optional(message, 'revision'),
        asked_at=_moment(message, 'requested_at'),
    )


def _text(message: dict[str, Any], name: str) -> str:
    found = message.get(name)
    if not isinstance(found, str) or not found:
        raise Unreadable(f'its {name} is not a text' if name in message else f'it has no {name}')
    return found


def _optional(message: dict[str, Any], name: str) -> str | None:
    """A text, or None for anything else: nothing that is merely nice to know makes a message unreadable."""
    found = message.get(name)
    return found if isinstance(found, str) and found else None


def _moment(message: dict[str, Any], name: str) -> datetime | None:
    """A point in time with its offset from UTC, or None for anything else."""
    try:
        found = datetime.fromisoformat(_optional(message, name) or '')
    except ValueError:
        return None
    return found if found.tzinfo else None
