"""An executor whose threads end with the process.

Those of `concurrent.futures.ThreadPoolExecutor` are joined when the interpreter exits: a call that hangs would keep the
process alive for as long as it does.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

Job = tuple[Future[Any], Callable[[], Any]]


class DaemonThreads(Executor):
    """At most `most` threads, each started when a job finds none that is idle."""

    def __init__(self, most: int, name: str):
        self._most = most
        self._name = name
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have work done. Raises RuntimeError after `close`."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError(f'the threads {self._name} are closed')
            self._jobs.put((future, lambda: work(*args, **kwargs)))
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name=f'{self._name}-{len(self._threads)}', daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

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
        while (job := self._jobs.get()) is not None:
            future, work = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001  handed to the caller
                    future.set_exception(error)
            # Nothing of the job may be kept alive while the thread waits for the next.
            del job, future, work
            self._idle.release()
