"""An executor whose threads come and go."""

import subprocess
import sys
import threading
from concurrent.futures import wait

import pytest

from stack.runtime.daemon_threads import DaemonThreads, Workers


def test_threads_are_started_when_they_are_needed_and_hand_over_what_happened():
    threads = DaemonThreads(2, 'test')
    assert [threads.submit(divmod, 7, 2).result() for _ in range(5)] == [(3, 1)] * 5
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 1, 0).result()
    assert threads.close(30)
    with pytest.raises(RuntimeError):
        threads.submit(divmod, 7, 2)


def test_a_job_gets_an_idle_thread_before_a_new_one():
    threads = DaemonThreads(5, 'test', Workers(idle_s=60))
    used = {threads.submit(threading.current_thread).result(30) for _ in range(20)}
    # A thread is idle a moment after its result is there.
    assert len(used) <= 2
    assert threads.close(30)


def test_at_most_so_many_run_at_once():
    threads, go = DaemonThreads(3, 'test', Workers(idle_s=0.01)), threading.Event()
    running, most, lock = 0, 0, threading.Lock()

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait()
        with lock:
            running -= 1

    jobs = [threads.submit(job) for _ in range(12)]
    go.set()
    assert not wait(jobs, 30).not_done
    assert most <= 3
    assert threads.close(30)


def test_what_is_idle_works_for_any_pool_and_what_hangs_takes_no_thread_from_another():
    workers, go = Workers(idle_s=60), threading.Event()
    pools = [DaemonThreads(1, f'test-{number}', workers) for number in range(20)]
    used = {pool.submit(threading.current_thread).result(30) for pool in pools}
    assert len(used) <= 2, 'a thread is idle a moment after its result is there'
    hanging = [pools[0].submit(go.wait, 60) for _ in range(3)]
    assert pools[1].submit(divmod, 7, 2).result(30) == (3, 1)
    assert not pools[0].close(0.0)
    go.set()
    assert all(job.result(30) for job in hanging)
    assert all(pool.close(30) for pool in pools)


def test_a_thread_has_the_name_of_the_pool_that_it_works_for():
    workers = Workers(idle_s=60)
    for name in ('first', 'second'):
        assert DaemonThreads(1, name, workers).submit(lambda: threading.current_thread().name).result(30) == name


def test_a_thread_without_work_ends_and_later_work_is_done():
    threads = DaemonThreads(2, 'test', Workers(idle_s=0.01))
    for _ in range(3):
        worker = threads.submit(threading.current_thread).result(30)
        worker.join(30)
        assert not worker.is_alive()
    assert threads.close(30)


def test_no_job_is_left_where_threads_end_meanwhile():
    threads = DaemonThreads(4, 'test', Workers(idle_s=0.0))
    for number in range(2_000):
        assert threads.submit(abs, -number).result(30) == number
    jobs = [threads.submit(abs, -number) for number in range(2_000)]
    assert [job.result(30) for job in jobs] == list(range(2_000))
    assert threads.close(30)


def test_jobs_are_done_once_the_system_gives_threads_again(monkeypatch: pytest.MonkeyPatch):
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads = DaemonThreads(2, 'test', Workers())
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', refused)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                threads.submit(divmod, 7, 2)
    go = threading.Event()
    waiting = threads.submit(go.wait, 30)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', refused)
        behind = threads.submit(divmod, 7, 2)
    go.set()
    assert waiting.result(30)
    assert behind.result(30) == (3, 1)
    assert threads.close(30)


def test_a_thread_that_hangs_does_not_keep_the_process():
    program = (
        'import asyncio, threading\n'
        'from stack.runtime.daemon_threads import DaemonThreads\n'
        'threads = DaemonThreads(1, "test")\n'
        'threads.submit(threading.Event().wait)\n'
        'print(threads.close(0.1))'
    )
    ended = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == 'False\n'
