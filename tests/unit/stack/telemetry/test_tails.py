"""Live tails: one read for all who follow the same, bounded, and none without a reader."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import AwsFailed, NotFound, NysaError, Throttled, TooManyRequests
from stack.telemetry import tails
from stack.telemetry.log_sources import LogSource
from stack.telemetry.tail_topic import TailTopic
from stack.telemetry.tails import CALLS_A_SECOND, MOST_TAILS, POLL_S, TAILS_A_READER, Batch, Tails
from tests.places import InOnePlace
from tests.unit.stack.telemetry.logs import MemoryLogs

START = datetime(2026, 3, 1, tzinfo=UTC)
WEB = TailTopic('prod', 'web')
SOURCE = LogSource('web', '/ecs/web', 'svc')


class Reader:
    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.errors: list[NysaError] = []

    def offer(self, batch: Batch) -> None:
        self.batches.append(batch)

    def failed(self, topic: TailTopic, error: NysaError) -> None:
        self.errors.append(error)

    @property
    def lines(self) -> list[str]:
        return [line.text for batch in self.batches for line in batch.lines]


class Scene:
    """Tails whose clock the test turns: each pause between two polls ends when the test lets it."""

    def __init__(self) -> None:
        self.logs = MemoryLogs(events_a_page=100_000)
        self.now = START
        self.pauses: list[float] = []
        self.gone = False
        self._due: list[asyncio.Future[None]] = []
        self.tails = Tails(InOnePlace(self.logs), self.sources, lambda: self.now, self.sleep)

    async def sources(self, topic: TailTopic) -> Sequence[LogSource]:
        if self.gone:
            raise NotFound('There is no such service.')
        return [SOURCE]

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        pause = asyncio.get_running_loop().create_future()
        self._due.append(pause)
        await pause

    def write(self, text: str, seconds: float = 0) -> None:
        at = self.now + timedelta(seconds=seconds)
        self.logs.write('web', int(at.timestamp() * 1000), text)

    async def polled(self) -> None:
        """Let the pauses end, and wait until every tail has read again."""
        await turns()
        due, self._due = self._due, []
        self.now += timedelta(seconds=POLL_S)
        for pause in due:
            if not pause.done():
                pause.set_result(None)
        await turns()


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def play(scenario: Callable[[Scene], Awaitable[Any]]) -> None:
    async def whole() -> None:
        scene = Scene()
        try:
            await scenario(scene)
        finally:
            await scene.tails.close()

    asyncio.run(whole())


def test_new_lines_are_read_once_for_all_who_follow_the_same():
    async def scenario(scene: Scene) -> None:
        one, other = Reader(), Reader()
        scene.write('before', seconds=-60)
        scene.tails.follow(WEB, one)
        scene.tails.follow(WEB, other)
        await turns()
        assert (len(scene.logs.queries), len(scene.tails)) == (1, 1)
        scene.write('first')
        await scene.polled()
        scene.write('second')
        await scene.polled()
        assert one.lines == other.lines == ['first', 'second']
        assert one.batches == other.batches
        assert len(scene.logs.queries) == 3

    play(scenario)


def test_a_tail_begins_when_it_is_asked_for_and_not_with_its_first_poll():
    async def scenario(scene: Scene) -> None:
        reader = Reader()
        scene.tails.follow(WEB, reader)
        scene.write('at once')
        scene.now += timedelta(seconds=1)
        await turns()
        assert reader.lines == ['at once']

    play(scenario)


def test_a_line_that_arrives_late_is_sent_and_none_is_sent_twice():
    async def scenario(scene: Scene) -> None:
        reader = Reader()
        scene.tails.follow(WEB, reader)
        for number in range(12):
            scene.write(f'on time {number}')
            await scene.polled()
        scene.write('late', seconds=-8)
        await scene.polled()
        await scene.polled()
        assert reader.lines == [*(f'on time {number}' for number in range(12)), 'late']
        assert len(scene.tails._loops) == 1

    play(scenario)


def test_of_many_lines_the_newest_are_sent_and_the_others_counted(monkeypatch):
    monkeypatch.setattr(tails, 'LINES_A_BATCH', 3)

    async def scenario(scene: Scene) -> None:
        reader = Reader()
        scene.tails.follow(WEB, reader)
        await turns()
        for number in range(10):
            scene.write(f'line {number}', seconds=number / 1000)
        await scene.polled()
        assert (reader.lines, reader.batches[0].dropped) == (['line 7', 'line 8', 'line 9'], 7)

    play(scenario)


def test_nothing_is_read_once_the_last_reader_has_left():
    async def scenario(scene: Scene) -> None:
        one, other = Reader(), Reader()
        scene.tails.follow(WEB, one)
        scene.tails.follow(WEB, other)
        scene.tails.leave(one)
        await scene.polled()
        reads = len(scene.logs.queries)
        assert len(scene.tails) == 1
        scene.tails.leave(other)
        assert len(scene.tails) == 0
        await scene.polled()
        assert len(scene.logs.queries) == reads
        assert scene.tails._readers == {}

    play(scenario)


def test_different_filters_and_tasks_are_different_tails():
    async def scenario(scene: Scene) -> None:
        reader = Reader()
        scene.tails.follow(WEB, reader)
        scene.tails.follow(TailTopic('prod', 'web', text='error'), reader)
        scene.tails.follow(TailTopic('prod', 'web', task='t9'), reader)
        await turns()
        assert [(query.pattern, query.task) for query, _ in scene.logs.queries] == [
            ('', ''),
            ('"error"', ''),
            ('', 't9'),
        ]

    play(scenario)


def test_the_calls_a_second_are_bounded_however_many_tails_there_are():
    async def scenario(scene: Scene) -> None:
        for number in range(MOST_TAILS):
            scene.tails.follow(TailTopic('prod', f'web-{number}'), Reader())
        await turns()
        assert scene.pauses[-1] == MOST_TAILS / CALLS_A_SECOND
        with pytest.raises(TooManyRequests):
            scene.tails.follow(TailTopic('prod', 'one-more'), Reader())

    play(scenario)


def test_a_reader_follows_a_few_logs():
    async def scenario(scene: Scene) -> None:
        reader = Reader()
        for number in range(TAILS_A_READER):
            scene.tails.follow(TailTopic('prod', f'web-{number}'), reader)
        scene.tails.follow(TailTopic('prod', 'web-0'), reader)
        with pytest.raises(TooManyRequests, match='untail'):
            scene.tails.follow(WEB, reader)

    play(scenario)


def test_a_read_that_aws_throttles_is_tried_again():
    async def scenario(scene: Scene) -> None:
        reader = Reader()
        scene.tails.follow(WEB, reader)
        scene.logs.failure = Throttled('slow down', 'logs:FilterLogEvents', 'ThrottlingException')
        scene.write('first')
        await scene.polled()
        assert (reader.lines, reader.errors) == ([], [])
        scene.logs.failure = None
        await scene.polled()
        assert reader.lines == ['first']

    play(scenario)


@pytest.mark.parametrize('denied', [True, False])
def test_a_tail_that_cannot_go_on_ends_with_its_error(denied: bool):
    async def scenario(scene: Scene) -> None:
        reader = Reader()
        scene.tails.follow(WEB, reader)
        await turns()
        scene.gone = not denied
        scene.logs.failure = AwsFailed('denied', 'logs:FilterLogEvents', 'AccessDeniedException') if denied else None
        await scene.polled()
        assert [type(error) for error in reader.errors] == [AwsFailed if denied else NotFound]
        assert len(scene.tails) == 0

    play(scenario)
