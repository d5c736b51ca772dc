import pytest

from stack.reconcile.estimate import CALL_S, estimate
from stack.reconcile.plan import Plan, Step, Until
from stack.runtime.pacing import Pace


def step(name: str, kind: str, *after: str, until: Until | None = None) -> Step:
    return Step(name, kind, None, name, {}, after, until=until)


def test_an_empty_plan_takes_no_time():
    assert estimate(Plan('c')) == 0


def test_a_chain_takes_the_sum_of_its_calls():
    steps = (step('a', 'ecs:RegisterTaskDefinition'), step('b', 'ecs:UpdateService', 'a'))
    assert estimate(Plan('c', steps=steps)) == pytest.approx(2 * CALL_S)


def test_a_hundred_services_wait_for_the_rate_limit():
    steps = []
    for n in range(100):
        steps += [step(f'{n}/a', 'ecs:RegisterTaskDefinition'), step(f'{n}/b', 'ecs:UpdateService', f'{n}/a')]
    assert estimate(Plan('c', steps=tuple(steps)), Pace(share=1)) == pytest.approx(80 + 2 * CALL_S)


def test_waits_count():
    steps = (step('a', 'ecs:DescribeServices', until=Until('services.0.status', ('INACTIVE',))),)
    assert estimate(Plan('c', steps=steps)) > 30
