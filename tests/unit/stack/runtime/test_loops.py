"""Loops beside the server: one that fails goes on, all end together."""

import asyncio

import pytest

from stack.runtime import loops
from stack.runtime.loops import Loops


def test_a_loop_that_fails_is_logged_and_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(loops, 'PAUSE_S', 0)

    async def scenario() -> int:
        tries = 0
        recovered = asyncio.Event()

        async def loop() -> None:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise ValueError('broken')
            recovered.set()

        async with Loops() as running:
            running.start('watching', loop)
            await recovered.wait()
        return tries

    assert asyncio.run(scenario()) == 3
    assert [record.message for record in caplog.records] == ['the watching loop failed, and is started again'] * 2


def test_every_loop_ends_and_may_tidy_up():
    async def scenario() -> list[str]:
        tidied: list[str] = []
        begun = asyncio.Event()

        async def loop() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                tidied.append('done')

        async with Loops() as running:
            running.start('one', loop)
            running.start('two', loop)
            await begun.wait()
            await asyncio.sleep(0)
        return tidied

    assert asyncio.run(scenario()) == ['done', 'done']


def test_a_loop_is_started_again_where_something_it_awaits_is_cancelled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, 'PAUSE_S', 0)

    async def scenario() -> None:
        tries, recovered = 0, asyncio.Event()

        async def loop() -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                future = asyncio.get_running_loop().create_future()
                future.cancel()
                await future
            recovered.set()

        async with Loops() as running:
            running.start('watching', loop)
            async with asyncio.timeout(30):
                await recovered.wait()

    asyncio.run(scenario())


def test_a_loop_that_does_not_end_is_left(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(loops, 'TIDY_WITHIN_S', 0.01)
    monkeypatch.setattr(loops, 'LEFT_AFTER_S', 0.01)

    async def scenario() -> None:
        go, begun = asyncio.Event(), asyncio.Event()

        async def loop() -> None:
            begun.set()
            while not go.is_set():
                try:
                    await go.wait()
                except asyncio.CancelledError:
                    continue

        async with Loops() as running:
            running.start('stubborn', loop)
            await begun.wait()
        go.set()

    asyncio.run(scenario())
    assert 'the stubborn loop does not end' in caplog.text
