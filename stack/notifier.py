"""Announcements: what schedulers are told of each change, in order for each cluster.

Every revision that this process stores is lined up here at once, in the order of the writes; what another process left
unsaid below it goes first. What nobody said at all is found by `stack.delivery`.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stack.errors import AwsFailed, TooLarge
from stack.lanes import Lanes
from stack.ledger import Ledger
from stack.messages import REVISION_LIKE, Message, group_of, messages_about, messages_of
from stack.recent import Recent
from stack.revisions import Change, Revision

log = logging.getLogger(__name__)

# Pauses between two tries to send what SQS did not take, in seconds.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

# How long the answer to a change waits for the queue.
ANSWER_WITHIN_S = 3.0

# Of more announcements that wait for one cluster the older ones are told by the newest alone: it has the whole state.
WAITING_MOST = 50

SENT_KNOWN = 50_000


class Queue(Protocol):
    """What is asked of the queue: see `stack.aws.sqs.Queue`."""

    async def send(self, body: str, *, group: str, deduplication_id: str) -> str: ...


@dataclass
class Announcement:
    """The messages of a revision that are still to be sent; `first_try` is true, or false once a try has failed.

    With `again` it was told of before. `over` is the revision under it, where somebody else wrote that and may not have
    told of it: that goes first, with what else is owed below.
    """

    revision: Revision
    messages: deque[Message]
    again: bool = False
    over: Revision | None = None
    owed: list[Revision] = field(default_factory=list)
    first_try: 'asyncio.Future[bool]' = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def answer(self, sent: bool) -> None:
        if not self.first_try.done():
            self.first_try.set_result(sent)


class Notifier:
    """Sends announcements, in order for each cluster; what the queue does not take is tried again until it does."""

    def __init__(
        self,
        queue: Queue,
        callback_url: str | None,
        max_bytes: int,
        ledger: Ledger,
        read_version: Callable[[str, str | None], Awaitable[Revision]],
    ):
        """`max_bytes` is the largest message that the queue takes; `read_version(cluster, version)` gives a version."""
        self._queue = queue
        self._callback_url = callback_url
        self._max_bytes = max_bytes
        self._ledger = ledger
        self._read_version = read_version
        self._waiting: Lanes[Announcement] = Lanes(self._work)
        self._lined_up: dict[tuple[str, str], Announcement] = {}
        self._sent: Recent[tuple[str, str], bool] = Recent(SENT_KNOWN)
        self._doubts: Counter[str] = Counter()
        self._failing: set[str] = set()
        self._closing = asyncio.Event()

    def fits(self, cluster: str, body: bytes, changes: Sequence[Change]) -> None:
        """Raise `TooLarge` where a revision with that content could not be announced."""
        for message in messages_about(changes, cluster, REVISION_LIKE, body, self._callback_url):
            taken = len(message.body.encode())
            if taken > self._max_bytes:
                raise TooLarge(
                    f'The desired state is too large to be announced: its message takes {taken:,} bytes, '
                    f'SQS takes {self._max_bytes:,}. Nothing was stored.'
                )

    def stored(self, base: Revision | None, revision: Revision) -> None:
        """Told by the store of each write of this process: lines up what is to be said, first what was not before."""
        if base is not None and base.tags == 0 and base.write_id is None:
            self._doubts[revision.cluster] += 1
        announcement = self._line_up(revision)
        if base is not None and base.owed and not self.has_told(base):
            announcement = announcement or self._enqueue(Announcement(revision, deque()))
            announcement.over = base

    def removed(self, cluster: str) -> None:
        """Told by the store of each removal; what is lined up is said all the same."""

    async def announce(self, revision: Revision) -> bool:
        """Tell of the changes that made a revision, once however many ask; false where that has to wait."""
        announcement = self._line_up(revision)
        if announcement is None:
            return True
        return await _answer(announcement)

    async def announce_again(self, revision: Revision, change: Change) -> bool:
        """Tell of a revision that was announced before, at somebody's wish; false where that has to wait."""
        messages = messages_about(
            [change], revision.cluster, revision.id, revision.body, self._callback_url, uuid.uuid4().hex
        )
        announcement = self._enqueue(Announcement(revision, deque(messages), again=True))
        return await _answer(announcement)

    async def announce_late(self, revision: Revision, current: Revision) -> bool:
        """Tell of a revision that others were told of before: what it destroyed, if that has not come back since."""
        key = _key(revision)
        messages = messages_of(revision, self._callback_url, wanted=current)
        late = deque(each for each in messages if each.kind == 'destroy')
        announcement = self._lined_up[key] = self._enqueue(Announcement(revision, late))
        return await _answer(announcement)

    def doubt(self, cluster: str) -> int:
        """Whether something unsaid may lie below what another program wrote; a number that grows with each doubt.

        As long as there is one, that cluster's revisions are not marked.
        """
        return self._doubts[cluster]

    def settle(self, cluster: str, doubt: int) -> None:
        """End a doubt, if no other one has come up since."""
        if self._doubts[cluster] == doubt:
            del self._doubts[cluster]

    def has_told(self, revision: Revision) -> bool:
        """Whether this process has told of a revision."""
        return self._sent.get(_key(revision)) is not None

    def is_telling(self, revision: Revision) -> bool:
        """Whether this process has told of a revision, or is about to."""
        return self.has_told(revision) or _key(revision) in self._lined_up

    def is_busy(self, cluster: str) -> bool:
        """Whether announcements of a cluster are under way, or wait for the queue to answer."""
        return cluster in self._waiting

    def unsaid(self, base: Revision) -> list[Change]:
        """What a revision over `base` has to say in its place, where no version of it stays: what it destroyed."""
        if base.version is not None or base.tags or self.has_told(base):
            return []
        return [change for change in base.changes if change.destroyed]

    async def idle(self) -> None:
        """Wait until nothing waits to be sent."""
        await self._waiting.idle()

    async def close(self) -> None:
        """Try once more to send what waits, then stop."""
        self._closing.set()
        await self._waiting.idle()

    def _line_up(self, revision: Revision) -> Announcement | None:
        """The announcement of a revision; None where that was done, or where there is nothing to say."""
        key = _key(revision)
        if key in self._lined_up:
            return self._lined_up[key]
        if self.has_told(revision) or not revision.wants_announcing:
            return None
        messages = messages_of(revision, self._callback_url)
        announcement = self._lined_up[key] = Announcement(revision, deque(messages))
        return self._enqueue(announcement)

    def _enqueue(self, announcement: Announcement) -> Announcement:
        cluster = announcement.revision.cluster
        if cluster in self._failing:
            announcement.answer(False)
        waiting = self._waiting.put(cluster, announcement)
        if len(waiting) > WAITING_MOST:
            _leave_to_the_newest(waiting)
        return announcement

    async def _work(self, cluster: str, waiting: deque[Announcement]) -> None:
        pause = FIRST_PAUSE_S
        while waiting:
            last_try = self._closing.is_set()
            try:
                await self._send(waiting[0])
            except AwsFailed as failed:
                log.warning('cluster %s: not announced yet, %d waiting: %s', cluster, len(waiting), failed)
                self._failing.add(cluster)
                for announcement in waiting:
                    announcement.answer(False)
                if last_try:
                    break
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            except Exception:
                # The top of a loop: the others go on, and a sweep finds this one again.
                log.exception('cluster %s: a revision could not be announced', cluster)
                self._leave(waiting.popleft())
            else:
                self._done(waiting.popleft())
                self._failing.discard(cluster)
                pause = FIRST_PAUSE_S

    async def _send(self, announcement: Announcement) -> None:
        if announcement.over is not None:
            await self._put_first(announcement, announcement.over)
            announcement.over = None
        if not announcement.again and self.has_told(announcement.revision):
            announcement.messages.clear()
        while announcement.messages:
            message = announcement.messages[0]
            await self._queue.send(
                message.body, group=group_of(announcement.revision.cluster), deduplication_id=message.deduplication_id
            )
            # It may have been left to a later announcement while it was on its way.
            with contextlib.suppress(ValueError):
                announcement.messages.remove(message)

    async def _put_first(self, announcement: Announcement, over: Revision) -> None:
        """Put what is owed from `over` downwards before an announcement."""
        walk = await self._ledger.walk(over.cluster, over.version, self.has_told, past_others=False)
        if walk.others:
            self._doubts[over.cluster] += 1
        # Without versions, what lies below is gone but for what was read of it.
        owed = [await self._read_version(each.cluster, each.version) for each in walk.owed] if over.version else [over]
        for revision in owed:
            log.warning('cluster %s: revision %s was stored, but not announced', revision.cluster, revision.id)
            announcement.messages.extendleft(reversed(messages_of(revision, self._callback_url)))
        announcement.owed = owed

    def _leave(self, announcement: Announcement) -> None:
        announcement.answer(False)
        if not announcement.again:
            self._lined_up.pop(_key(announcement.revision), None)

    def _done(self, announcement: Announcement) -> None:
        was_pending = announcement.first_try.done()
        announcement.answer(True)
        revision = announcement.revision
        if not announcement.again:
            for told in (revision, *announcement.owed):
                self._sent.put(_key(told), True)
            self._lined_up.pop(_key(revision), None)
        # One that was asked for again, and had to wait, stands in the ledger as owed by now.
        is_due = was_pending and revision.write_id is not None if announcement.again else True
        if is_due and not self._doubts[revision.cluster]:
            self._ledger.mark(revision)

    async def _pause(self, seconds: float) -> None:
        """Wait, with jitter; no longer than until the server closes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), random.uniform(seconds / 2, seconds))  # noqa: S311  no secret


async def _answer(announcement: Announcement) -> bool:
    """Whether the first try has gone well within the time that a caller can be kept waiting."""
    await asyncio.wait([announcement.first_try], timeout=ANSWER_WITHIN_S)
    return announcement.first_try.done() and announcement.first_try.result()


def _key(revision: Revision) -> tuple[str, str]:
    """What names a revision among all, even where the same content comes back in a bucket without versions."""
    return revision.cluster, revision.write_id or revision.id


def _leave_to_the_newest(waiting: deque[Announcement]) -> None:
    """Leave out what a later announcement says as well: every deployment but the last; services stay destroyed."""
    later = False
    for announcement in reversed(list(waiting)):
        if later:
            announcement.messages = deque(each for each in announcement.messages if each.kind == 'destroy')
        later = later or any(each.kind == 'deploy' for each in announcement.messages)
