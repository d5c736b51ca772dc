"""The forms in which subscribers are sent events: one frame is made for all that want the same form."""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple


class Detail(Enum):
    """What a subscription asks for; `ALL` is a subscription without a detail, of a client that knows no deltas."""

    ALL = 'all'
    SERVICES = 'services'
    ROWS = 'rows'
    SUMMARY = 'summary'

    @property
    def has_deltas(self) -> bool:
        """Whether `rollout` events are sent as what differs from the event before."""
        return self in (Detail.SERVICES, Detail.ROWS)


class Form(NamedTuple):
    """With `values`, secrets are not masked; `deflated` frames are compressed (RFC 7692)."""

    values: bool = True
    detail: Detail = Detail.ALL
    deflated: bool = False


# A text as the outlets send it, and whether it is compressed.
Framing = Callable[[bytes, bool], bytes]


def plain(text: bytes, deflated: bool) -> bytes:
    """The framing of outlets that take texts."""
    return text
