"""Plans of changes: what of them runs off the event loop, and what they state where ECS does not answer in time."""

import asyncio
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from stack.changes import previews
from stack.changes.previews import Edited, Previews
from stack.state.revisions import Change, Origin

CHANGE = Change(Origin('kim', 'test'), datetime(2026, 3, 1, tzinfo=UTC), {'verb': 'replace'}, may_interrupt=False)
BEFORE = {'services': [{'web': {'image': 'web:1'}}]}
AFTER = {'services': [{'web': {'image': 'web:2'}}]}


class Gate:
    async def guards(self, *_: Any) -> None:
        return None

    async def permit(self, *given: Any) -> Any:
        return given[-1]


def made(ecs_plan: Any = None) -> Any:
    notifier: Any = SimpleNamespace(fits=lambda *_: None)
    gate: Any = Gate()
    return asyncio.run(Previews(gate, notifier, ecs_plan).preview(Edited('prod', None, BEFORE, AFTER, CHANGE)))


def test_what_takes_time_for_many_services_runs_off_the_event_loop(monkeypatch: pytest.MonkeyPatch):
    threads = {}

    def record(name: str, work: Any) -> None:
        def recorded(*given: Any) -> Any:
            threads[name] = threading.current_thread()
            return work(*given)

        monkeypatch.setattr(previews, name, recorded)

    record('preview_rows', previews.preview_rows)
    record('check_interruptions', previews.check_interruptions)
    assert [row.action for row in made().rows] == ['update']
    assert len(threads) == 2
    assert threading.main_thread() not in threads.values()


def test_a_plan_that_ecs_did_not_answer_in_time_goes_on_with_the_next_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(previews, 'COMPARED_WITHIN_S', 0.0)

    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    preview = made(never)
    assert preview.ecs is None
    assert (
        preview.ecs_reason == 'ECS could not be asked about all of prod within 0 s; the next plan goes on from there.'
    )
