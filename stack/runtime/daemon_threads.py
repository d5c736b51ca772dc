"""Executors whose threads end with the process, and after a while without work.

Those of `concurrent.futures.ThreadPoolExecutor` are joined when the interpreter exits: a call that hangs would keep the
process alive for as long as it does. They are also those of one pool alone: a process with pools for each of a thousand
accounts, each of which has a call every few seconds, would have thousands, or start one for each call.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

Job = tuple[Future[Any], Callable[[], Any]]

# How long a thread waits for work before it ends, in seconds.
IDLE_S = 3.0


class Workers:
    """The threads of several pools: what is idle works for any of them. It starts as many as are needed at once."""

    def __init__(self, idle_s: float = IDLE_S):
        self._idle_s = idle_s
        self._lock = threading.Lock()
        # Those that began to wait last are the first to work: the others end.
        self._idle: list[_Worker] = []

    def run(self, work: Callable[[], None]) -> None:
        """Have a thread do some work. Raises RuntimeError where the system gives this process no thread for it."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            worker = _Worker(self)
            worker.start()
        worker.work.put(work)

    def next_for(self, worker: '_Worker') -> Callable[[], None] | None:
        """The next work of a thread; None where it is to end."""
        while True:
            try:
                return worker.work.get(timeout=self._idle_s)
            except queue.Empty:
                with self._lock:
                    # Otherwise its work is about to come.
                    if worker in self._idle:
                        self._idle.remove(worker)
                        return None

    def rests(self, worker: '_Worker') -> None:
        """A thread has nothing to do."""
        with self._lock:
            self._idle.append(worker)


class _Worker(threading.Thread):
    def __init__(self, workers: Workers):
        super().__init__(daemon=True)
        self.work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._workers = workers

    def run(self) -> None:
        while (work := self._workers.next_for(self)) is not None:
            work()
            # Nothing of it may be kept alive while the thread waits for the next.
            del work
            self.name = 'idle'
            self._workers.rests(self)


_SHARED = Workers()


class DaemonThreads(Executor):
    """At most `most` threads of those that all pools share; more jobs wait."""

    def __init__(self, most: int, name: str, workers: Workers = _SHARED):
        self._most = most
        self._name = name
        self._workers = workers
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)
        self._at_work = 0
        self._closed = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have work done. Raises RuntimeError after `close`, and where the system gives this process no thread."""
        job: Job = Future(), partial(work, *args, **kwargs)
        with self._lock:
            if self._closed:
                raise RuntimeError(f'the threads {self._name} are closed')
            if self._at_work >= self._most or not self._starts(job):
                self._jobs.append(job)
        return job[0]

    def _starts(self, job: Job) -> bool:
        """Whether a thread begins with a job; where the system gives none, it waits for one that is at work."""
        try:
            self._workers.run(partial(self._work, [job]))
        except RuntimeError:
            # Without any it would wait indefinitely.
            if not self._at_work:
                raise
            return False
        self._at_work += 1
        return True

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.close(float('inf') if wait else 0.0)

    def close(self, seconds: float) -> bool:
        """Accept no more work, and wait for what is under way; false where some of it takes longer than that."""
        until = time.monotonic() + seconds
        with self._lock:
            self._closed = True
            while self._at_work:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._ended.wait(None if left == float('inf') else left)
        return True

    def _work(self, jobs: list[Job]) -> None:
        """Do a job, and those that wait by then."""
        threading.current_thread().name = self._name
        while jobs:
            _do(*jobs.pop())
            with self._lock:
                if self._jobs:
                    jobs.append(self._jobs.popleft())
                else:
                    self._at_work -= 1
                    self._ended.notify_all()


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  handed to the caller
            future.set_exception(error)
