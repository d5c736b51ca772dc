"""Which task definitions a process keeps."""

from datetime import UTC, datetime

import pytest

from stack.reconcile import definition_cache
from stack.reconcile.definition_cache import IN_USE_S, DefinitionCache
from stack.reconcile.observed import TaskDefinition

ROUND_S = 600.0


def made(number: int) -> TaskDefinition:
    body = {
        'containerDefinitions': [{'image': f'team/app:{number}'}],
        'registeredAt': datetime(2030, 1, 31, tzinfo=UTC),
    }
    return TaskDefinition(f'arn:td/app:{number}', 'app', body, {'by': 'nysa'})


class Scene:
    def __init__(self) -> None:
        self.now = 0.0
        self.cache = DefinitionCache(lambda: self.now)
        self.reads = 0

    def plan(self, numbers: range) -> None:
        """Use definitions as a plan does."""
        for number in numbers:
            if self.cache.use(made(number).arn) is None:
                self.reads += 1
                self.cache.put_in_use(made(number))


@pytest.fixture(autouse=True)
def few_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definition_cache, 'MOST_OTHERS', 3)


def test_a_definition_is_given_as_it_was_read():
    cache = DefinitionCache()
    cache.put(made(1))
    assert cache.get(made(1).arn) == cache.use(made(1).arn) == made(1)
    assert cache.get('arn:td/other:1') is None


def test_what_each_round_uses_is_read_once_however_much_it_is():
    scene = Scene()
    for _ in range(12):
        scene.plan(range(50))
        scene.now += ROUND_S
    assert scene.reads == 50


def test_what_no_plan_has_used_for_long_is_one_of_a_bounded_number():
    scene = Scene()
    scene.plan(range(10))
    scene.now += IN_USE_S + 1
    scene.plan(range(10, 11))
    assert [number for number in range(11) if scene.cache.get(made(number).arn)] == [7, 8, 9, 10]


def test_what_is_only_looked_at_is_one_of_a_bounded_number():
    scene = Scene()
    for number in range(10):
        scene.cache.put(made(number))
    assert [number for number in range(10) if scene.cache.get(made(number).arn)] == [7, 8, 9]
    scene.plan(range(7, 10))
    assert scene.reads == 0


def test_looks_do_not_displace_what_plans_use():
    scene = Scene()
    scene.plan(range(5))
    for number in range(100):
        scene.cache.put(made(number))
    scene.plan(range(5))
    assert scene.reads == 5
