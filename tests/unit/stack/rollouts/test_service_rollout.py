"""Rollouts of services: each test is the sequence of what ECS shows, and the verdict that it must come to."""

from dataclasses import replace

import pytest

from stack.rollouts.rollout import begin
from stack.rollouts.service_rollout import NO_ROOM, follow
from tests.ecs_looks import (
    ALIEN,
    BACK,
    FAILED,
    NEW,
    OLD,
    at,
    deployment,
    ending,
    goal,
    leaving,
    looks,
    new,
    old,
    service,
)


def test_success_is_bound_to_the_deployment_that_carries_the_revision():
    rollouts = looks(
        service(old()), service(new(0), leaving(2)), service(new(1), leaving(1)), service(new(2, state='COMPLETED'))
    )
    assert [each.state for each in rollouts] == ['queued', 'rolling-out', 'rolling-out', 'steady']
    assert [each.percent for each in rollouts] == [0, 0, 50, 100]
    assert [ending(each) for each in rollouts] == [None, None, None, 'succeeded']
    assert (rollouts[-1].deployment, rollouts[-1].task_definition) == ('ecs-svc/2', NEW)


def test_all_new_tasks_run_but_old_ones_are_left():
    (last,) = looks(service(new(2), leaving(1)))[-1:]
    assert (last.state, last.percent, last.verdict) == ('rolling-out', 99, None)


def test_rolled_back_while_the_failed_deployment_still_shows():
    back = deployment('ecs-svc/3', OLD, 1, 2, rollout_state='IN_PROGRESS', created_at=at(30))
    failed = new(0, of=0, state='FAILED', status='ACTIVE')
    rollouts = looks(service(new(0), leaving(2)), service(back, failed, leaving(1), events=(BACK, FAILED)))
    verdict = rollouts[-1].verdict
    assert (verdict.ending, verdict.by, verdict.failed) == ('rolled-back', OLD, True)
    assert verdict.reason == 'deployment failed: tasks failed to start.'
    assert rollouts[-1].state == 'rolled-back'
    # … and stays so when ECS is stable again.
    settled = follow(rollouts[-1], service(replace(back, running=2, rollout_state='COMPLETED')), {NEW}, at(60))
    assert (settled.state, ending(settled)) == ('rolled-back', 'rolled-back')


def test_rolled_back_between_two_looks():
    back = deployment('ecs-svc/3', OLD, 2, 2, created_at=at(30))
    rollouts = looks(service(new(0), leaving(2)), service(back, events=(BACK, FAILED)), every=60)
    assert ending(rollouts[-1]) == 'rolled-back'


def test_rolled_back_before_anybody_looked():
    back = deployment('ecs-svc/3', OLD, 2, 2, created_at=at(30))
    assert ending(looks(service(back, events=(BACK, FAILED)), first=60)[-1]) == 'rolled-back'


def test_rollback_recognised_by_the_state_reason_alone():
    reason = 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.'
    back = deployment('ecs-svc/3', OLD, 0, 2, rollout_state='IN_PROGRESS', created_at=at(30), reason=reason)
    last = looks(service(new(0), leaving(2)), service(back, leaving(2)))[-1]
    assert (ending(last), last.verdict.reason) == ('rolled-back', reason)


@pytest.mark.parametrize(
    'events',
    [
        pytest.param(((at(-60), '(deployment ecs-svc/0) deployment failed: tasks failed to start.'),), id='before'),
        pytest.param(((at(3), '(deployment ecs-svc/1) deployment failed: tasks failed to start.'),), id='foreign'),
    ],
)
def test_what_failed_before_the_revision_is_not_its_failure(events):
    """R1's deployment may fail when R2 is stored already, and before a scheduler has acted on it."""
    reason = 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0.'
    back = deployment('ecs-svc/5', 'arn:td/web:0', 2, 2, created_at=at(3), reason=reason)
    last = looks(service(back, events=events))[-1]
    assert (last.state, last.verdict) == ('queued', None)


def test_breaker_without_rollback_aborts():
    last = looks(service(new(0), leaving(2)), service(new(0, state='FAILED'), leaving(2), events=(FAILED,)))[-1]
    assert (last.state, ending(last)) == ('failed', 'aborted')
    assert last.verdict.reason == 'deployment failed: tasks failed to start.'


def test_breaker_whose_rollback_does_not_come_aborts_after_a_grace():
    failed = service(new(0, state='FAILED'), leaving(2), breaker_rolls_back=True)
    rollouts = looks(service(new(0), leaving(2)), failed, failed, failed, every=40)
    assert [ending(each) for each in rollouts] == [None, None, None, 'aborted']


def test_edited_by_hand_in_the_middle():
    alien = deployment('ecs-svc/7', ALIEN, 0, 2, rollout_state='IN_PROGRESS', created_at=at(20))
    last = looks(service(new(1), leaving(1)), service(alien, new(1, status='ACTIVE')))[-1]
    assert (ending(last), last.verdict.by, last.state) == ('superseded', ALIEN, 'rolling-out')
    assert 'ecs-svc/7' in last.verdict.reason


def test_mended_after_an_edit_by_hand():
    alien = deployment('ecs-svc/7', ALIEN, 2, 2, created_at=at(20))
    again = deployment('ecs-svc/8', NEW, 2, 2, created_at=at(40))
    last = looks(service(new(1), leaving(1)), service(alien), service(again))[-1]
    assert (ending(last), last.deployment) == ('succeeded', 'ecs-svc/8')


def test_edited_by_hand_after_success_does_not_take_the_success_away():
    alien = deployment('ecs-svc/7', ALIEN, 1, 2, rollout_state='IN_PROGRESS', created_at=at(20))
    last = looks(service(new(2, state='COMPLETED')), service(alien))[-1]
    assert (ending(last), last.state) == ('succeeded', 'rolling-out')


def test_scaled_to_zero_as_wanted():
    rollouts = looks(
        service(new(2, state='COMPLETED')),
        service(new(1, of=0), desired=0),
        service(new(0, of=0, state='COMPLETED'), desired=0),
        want=goal(count=0),
    )
    assert [each.state for each in rollouts] == ['queued', 'rolling-out', 'steady']
    assert (ending(rollouts[-1]), rollouts[-1].verdict.failed) == ('scaled-to-zero', False)


def test_scaled_to_zero_by_hand_is_no_success():
    last = looks(service(new(1), leaving(1)), service(new(0, of=0, state='COMPLETED'), desired=0))[-1]
    assert (ending(last), last.verdict.failed) == ('scaled-to-zero', True)


def test_scaling_up_from_zero_waits_to_be_asked():
    rest = service(new(0, of=0, state='COMPLETED'), desired=0)
    rollouts = looks(rest, service(new(1, state='COMPLETED')), service(new(2, state='COMPLETED')))
    assert [each.state for each in rollouts] == ['queued', 'rolling-out', 'steady']


def test_crash_loop_without_a_breaker_stalls():
    up, down = service(new(1), leaving(2)), service(new(0, failed=40), leaving(2))
    rollouts = looks(*[up, down] * 10, every=60)
    stalled = [n for n, each in enumerate(rollouts) if each.verdict]
    assert ending(rollouts[-1]) == 'stalled'
    assert stalled[0] == 15, 'fifteen minutes after the last progress'
    assert rollouts[-1].state == 'failed'


def test_stalled_and_arrived_after_all():
    rollouts = looks(*[service(new(1), leaving(2))] * 17, service(new(2, state='COMPLETED')), every=60)
    assert [ending(each) for each in rollouts[-2:]] == ['stalled', 'succeeded']


def test_progress_sets_the_clock_back():
    slow = [service(new(n), leaving(20), desired=20) for n in range(1, 20)]
    assert looks(*slow, every=600, want=goal(count=20))[-1].verdict is None


def test_nobody_acts():
    last = looks(*[service(old())] * 17, every=60)[-1]
    assert (ending(last), 'scheduler' in last.verdict.reason) == ('stalled', True)


def test_ecs_that_does_not_answer_is_not_a_standstill():
    rollouts = looks(service(new(1), leaving(1)), service(new(1), leaving(1)), every=3600)
    assert rollouts[-1].verdict is None
    assert rollouts[-1].idle == 60


def test_first_creation():
    start = begin(goal())
    nothing = follow(start, None, set(), at(5))
    created = follow(nothing, service(new(0)), {NEW}, at(10))
    done = follow(created, service(new(2, state='COMPLETED')), {NEW}, at(15))
    assert [nothing.state, created.state, ending(done)] == ['queued', 'rolling-out', 'succeeded']


@pytest.mark.parametrize('gone', [None, service(status='INACTIVE'), service(new(1), status='DRAINING')])
def test_deleted_in_ecs_in_the_middle(gone):
    last = looks(service(new(1), leaving(1)), gone)[-1]
    assert (ending(last), 'deleted' in last.verdict.reason) == ('aborted', True)


def test_content_that_ran_before_is_not_mistaken_for_the_new_deployment():
    """A rollback by revision wants what the outgoing deployment carries: it waits for a deployment of its own."""
    bad = deployment('ecs-svc/2', ALIEN, 0, 2, rollout_state='IN_PROGRESS', created_at=at(-60))
    good = deployment('ecs-svc/1', NEW, 2, 2, status='ACTIVE', created_at=at(-600))
    before = service(bad, good)
    waiting = follow(begin(goal(), before), before, {NEW}, at(5))
    mended = follow(waiting, service(deployment('ecs-svc/3', NEW, 2, 2, created_at=at(10))), {NEW}, at(20))
    assert (waiting.state, waiting.verdict, ending(mended)) == ('queued', None, 'succeeded')


def test_an_autoscaler_decides_the_count():
    last = looks(service(new(7, of=7, state='COMPLETED'), desired=7), want=goal(count=None))[-1]
    assert ending(last) == 'succeeded'


def test_a_task_that_dies_after_success_moves_but_changes_no_verdict():
    last = looks(service(new(2, state='COMPLETED')), service(new(1, state='COMPLETED')))[-1]
    assert (last.state, last.percent, ending(last)) == ('rolling-out', 50, 'succeeded')


@pytest.mark.parametrize('count', [1, 5])
def test_a_count_that_is_changed_in_ecs_during_the_rollout_is_a_success_with_drift(count: int):
    others = service(new(count, of=count, state='COMPLETED'), desired=count)
    asked = looks(service(new(1), leaving(1)), others)[-1]
    unasked = looks(service(new(0, of=count), leaving(2), desired=count), others)[-1]
    for last in (asked, unasked):
        assert (ending(last), last.percent) == ('succeeded', 100)
        assert last.verdict.reason.endswith('The count was changed in ECS; 2 were wanted.')


def test_a_count_that_ecs_was_not_given_yet_is_waited_for():
    before = service(old(2), desired=2)
    same = replace(old(2), task_definition=NEW)
    carried = replace(before, deployments=(same,), task_definition=NEW)
    last = looks(carried, carried, want=goal(count=4))[-1]
    assert (last.state, last.verdict) == ('queued', None)


def test_a_stall_names_percentages_that_leave_no_room():
    percents = {'maximumPercent': 150, 'minimumHealthyPercent': 100}
    stuck = service(new(0, of=1), leaving(1), desired=1, description={'deploymentConfiguration': percents})
    last = looks(*[stuck] * 20, every=60, want=goal(count=1))[-1]
    assert (ending(last), last.verdict.reason.endswith(NO_ROOM)) == ('stalled', True)
