"""The scheduler: receives hints from the queue and a timer, and makes passes until each cluster matches its state.

A message is deleted once a pass that began after its arrival has left nothing to do. Until then it stays hidden from
other schedulers, and returns to the queue if this one dies. See docs/scheduler.md.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from stack.aws.ports import Received, WorkQueue
from stack.configuration.accounts import FindPlace, Place, found_in_one_place
from stack.errors import NotFound, NysaError
from stack.scheduler.hints import Hint, Unreadable, read_message
from stack.scheduler.job import After, Job
from stack.scheduler.pass_reports import PassReports
from stack.scheduler.passes import Ended, Passes
from stack.scheduler.scheduler_metrics import SchedulerMetrics
from stack.scheduler.spreading import spread

log = logging.getLogger(__name__)

# How long one look into the queue waits for a message: a stop has to wait as long.
LOOK_S = 3
# Messages stay hidden for so long at a time, renewed well before.
HIDDEN_S = 60
RENEW_S = 20.0
# A message of an unknown kind may be meant for another scheduler, and one too many for later: hidden for so long.
LEFT_HIDDEN_S = 600

EVERY_CLUSTER_S = 600.0
# Clusters of one account and region that are worked on at once: those with a message, and those that are only checked.
CLUSTERS_AT_ONCE = 8
IDLE_AT_ONCE = 2
# Messages that are held for them; what waits in an account that is down leaves room for those of the others.
MOST_MESSAGES = 2000

# How long a stop waits for passes that end at once, before it returns the messages of the other clusters.
RETURNED_AFTER_S = 1.0
# Reports that are not posted yet delay a stop for so long.
LAST_WORDS_S = 2.0


class Slots:
    """The room for passes in one account and region: what hangs there delays no other."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(CLUSTERS_AT_ONCE)
        self.idle = asyncio.Semaphore(IDLE_AT_ONCE)


class Scheduler:
    """`read_names` gives the clusters that are managed; `stop` ends it as well as `stop()` does."""

    def __init__(
        self,
        queue: WorkQueue,
        passes: Passes,
        reports: PassReports,
        metrics: SchedulerMetrics,
        read_names: Callable[[], Awaitable[Sequence[str]]],
        *,
        place_of: FindPlace = found_in_one_place,
        stop: asyncio.Event | None = None,
        look: int = LOOK_S,
        every_cluster: float = EVERY_CLUSTER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ):
        self._queue = queue
        self._passes = passes
        self._reports = reports
        self._metrics = metrics
        self._read_names = read_names
        self._look = look
        self._every_cluster = every_cluster
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._jobs: dict[str, Job] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._place_of = place_of
        self._slots: defaultdict[Place, Slots] = defaultdict(Slots)
        self._stopping = stop or asyncio.Event()
        self._looked = asyncio.Event()
        self._warned: set[str] = set()
        # Otherwise a message that is returned could be hidden after that.
        self._hiding = asyncio.Lock()

    async def run(self) -> None:
        """Work until `stop`; then finish the steps under way, and return the other messages to the queue."""
        loops = [
            asyncio.create_task(self._repeat(loop), name=f'scheduler-{loop.__name__}')
            for loop in (self._receive, self._keep_hidden, self._look_at_all)
        ]
        try:
            await self._stopping.wait()
        finally:
            self.stop()
            await self._end(loops)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()
        for job in self._jobs.values():
            job.news.set()

    async def _end(self, loops: list[asyncio.Task[None]]) -> None:
        # The look into the queue ends by itself: cancelled, it could lose messages until they come back.
        looking = loops[0]
        # A pass that hangs keeps no message of another cluster.
        await asyncio.wait([looking, *self._workers.values()], timeout=RETURNED_AFTER_S)
        await self._hand_over()
        await looking
        await self._hand_over()
        await asyncio.gather(*self._workers.values())
        for loop in loops[1:]:
            loop.cancel()
        await asyncio.gather(*loops[1:], return_exceptions=True)
        await self._hand_over()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._reports.finished()

    async def _repeat(self, loop: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                await loop()
            except Exception:
                log.exception('the %s loop failed, and is started again', loop.__name__)
                await self._sleep(1.0)

    async def _receive(self) -> None:
        """One look into the queue."""
        wait = self._look if self._looked.is_set() else 0
        try:
            messages = await self._queue.receive(wait, HIDDEN_S)
            await asyncio.gather(*map(self._take, messages))
        finally:
            self._looked.set()

    async def _take(self, message: Received) -> None:
        try:
            hint = read_message(message.body)
        except Unreadable as why:
            await self._bury([message], str(why))
            return
        if isinstance(hint, str):
            if message.id not in self._warned:
                self._warned.add(message.id)
                self._metrics.messages.labels('unknown').inc()
                log.warning('message %s is left alone: nothing is known of its event_type %r', message.id, hint[:100])
            await self._queue.hide([message], LEFT_HIDDEN_S)
            return
        place = await self._place_of(hint.cluster)
        if sum(len(job.messages) for job in self._jobs.values() if job.place == place) >= MOST_MESSAGES:
            self._metrics.messages.labels('left').inc()
            log.warning(
                'message %s for %s is left for later: %d wait in %s', message.id, hint.cluster, MOST_MESSAGES, place
            )
            await self._queue.hide([message], LEFT_HIDDEN_S)
            return
        job = self._job(hint.cluster)
        job.place = place
        job.add(message, hint)

    def _job(self, cluster: str) -> Job:
        job = self._jobs.get(cluster)
        if job is None:
            job = self._jobs[cluster] = Job(cluster)
            self._workers[cluster] = asyncio.create_task(self._work(job), name=f'cluster-{cluster}')
        return job

    async def _keep_hidden(self) -> None:
        await self._sleep(RENEW_S)
        async with self._hiding:
            await self._queue.hide([each for job in self._jobs.values() for each, _ in job.messages.values()], HIDDEN_S)

    async def _look_at_all(self) -> None:
        """A pass over every cluster: what a lost hint left is found. In a large fleet they are spread over time.

        The first begins after a look into the queue, so that what messages request is reported to their senders.
        """
        await self._looked.wait()
        interval = self._every_cluster * (0.9 + 0.2 * self._chance())
        passed = 0.0
        for cluster, after in spread(await self._read_names(), interval):
            if after > passed:
                await self._sleep(after - passed)
                passed = after
            self._job(cluster)
        await self._sleep(max(0.0, interval - passed))

    async def _work(self, job: Job) -> None:
        """Passes on one cluster until there is nothing left to do."""
        try:
            while not self._stopping.is_set():
                async with self._slot(job):
                    # Includes the messages that arrived while it waited.
                    job.news.clear()
                    taken = dict(job.messages)
                    ended = await self._pass(job, [hint for _, hint in taken.values()])
                after = job.after(ended, taken)
                await self._conclude(job, taken, ended, after)
                if after == 'again' and ended.state != 'stopped':
                    await self._pause(job, job.again_in(ended, self._chance))
                elif after != 'again' and not job.messages:
                    return
        except Exception:
            # Its messages come back by themselves.
            log.exception('cluster %s: the work on it broke off', job.cluster)
            job.messages.clear()
        finally:
            del self._workers[job.cluster]
            if not job.messages:
                del self._jobs[job.cluster]

    @contextlib.asynccontextmanager
    async def _slot(self, job: Job) -> AsyncIterator[None]:
        """One of the slots for what messages ask for; one of the few for looks while there is no message."""
        slots = self._slots[await self._place_of(job.cluster)]
        while not job.messages and not self._stopping.is_set():
            if await self._before_news(job, slots.idle.acquire()):
                try:
                    yield
                finally:
                    slots.idle.release()
                return
            job.news.clear()
        async with slots.asked:
            yield

    async def _pass(self, job: Job, hints: list[Hint]) -> Ended:
        if self._stopping.is_set():
            return Ended('stopped')
        ask, job.fresh = job.ask(), False
        started = self._clock()
        with self._metrics.under_way.track_inprogress():
            ended = await self._passes.make(
                ask, lambda plan: self._reports.begins(plan, hints), lambda: not self._stopping.is_set()
            )
        self._metrics.passes.labels(ended.state).observe(self._clock() - started)
        job.fresh |= ask.retry and ended.outcome is None
        return ended

    async def _conclude(self, job: Job, taken: dict[str, tuple[Received, Hint]], ended: Ended, after: After) -> None:
        """Report how a pass ended, and delete or give up the messages that are finished."""
        messages, hints = [each for each, _ in taken.values()], [hint for _, hint in taken.values()]
        for error in ended.errors:
            log.error('cluster %s: %s', job.cluster, error)
        if after == 'done' and not ended.errors:
            await self._queue.delete(messages)
            self._metrics.messages.labels('done').inc(len(messages))
            self._reports.ends(job.cluster, ended, hints)
        elif after == 'given up':
            errors = ended.errors or ('AWS did not release a resource in time.',)
            self._reports.failed(job.cluster, errors, hints, gives_up=True)
            await self._bury(messages, '; '.join(errors))
        elif ended.errors:
            self._reports.failed(job.cluster, ended.errors, job.uninformed(taken), gives_up=False)
        if after != 'again':
            job.end(taken)

    async def _bury(self, messages: list[Received], why: str) -> None:
        """Move messages to the dead-letter queue; without such a queue they are deleted."""
        if not messages:
            return
        log.error('%d messages are given up: %s', len(messages), why)
        try:
            dead = await self._queue.dead_letters()
            for message in messages:
                await dead.send(
                    message.body,
                    group=message.group or 'nysa',
                    deduplication_id=message.id,
                    attributes={'reason': why[:1000]},
                )
        except NotFound:
            log.error('there is no dead-letter queue: they are deleted: %s', [each.id for each in messages])
        except NysaError as failed:
            log.error('they stay in the queue, since the dead-letter queue does not answer: %s', failed)
            return
        await self._queue.delete(messages)
        self._metrics.messages.labels('dead').inc(len(messages))

    async def _pause(self, job: Job, seconds: float) -> None:
        """Wait, no longer than until there is news for the cluster."""
        await self._before_news(job, self._sleep(seconds))

    async def _before_news(self, job: Job, waited_for: Awaitable[Any]) -> bool:
        """Wait, no longer than until there is news for the cluster; false where the news came first."""
        waiting, news = asyncio.ensure_future(waited_for), asyncio.create_task(job.news.wait())
        try:
            await asyncio.wait([waiting, news], return_when=asyncio.FIRST_COMPLETED)
            return waiting.done() and not waiting.cancelled()
        finally:
            for each in (waiting, news):
                each.cancel()

    async def _hand_over(self) -> None:
        """Return the messages of the clusters that nothing works on."""
        idle = [job for job in self._jobs.values() if job.cluster not in self._workers]
        left = [message for job in idle for message, _ in job.messages.values()]
        for job in idle:
            del self._jobs[job.cluster]
        if left:
            log.info('%d messages are handed to other schedulers', len(left))
            try:
                async with self._hiding:
                    await self._queue.hide(left, 0)
            except NysaError as failed:
                log.warning('they come back within %d s by themselves: %s', HIDDEN_S, failed)
