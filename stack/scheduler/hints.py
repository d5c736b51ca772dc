"""Messages of the queue as hints that a cluster needs a pass; those of old API servers have the same form.

A message is only a hint: the desired state is read from the bucket, and not from the message's `payload`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DEPLOY = 'cluster-deploy'
DESTROY = 'service-destroy'


class Unreadable(Exception):
    """A message that no scheduler can ever read; its text is the reason."""


@dataclass(frozen=True)
class Hint:
    """One message. `destroy` is the service to destroy, if the desired state no longer has it.

    `callback_url` is the Slack webhook to notify, if any; `by` and `why` are the author and the reason. `revision` is
    the announced one, and `asked_at` the time of the request; messages of the old server have neither.
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
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f'its {name} is not a text' if name in message else f'it has no {name}')
    return value


def _optional(message: dict[str, Any], name: str) -> str | None:
    """A text, or None for anything else: an optional key never makes a message unreadable."""
    value = message.get(name)
    return value if isinstance(value, str) and value else None


def _moment(message: dict[str, Any], name: str) -> datetime | None:
    """A point in time with its offset from UTC, or None for anything else."""
    try:
        moment = datetime.fromisoformat(_optional(message, name) or '')
    except ValueError:
        return None
    return moment if moment.tzinfo else None
