"""An executor whose threads end with the process, and after a while without work.

Those of `concurrent.futures.ThreadPoolExecutor` are joined when the interpreter exits: a call that hangs would keep the
process alive for as long as it does. They also stay when there is no more work, so that a process with a pool for each
of a thousand accounts would have thousands.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

Job = tuple[Future[Any], Callable[[], Any]]

# How long a thread waits for work before it ends, in seconds.
IDLE_S = 3.0


class DaemonThreads(Executor):
    """At most `most` threads, each started when a job finds none that is idle."""

    def __init__(self, most: int, name: str, idle_s: float = IDLE_S):
        self._most = most
        self._name = name
        self._idle_s = idle_s
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        # Threads without a job, less the jobs that wait for one.
        self._free = 0
        self._closed = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have work done. Raises RuntimeError after `close`, and where the system gives this process no thread."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError(f'the threads {self._name} are closed')
            if self._free <= 0 and len(self._threads) < self._most:
                self._start()
            self._free -= 1
            self._jobs.put((future, lambda: work(*args, **kwargs)))
        return future

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=f'{self._name}-{len(self._threads)}', daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The job waits for a thread that there is; without any it would wait indefinitely.
            if not self._threads:
                raise
            return
        self._threads.add(thread)
        self._free += 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.close(float('inf') if wait else 0.0)

    def close(self, seconds: float) -> bool:
        """Accept no more work, and wait for what is under way; false where some of it takes longer than that."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
            for _ in threads:
                self._jobs.put(None)
        until = time.monotonic() + seconds
        for thread in threads:
            thread.join(None if seconds == float('inf') else max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            future, work = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001  handed to the caller
                    future.set_exception(error)
            # Nothing of the job may be kept alive while the thread waits for the next.
            del job, future, work
            with self._lock:
                self._free += 1

    def _next(self) -> Job | None:
        """The next job; None where this thread is to end."""
        while True:
            try:
                return self._jobs.get(timeout=self._idle_s)
            except queue.Empty:
                with self._lock:
                    # Otherwise a job that comes now counts on this thread.
                    if self._free > 0 or self._closed:
                        self._free -= 1
                        self._threads.discard(threading.current_thread())
                        return None
