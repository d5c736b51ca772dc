"""Services on their way out of ECS: what each look shows, and when they count as gone."""

from dataclasses import replace

import pytest

from stack.rollouts.ecs_state import Service
from stack.rollouts.removal import follow
from stack.rollouts.rollout import Rollout, begin
from tests.ecs_looks import START, at, ending, goal, old, service

REMOVAL = goal(kind='removal', image='', count=0)


def looks(*seen: Service | None, every: float = 5, want=REMOVAL) -> list[Rollout]:
    found = [begin(want, service(old()))]
    for number, each in enumerate(seen):
        found.append(follow(found[-1], each, at(5 + number * every)))
    return found[1:]


def going(running: int, status: str = 'DRAINING') -> Service:
    return service(old(running, of=0), desired=0, status=status)


def test_gone_only_when_ecs_has_let_go():
    rollouts = looks(service(old()), going(2, 'ACTIVE'), going(1), going(0), going(1, 'INACTIVE'), going(0, 'INACTIVE'))
    assert [each.state for each in rollouts] == ['queued', 'removing', 'removing', 'removing', 'removing', 'removed']
    assert [each.percent for each in rollouts] == [0, 0, 50, 99, 50, 100]
    assert [ending(each) for each in rollouts] == [None] * 5 + ['removed']
    assert rollouts[-1].verdict.arrived
    assert follow(rollouts[-1], None, at(90)) is rollouts[-1]


def test_gone_before_anybody_looked():
    assert ending(looks(None)[-1]) == 'removed'


def test_nobody_removes_it():
    last = looks(*[service(old())] * 17, every=60)[-1]
    assert (ending(last), last.state, 'scheduler' in last.verdict.reason) == ('stalled', 'failed', True)


def test_a_service_without_tasks_that_nobody_removes():
    last = looks(*[service(old(0, of=0), desired=0)] * 17, every=60)[-1]
    assert (ending(last), 'scheduler' in last.verdict.reason) == ('stalled', True)


def test_a_task_that_does_not_stop():
    rollouts = looks(going(2), *[going(1)] * 17, every=60)
    assert ending(rollouts[-1]) == 'stalled'
    assert '1 of 2 tasks' in rollouts[-1].verdict.reason
    assert rollouts[-5].verdict is None, 'the clock starts when something has moved last'


def test_removed_after_nobody_had_acted_for_long():
    rollouts = looks(*[service(old())] * 17, going(2), going(1), going(1), going(0, 'INACTIVE'), every=60)
    assert [ending(each) for each in rollouts[-5:]] == ['stalled', None, None, None, 'removed']


@pytest.mark.parametrize('seen', [None, going(0, 'INACTIVE')])
def test_removal_after_a_stall_is_recorded(seen: Service | None):
    stalled = looks(*[going(1)] * 17, every=60)[-1]
    assert ending(stalled) == 'stalled'
    assert ending(follow(stalled, seen, at(3000))) == 'removed'


def test_an_unannounced_removal_stays_queued():
    assert looks(*[service(old())] * 40, every=60, want=replace(REMOVAL, announced_at=None))[-1].state == 'queued'


def test_time_that_nobody_looked_is_no_standstill():
    assert looks(going(1), going(1), every=7200)[-1].verdict is None
    assert begin(REMOVAL).observed_at == START
