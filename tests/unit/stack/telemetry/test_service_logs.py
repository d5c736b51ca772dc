"""Pages of a log: order, filters, bounds, and cursors that neither lose nor repeat a line."""

import asyncio
import base64
import json

import pytest

from stack.errors import InvalidRequest, Throttled
from stack.runtime.masking import MASK
from stack.telemetry import service_logs
from stack.telemetry.log_events import EventPage, EventQuery, LogReader
from stack.telemetry.log_sources import LogSource
from stack.telemetry.service_logs import MOST_CALLS, LogCursor, LogPage, LogQuestion, page_json, read_page
from tests.unit.stack.telemetry.logs import MemoryLogs

WEB, PROXY = LogSource('web', '/ecs/web', 'svc'), LogSource('proxy', '/ecs/proxy', 'svc')
SOURCES = [WEB, PROXY]


def question(**changes) -> LogQuestion:
    return LogQuestion(**({'since': 0, 'until': 1_000_000} | changes))


def page(logs: LogReader, cursor: LogCursor, limit: int = 100, **options) -> LogPage:
    return asyncio.run(read_page(logs, SOURCES, cursor, limit, **options))


def texts(found: LogPage) -> list[str]:
    return [line.text for line in found.lines]


def everything(logs: LogReader, asked: LogQuestion, limit: int) -> list[str]:
    """The lines of all pages, each by the cursor of the one before as a client sends it."""
    cursor: LogCursor | None = LogCursor(asked)
    lines: list[str] = []
    while cursor is not None:
        found = page(logs, cursor, limit)
        lines += texts(found)
        cursor = LogCursor.decode(found.cursor.encode()) if found.cursor else None
    return lines


def written(lines: int = 10, **options) -> MemoryLogs:
    """Lines 0, 2, 4 … of the container `web`, and 1, 3, 5 … of `proxy`."""
    logs = MemoryLogs(**options)
    for number in range(lines):
        logs.write('proxy' if number % 2 else 'web', number * 1000, f'line {number}\n')
    return logs


def test_the_lines_of_all_containers_come_in_the_order_of_time():
    assert texts(page(written(), LogCursor(question(newest_first=False)))) == [f'line {n}' for n in range(10)]
    newest = page(written(), LogCursor(question()))
    assert texts(newest) == [f'line {n}' for n in reversed(range(10))]
    assert newest.cursor is None


@pytest.mark.parametrize('limit', [1, 2, 3, 7, 10, 11])
@pytest.mark.parametrize('events_a_page', [1, 3, 100])
@pytest.mark.parametrize('empty_pages', [0, 2])
@pytest.mark.parametrize('newest_first', [True, False])
def test_no_line_is_lost_or_repeated_between_pages(limit, events_a_page, empty_pages, newest_first):
    logs = written(events_a_page=events_a_page, empty_pages=empty_pages)
    expected = [f'line {n}' for n in range(10)]
    lines = everything(logs, question(newest_first=newest_first), limit)
    assert lines == (expected[::-1] if newest_first else expected)


def test_a_page_says_who_wrote_what_and_when():
    logs = MemoryLogs()
    logs.write('web', 1_767_225_600_250, 'started', task='0123abc')
    found = page(logs, LogCursor(question(until=2_000_000_000_000)))
    assert page_json(found, masks=False)['content'] == [
        {'at': '2026-01-01T00:00:00.250+00:00', 'task': '0123abc', 'container': 'web', 'line': 'started'}
    ]


def test_secrets_are_masked_for_those_who_may_only_look():
    logs = MemoryLogs()
    logs.write('web', 1, 'connecting with password=hunter2-and-more')
    found = page(logs, LogCursor(question()))
    assert page_json(found, masks=True)['content'][0]['line'] == f'connecting with password={MASK}'
    assert 'hunter2' in page_json(found, masks=False)['content'][0]['line']


def test_the_question_is_narrowed_to_a_task_and_a_text():
    logs = MemoryLogs()
    logs.write('web', 1, 'GET /', task='t1')
    logs.write('web', 2, 'GET /', task='t2')
    logs.write('web', 3, 'POST /', task='t2')
    assert texts(page(logs, LogCursor(question(task='t2', text='GET')))) == ['GET /']
    assert logs.queries[0][0].pattern == '"GET"'


def test_a_search_that_finds_nothing_soon_gives_a_cursor_and_goes_on_there():
    logs = written(empty_pages=3 * MOST_CALLS)
    first = page(logs, LogCursor(question()))
    assert first.lines == []
    assert len(logs.queries) == MOST_CALLS
    assert sorted(everything(logs, question(), 100)) == sorted(f'line {n}' for n in range(10))


def test_a_page_that_takes_long_ends_with_what_it_has():
    times = iter([0.0, 0.0, service_logs.WITHIN_S, service_logs.WITHIN_S])
    found = page(written(), LogCursor(question(newest_first=False)), clock=lambda: next(times))
    assert texts(found) == [f'line {n}' for n in range(5)]
    assert found.cursor is not None


def test_a_source_that_is_new_since_the_first_page_does_not_join_it():
    first = asyncio.run(read_page(written(), [WEB], LogCursor(question(newest_first=False)), 2))
    assert texts(page(written(), first.cursor)) == ['line 4', 'line 6', 'line 8']


@pytest.mark.parametrize(
    'text',
    [
        'x',
        '%%%',
        base64.urlsafe_b64encode(b'[]').decode(),
        base64.urlsafe_b64encode(b'{"question": {}, "positions": {}}').decode(),
        base64.urlsafe_b64encode(b'[' * 100_000).decode(),
        base64.urlsafe_b64encode(
            json.dumps({'question': {'since': 'x', 'until': 1}, 'positions': {}}).encode()
        ).decode(),
        base64.urlsafe_b64encode(
            json.dumps({'question': {'since': 0, 'until': 1}, 'positions': {'a': {'more': 1}}}).encode()
        ).decode(),
    ],
)
def test_a_cursor_of_another_make_is_refused(text: str):
    with pytest.raises(InvalidRequest):
        LogCursor.decode(text)


class Throttling:
    """Refuses every call after the first few, as CloudWatch does beyond its limit."""

    def __init__(self, logs: LogReader, calls: int):
        self._logs, self._left = logs, calls

    async def events(self, query: EventQuery, limit: int, token: str | None) -> EventPage:
        if not self._left:
            raise Throttled('slow down', 'logs:FilterLogEvents', 'ThrottlingException')
        self._left -= 1
        return await self._logs.events(query, limit, token)


def test_a_page_that_is_throttled_ends_with_what_it_has():
    logs = written(events_a_page=2)
    found = page(Throttling(logs, 2), LogCursor(question(newest_first=False)))
    assert texts(found) == ['line 0', 'line 1', 'line 2']
    rest = page(logs, LogCursor.decode(found.cursor.encode()))
    assert texts(rest) == [f'line {n}' for n in range(3, 10)]


def test_a_page_that_is_throttled_at_once_is_refused():
    with pytest.raises(Throttled):
        page(Throttling(written(), 0), LogCursor(question()))
