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


def test_an_account_has_one_of_its_states():
    metrics, state = Metrics(), ['unknown']
    metrics.account('prod', 'eu-west-1', ('unknown', 'ok', 'denied'), lambda: state[0])

    def shown() -> dict[str, float | None]:
        labels = {'account': 'prod', 'region': 'eu-west-1'}
        return {
            each: metrics.registry.get_sample_value('nysa_account_health', {**labels, 'state': each})
            for each in ('unknown', 'ok', 'denied')
        }

    assert shown() == {'unknown': 1.0, 'ok': 0.0, 'denied': 0.0}
    state[0] = 'denied'
    assert shown() == {'unknown': 0.0, 'ok': 0.0, 'denied': 1.0}
