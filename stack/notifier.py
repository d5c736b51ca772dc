"""Announcements: what schedulers are told of each change, in order for each cluster.

The messages are those of the system that this one replaced, with keys added; see docs/api.md.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import random
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stack.errors import AwsFailed, TooLarge
from stack.revisions import Change, Revision

log = logging.getLogger(__name__)

# Pauses between two tries to send what SQS did not take, in seconds.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

# The longest revision id that S3 gives is 1,024 bytes; a message's size is judged before the id is known.
REVISION_LIKE = '0' * 1024

GROUP_LIMIT = 128


class Queue(Protocol):
    """What is asked of the queue: see `stack.aws.sqs.Queue`."""

    async def send(self, body: str, *, group: str, deduplication_id: str) -> str: ...


@dataclass
class Announcement:
    """The messages of one change that are still to be sent; `sent` becomes true, or false once a try has failed."""

    cluster: str
    bodies: deque[str]
    sent: 'asyncio.Future[bool]' = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    deduplication_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def answer(self, sent: bool) -> None:
        if not self.sent.done():
            self.sent.set_result(sent)


class Notifier:
    """Sends announcements, in order for each cluster; what the queue does not take is tried again until it does."""

    def __init__(self, queue: Queue, callback_url: str | None, max_bytes: int):
        """`max_bytes` is the largest message that the queue takes."""
        self._queue = queue
        self._callback_url = callback_url
        self._max_bytes = max_bytes
        self._waiting: dict[str, deque[Announcement]] = {}
        self._shared: dict[tuple[str, str], Announcement] = {}
        self._failing: set[str] = set()
        self._tasks: set[asyncio.Task] = set()
        self._closing = asyncio.Event()

    def fits(self, cluster: str, body: bytes, changes: Sequence[Change]) -> None:
        """Raise `TooLarge` where a revision with that content could not be announced."""
        for message in self._messages(cluster, REVISION_LIKE, body, changes):
            taken = len(message.encode())
            if taken > self._max_bytes:
                raise TooLarge(
                    f'The desired state is too large to be announced: its message takes {taken:,} bytes, '
                    f'SQS takes {self._max_bytes:,}. Nothing was stored.'
                )

    async def announce(self, revision: Revision) -> bool:
        """Tell of the changes that made a revision, once however many ask; false where that has to wait.

        A revision whose changes ask for no announcement has nothing to send, and is done at once.
        """
        key = (revision.cluster, revision.id)
        announcement = self._shared.get(key)
        if announcement is None:
            bodies = self._messages(revision.cluster, revision.id, revision.body, revision.changes)
            announcement = self._shared[key] = self._enqueue(revision.cluster, bodies)
            announcement.sent.add_done_callback(lambda _: self._shared.pop(key, None))
        return await asyncio.shield(announcement.sent)

    async def announce_again(self, revision: Revision, change: Change) -> bool:
        """Tell of a revision that was announced before, at somebody's wish; false where that has to wait."""
        bodies = self._messages(revision.cluster, revision.id, revision.body, [change])
        return await self._enqueue(revision.cluster, bodies).sent

    async def close(self) -> None:
        """Try once more to send what waits, then stop."""
        self._closing.set()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _messages(self, cluster: str, revision: str, body: bytes, changes: Sequence[Change]) -> list[str]:
        deploys = [change for change in changes if change.announce == 'deploy']
        messages = []
        if deploys:
            envelope = self._envelope('cluster-deploy', cluster, revision, deploys)
            # What is stored is what is sent, to the byte.
            messages.append(f'{json.dumps(envelope)[:-1]}, "payload": {body.decode()}}}')
        for change in changes:
            envelope = self._envelope('service-destroy', cluster, revision, [change])
            messages += [json.dumps(envelope | {'service': service}) for service in change.destroyed]
        return messages

    def _envelope(self, event_type: str, cluster: str, revision: str, changes: Sequence[Change]) -> dict[str, Any]:
        last = changes[-1]
        return {
            'event_type': event_type,
            'callback_url': self._callback_url,
            'cluster': cluster,
            'revision': revision,
            'requested_by': ', '.join(dict.fromkeys(change.origin.by for change in changes)),
            'requested_at': last.at.isoformat(),
            'message': last.origin.message or None,
        }

    def _enqueue(self, cluster: str, bodies: Sequence[str]) -> Announcement:
        announcement = Announcement(cluster, deque(bodies))
        if not bodies:
            announcement.answer(True)
            return announcement
        if cluster in self._failing:
            announcement.answer(False)
        waiting = self._waiting.get(cluster)
        if waiting is None:
            waiting = self._waiting[cluster] = deque()
            task = asyncio.get_running_loop().create_task(self._work(cluster, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append(announcement)
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
            else:
                waiting.popleft().answer(True)
                self._failing.discard(cluster)
                pause = FIRST_PAUSE_S
        del self._waiting[cluster]

    async def _send(self, announcement: Announcement) -> None:
        while announcement.bodies:
            await self._queue.send(
                announcement.bodies[0],
                group=_group(announcement.cluster),
                deduplication_id=f'{announcement.deduplication_id}-{len(announcement.bodies)}',
            )
            announcement.bodies.popleft()

    async def _pause(self, seconds: float) -> None:
        """Wait, with jitter; no longer than until the server closes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), random.uniform(seconds / 2, seconds))  # noqa: S311  no secret


def _group(cluster: str) -> str:
    """The cluster's message group. SQS takes 128 characters, an ECS cluster's name may have 255."""
    return cluster if len(cluster) <= GROUP_LIMIT else hashlib.sha256(cluster.encode()).hexdigest()
