"""What was there at the start is not looked at again."""

import gc
from collections.abc import Iterator

import pytest

from stack.runtime.gc_tuning import freeze_startup_objects


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_there_is_out_of_every_later_collection():
    there = [[] for _ in range(1000)]
    freeze_startup_objects()
    assert gc.get_freeze_count() > len(there)
    assert len(gc.get_objects()) < len(there)
    assert gc.get_threshold()[0] > 700


def test_new_cycles_are_still_collected():
    freeze_startup_objects()
    cycle: list = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
