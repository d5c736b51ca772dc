"""The health of a container: what its process writes, and what the check makes of it."""

import asyncio
import json
from pathlib import Path

import pytest

from stack.runtime.heartbeat import BEAT_S, STALE_S, beat, trouble, write

NOW = 1_900_000_000.0
URL = 'http://127.0.0.1:8888/healthz'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / 'health.json'


def wrong(file: Path, now: float, answer: str | None = None) -> tuple[str | None, list[str]]:
    asked: list[str] = []
    return trouble(file, now, lambda url: asked.append(url) or answer), asked


def test_a_process_that_writes_works(file: Path):
    write(file, 'scheduler', None, NOW)
    assert wrong(file, NOW + STALE_S) == (None, [])
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_loop_that_hangs_does_not(file: Path):
    write(file, 'relay', None, NOW)
    assert wrong(file, NOW + STALE_S + 1) == ('relay has not run for 21 s', [])
    assert wrong(file, NOW - STALE_S - 1)[0]


def test_a_server_must_answer_as_well(file: Path):
    write(file, 'serve', URL, NOW)
    assert wrong(file, NOW) == (None, [URL])
    assert wrong(file, NOW, 'it does not answer') == ('it does not answer', [URL])
    assert wrong(file, NOW + 60) == ('serve has not run for 60 s', [])


@pytest.mark.parametrize(
    'content', ['', '[]', '{}', '{"role": "serve", "url": null, "at": "x"}', '{"role": 1, "at": null}']
)
def test_what_is_no_heartbeat_is_no_health(file: Path, content: str):
    file.write_text(content)
    assert 'is not a heartbeat' in wrong(file, NOW)[0]


def test_without_a_file_there_is_no_health(file: Path):
    assert 'cannot be read' in wrong(file, NOW)[0]


def test_a_process_goes_on_where_it_cannot_write(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async def play() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(beat(str(tmp_path / 'none' / 'file'), 'serve'), 0.01)

    asyncio.run(play())
    assert 'cannot be written' in caplog.text


def test_it_is_written_at_once_and_not_without_a_path(file: Path):
    async def play() -> None:
        await beat(None, 'relay')
        task = asyncio.create_task(beat(str(file), 'scheduler'))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(play())
    assert json.loads(file.read_text())['role'] == 'scheduler'
    assert BEAT_S * 3 < STALE_S


def test_it_is_not_written_while_the_process_is_unhealthy(file: Path):
    async def play() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(beat(str(file), 'serve', is_healthy=lambda: False), 0.01)

    asyncio.run(play())
    assert not file.exists()
