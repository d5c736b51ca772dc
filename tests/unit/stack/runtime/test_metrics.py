"""Metrics of the process itself; those of its parts have tests beside the parts."""

import asyncio

from stack.runtime.metrics import Metrics


def tasks(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value('nysa_event_loop_tasks')


def test_tasks_of_the_event_loop_are_counted_until_they_end():
    asyncio.run(_count_tasks())


async def _count_tasks() -> None:
    metrics = Metrics()
    metrics.count_tasks(asyncio.get_running_loop())
    before = tasks(metrics)
    end = asyncio.Event()
    waiting = [asyncio.create_task(end.wait()) for _ in range(3)]
    assert tasks(metrics) == before + 3
    end.set()
    await asyncio.gather(*waiting)
    assert tasks(metrics) == before
