"""What a client missed beyond the revisions of clusters, whose events are replayed from the history."""

from dataclasses import dataclass
from datetime import datetime

from stack.live.event import Event


@dataclass(frozen=True)
class Missed:
    """Events in their order; `is_complete` is false where there are too many, and none of them is sent."""

    events: tuple[Event, ...] = ()
    is_complete: bool = True


NOTHING_MISSED = Missed()


async def no_source(_: datetime) -> Missed:
    """Nothing is known of what happened meanwhile."""
    return NOTHING_MISSED
