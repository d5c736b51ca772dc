"""Announcements: the SQS messages about each change, in order for each cluster.

Every revision that this process stores is queued here at once, in the order of the writes; what another process left
unannounced below it goes first. What no process announced is found by `stack.notify.sweeper`.

A scheduler may deploy the payload of the last message that it receives. (A message that would be larger than the queue
accepts has none.) So an older desired state must never be the
last one in the queue: before a late try this process looks whether something newer was stored, and after a message was
accepted it looks again; where another process stored something newer meanwhile, that is announced again. See
docs/decisions/delivery.md.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from stack.aws.ports import MessageSender
from stack.errors import AwsFailed, NotFound, StateUnreadable, TooLarge
from stack.notify.ledger import Ledger
from stack.notify.messages import REVISION_LIKE, group_of, messages_about, messages_of, names_of
from stack.notify.outbox import Announcement, merge_waiting
from stack.runtime.keyed_queues import KeyedQueues
from stack.runtime.lru import LruCache
from stack.state.revisions import Change, Origin, Revision

log = logging.getLogger(__name__)

# Pauses between two tries to send what SQS did not take, in seconds.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

# How long the answer to a change waits for the queue.
ANSWER_WITHIN_S = 3.0

# An announcement that has waited for so long is late: another process may have announced it, or something newer.
LATE_S = 1.0

# How often an announcement is tried that fails for a reason that is not AWS's; a sweep finds it again.
TRIES_BROKEN = 3

# How often what is stored is compared with what was sent, where S3 does not answer.
TRIES_COMPARED = 10

# Beyond this number of waiting announcements the newest replaces the older ones: it has the whole state.
WAITING_MOST = 50

SENT_KNOWN = 50_000


class Notifier:
    """Sends announcements, in order for each cluster; what the queue does not take is tried again until it does."""

    def __init__(
        self,
        queue: MessageSender,
        callback_url: str | None,
        max_bytes: Callable[[], int],
        ledger: Ledger,
        read_version: Callable[[str, str | None], Awaitable[Revision]],
    ):
        """`max_bytes` gives the largest message that the queue accepts, `read_version(cluster, version)` a version."""
        self._queue = queue
        self._callback_url = callback_url
        self._max_bytes = max_bytes
        self._ledger = ledger
        self._read_version = read_version
        self._waiting: KeyedQueues[Announcement] = KeyedQueues(self._work)
        self._queued: dict[tuple[str, str], Announcement] = {}
        self._sent: LruCache[tuple[str, str], bool] = LruCache(SENT_KNOWN)
        self._doubts: Counter[str] = Counter()
        self._failing: set[str] = set()
        self._closing = asyncio.Event()

    def fits(self, cluster: str, body: bytes, changes: Sequence[Change]) -> None:
        """Raise `TooLarge` where a revision with that content could not be announced."""
        for message in messages_about(changes, cluster, REVISION_LIKE, body, self._callback_url):
            taken = len(message.within(self._max_bytes()).encode())
            if taken > self._max_bytes():
                raise TooLarge(
                    f'The change cannot be announced: its message takes {taken:,} bytes without the desired state, '
                    f'the queue accepts {self._max_bytes():,}. Nothing was stored.'
                )

    def stored(self, base: Revision | None, revision: Revision) -> None:
        """Queue the announcement of a write of this process, after what is still owed below it."""
        if base is not None and base.tags == 0 and base.write_id is None:
            self._doubts[revision.cluster] += 1
        announcement = self._queue_up(revision)
        if base is not None and base.owed and not self.has_announced(base):
            announcement = announcement or self._enqueue(Announcement(revision, deque()))
            announcement.over = base

    async def announce(self, revision: Revision) -> bool:
        """Announce the changes of a revision, once for any number of callers; false where that has to wait."""
        announcement = self._queue_up(revision)
        if announcement is None:
            return True
        return await _answer(announcement)

    async def announce_found(self, revision: Revision) -> bool:
        """Announce a revision that another process stored; as `announce`, unless a newer one is announced by then."""
        announcement = self._queue_up(revision)
        if announcement is None:
            return True
        announcement.queued_at = float('-inf')
        return await _answer(announcement)

    async def announce_again(self, revision: Revision, change: Change) -> bool:
        """Announce a revision again at a caller's request; false where that has to wait."""
        return await _answer(self._enqueue(self._repetition(revision, change)))

    async def announce_late(self, revision: Revision, current: Revision) -> bool:
        """Announce a revision under a newer announced one: the services that it destroyed and `current` lacks."""
        key = revision.key
        messages = messages_of(revision, self._callback_url, wanted=current)
        late = deque(each for each in messages if each.kind == 'destroy')
        announcement = self._queued[key] = self._enqueue(Announcement(revision, late))
        return await _answer(announcement)

    def doubt(self, cluster: str) -> int:
        """Whether an unannounced revision may lie below a foreign write; a number that grows with each doubt.

        As long as there is one, that cluster's revisions are not marked.
        """
        return self._doubts[cluster]

    def settle(self, cluster: str, doubt: int) -> None:
        """End a doubt, unless another one has been raised since."""
        if self._doubts[cluster] == doubt:
            del self._doubts[cluster]

    def has_announced(self, revision: Revision) -> bool:
        """Whether this process has announced a revision."""
        return self._sent.get(revision.key) is not None

    def is_announcing(self, revision: Revision) -> bool:
        """Whether this process has announced a revision, or is about to."""
        return self.has_announced(revision) or revision.key in self._queued

    def is_busy(self, cluster: str) -> bool:
        """Whether announcements of a cluster are under way, or wait for the queue to answer."""
        return cluster in self._waiting

    async def unannounced(self, base: Revision) -> list[Change]:
        """The destructions of `base` that a revision over it has to announce, where no version of `base` is kept.

        Raises `AwsFailed`.
        """
        destructions = [change for change in base.changes if change.destroyed]
        if not destructions or base.version is not None or self.has_announced(base):
            return []
        return [] if await self._ledger.is_marked(base) else destructions

    async def idle(self) -> None:
        """Wait until nothing waits to be sent."""
        await self._waiting.idle()

    async def close(self) -> None:
        """Try again to send what waits, then stop."""
        self._closing.set()
        await self._waiting.idle()

    def _queue_up(self, revision: Revision) -> Announcement | None:
        """The queued announcement of a revision; None where it was sent, or where the revision is silent."""
        key = revision.key
        if key in self._queued:
            return self._queued[key]
        if self.has_announced(revision) or not revision.wants_announcing:
            return None
        messages = messages_of(revision, self._callback_url)
        announcement = self._queued[key] = Announcement(revision, deque(messages))
        return self._enqueue(announcement)

    def _repetition(self, revision: Revision, change: Change) -> Announcement:
        messages = messages_about(
            [change], revision.cluster, revision.id, revision.content, self._callback_url, uuid.uuid4().hex
        )
        return Announcement(revision, deque(messages), again=True)

    def _enqueue(self, announcement: Announcement) -> Announcement:
        cluster = announcement.revision.cluster
        if cluster in self._failing:
            announcement.answer(False)
        waiting = self._waiting.put(cluster, announcement)
        if len(waiting) > WAITING_MOST:
            merge_waiting(waiting)
        return announcement

    async def _work(self, cluster: str, waiting: deque[Announcement]) -> None:
        pause = FIRST_PAUSE_S
        while waiting:
            last_try = self._closing.is_set()
            if await self._try(cluster, waiting):
                pause = FIRST_PAUSE_S
                continue
            if last_try:
                break
            await self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _try(self, cluster: str, waiting: deque[Announcement]) -> bool:
        """Try to send the first announcement; false where it has to be tried again."""
        announcement = waiting[0]
        try:
            await self._send(announcement)
            self._failing.discard(cluster)
            await self._compare(announcement, waiting)
        except AwsFailed as failed:
            log.warning('cluster %s: not announced yet, %d waiting: %s', cluster, len(waiting), failed)
            announcement.tries += 1
            if announcement.messages:
                self._failing.add(cluster)
                for each in waiting:
                    each.answer(False)
            if not self._may_skip_comparison(announcement):
                return False
        except Exception:
            # The top of a loop: the next ones go on, and a sweep finds this one again.
            log.exception('cluster %s: a revision could not be announced', cluster)
            announcement.answer(False)
            announcement.tries += 1
            if announcement.tries < TRIES_BROKEN:
                return False
            self._leave(waiting.popleft())
            return True
        self._done(waiting.popleft())
        return True

    def _may_skip_comparison(self, announcement: Announcement) -> bool:
        """Whether everything was sent, and S3 has not answered what is stored in many tries; a doubt is left then."""
        if announcement.messages or announcement.tries < TRIES_COMPARED:
            return False
        log.error('cluster %s: whether something newer was stored is not known', announcement.revision.cluster)
        self._doubts[announcement.revision.cluster] += 1
        return True

    async def _send(self, announcement: Announcement) -> None:
        """Send the messages that are left, and answer the caller. Raises `AwsFailed`."""
        if announcement.over is not None:
            await self._put_first(announcement, announcement.over)
            announcement.over = None
        if not announcement.again and self.has_announced(announcement.revision):
            announcement.messages.clear()
        if announcement.messages and announcement.is_late(LATE_S):
            await self._catch_up(announcement)
        while announcement.messages:
            message = announcement.messages[0]
            announcement.note(message)  # before it is sent: it may arrive although the answer is lost
            await self._queue.send(
                message.within(self._max_bytes()),
                group=group_of(announcement.revision.cluster),
                deduplication_id=message.deduplication_id,
            )
            # It may have been merged into a later announcement meanwhile.
            with contextlib.suppress(ValueError):
                announcement.messages.remove(message)
        announcement.answer(True)

    async def _catch_up(self, announcement: Announcement) -> None:
        """Drop from a late announcement what other processes announced, or stored something newer for."""
        revision = announcement.revision
        above = await self._ledger.above(revision)
        others = [each for each in above.revisions if not self.is_announcing(each)]
        if not others:
            return
        if announcement.again or above.announced:
            announcement.messages.clear()
            return
        if not any(each.write_id is None or each.deploys for each in others):
            # Their messages destroy services, and deploy nothing; what that amounts to is compared afterwards.
            return
        kept = names_of(newest) if (newest := await self._content(above.revisions[0])) else ()
        announcement.drop_deployments(kept)
        if newest and newest.write_id is None:
            self._announce_newest(newest)

    async def _compare(self, announcement: Announcement, waiting: deque[Announcement]) -> None:
        """Announce the newest desired state again where another process stored it while this message was sent."""
        if not (announcement.deployed or announcement.destroyed):
            return
        if len(waiting) > 1:
            waiting[1].note_all(announcement)  # compared once, after the last one
            return
        above = await self._ledger.above(announcement.revision)
        newest = await self._content(above.revisions[0]) if above.revisions else None
        # This process may have stored it a moment ago: then it is queued by now.
        if newest is None or newest.key in self._queued:
            return
        if announcement.deployed or announcement.destroyed & names_of(newest):
            self._announce_newest(newest)

    def _announce_newest(self, newest: Revision) -> None:
        by = newest.changes[-1].origin.by if newest.changes else 'nysa'
        log.info('cluster %s: revision %s is announced again, after an older one', newest.cluster, newest.id)
        change = Change(Origin(by, 'announced later'), datetime.now(UTC), {'verb': 'deploy'})
        self._enqueue(self._repetition(newest, change))

    async def _content(self, revision: Revision) -> Revision | None:
        """A revision with its content; None where that is gone, or cannot be read."""
        try:
            found = await self._read_version(revision.cluster, revision.version)
            found.document  # noqa: B018  raises
        except (NotFound, StateUnreadable):
            return None
        return found

    async def _put_first(self, announcement: Announcement, over: Revision) -> None:
        """Put what is owed from `over` down before an announcement."""
        walk = await self._ledger.walk(over.cluster, over.version, self.has_announced, past_others=False)
        if walk.others:
            self._doubts[over.cluster] += 1
        # Without versions, what lies below is gone but for what was read of it.
        owed = [await self._read_version(each.cluster, each.version) for each in walk.owed] if over.version else [over]
        for revision in owed:
            log.warning('cluster %s: revision %s was stored, but not announced', revision.cluster, revision.id)
            announcement.messages.extendleft(reversed(messages_of(revision, self._callback_url)))
        announcement.owed = owed

    def _leave(self, announcement: Announcement) -> None:
        """Leave an announcement to a sweep: until then nothing above it is marked."""
        announcement.answer(False)
        self._doubts[announcement.revision.cluster] += 1
        if not announcement.again:
            self._queued.pop(announcement.revision.key, None)

    def _done(self, announcement: Announcement) -> None:
        was_pending = not announcement.first_try.result()
        revision = announcement.revision
        if not announcement.again:
            for announced in (revision, *announcement.owed):
                self._sent.put(announced.key, True)
            self._queued.pop(revision.key, None)
        # A repetition that had to wait is in the ledger as owed by now.
        is_due = was_pending and revision.write_id is not None if announcement.again else True
        if is_due and not self._doubts[revision.cluster]:
            self._ledger.mark(revision)

    async def _pause(self, seconds: float) -> None:
        """Wait, with jitter; no longer than until the server closes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), random.uniform(seconds / 2, seconds))  # noqa: S311  no secret


async def _answer(announcement: Announcement) -> bool:
    """Whether the first try has succeeded within the time that a caller waits for it."""
    await asyncio.wait([announcement.first_try], timeout=ANSWER_WITHIN_S)
    return announcement.first_try.done() and announcement.first_try.result()
