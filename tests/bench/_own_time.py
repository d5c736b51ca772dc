"""How long the tasks of a page ran. By the clock, a busy machine makes every task a long one."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

# Tasks, and what tells a page's main thread from all other threads: that scripts are called in it.
CATEGORIES = ['toplevel', 'devtools.timeline']
TASK, CALL = 'ThreadControllerImpl::RunTask', 'FunctionCall'


@contextmanager
def own_times(browser: Browser, page: Page) -> Iterator[list[float]]:
    """A list that holds, after the block, for each task of the page's main thread the milliseconds that it ran."""
    times: list[float] = []
    browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        yield times
    finally:
        times += _of_main_thread(json.loads(browser.stop_tracing())['traceEvents'])


def _of_main_thread(events: list[dict]) -> list[float]:
    tasks, calls = defaultdict(list), Counter()
    for event in events:
        thread = event.get('pid'), event.get('tid')
        calls[thread] += event.get('name') == CALL
        if event.get('name') == TASK and event.get('ph') == 'X':
            tasks[thread].append(event)
    return _outermost(tasks[calls.most_common(1)[0][0]])


def _outermost(tasks: list[dict]) -> list[float]:
    """Without those that ran inside another one: their time is in that one's."""
    times, until = [], 0.0
    for task in sorted(tasks, key=lambda each: (each['ts'], -each['dur'])):
        if task['ts'] >= until:
            times.append(task.get('tdur', 0) / 1000)
            until = task['ts'] + task['dur']
    return times
