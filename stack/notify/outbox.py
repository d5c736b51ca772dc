"""An entry of the outbox: the messages of one revision that SQS has not accepted yet."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from stack.notify.messages import Message
from stack.state.revisions import Revision


@dataclass
class Announcement:
    """The messages of a revision that are still to be sent.

    `first_try` is the outcome that the caller waits for: true, or false once a try has failed. `again` is a repetition
    that a user asked for. `over` is the revision below, written by another process that may not have announced it: what
    is owed from there down is sent first. `queued_at` is the loop's time in seconds, `tries` counts failures. What may
    have reached SQS is noted: `deployed`, and the services in `destroyed`.
    """

    revision: Revision
    messages: deque[Message]
    again: bool = False
    over: Revision | None = None
    owed: list[Revision] = field(default_factory=list)
    first_try: 'asyncio.Future[bool]' = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    queued_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    tries: int = 0
    deployed: bool = False
    destroyed: set[str] = field(default_factory=set)

    def answer(self, sent: bool) -> None:
        if not self.first_try.done():
            self.first_try.set_result(sent)

    def note(self, message: Message) -> None:
        """Record a message that is about to be sent."""
        if message.service is None:
            self.deployed = True
        else:
            self.destroyed.add(message.service)

    def note_all(self, other: 'Announcement') -> None:
        """Record what was sent for another announcement, which is not compared with what is stored."""
        self.deployed = self.deployed or other.deployed
        self.destroyed |= other.destroyed

    def is_late(self, seconds: float) -> bool:
        """Whether a try has failed, or the announcement has waited for longer than that."""
        return self.tries > 0 or asyncio.get_running_loop().time() - self.queued_at > seconds

    def drop_deployments(self, kept: Iterable[str] = ()) -> None:
        """Keep the destructions alone, but for those of services that a newer state has again."""
        names = set(kept)
        self.messages = deque(
            message for message in self.messages if message.kind == 'destroy' and message.service not in names
        )


def merge_waiting(waiting: deque[Announcement]) -> None:
    """Drop what a later announcement repeats: every deployment but the last; services stay destroyed."""
    later = False
    for announcement in reversed(list(waiting)):
        if later:
            announcement.drop_deployments()
        later = later or any(message.kind == 'deploy' for message in announcement.messages)
