"""What ends or restarts a rollout from outside ECS."""

from dataclasses import replace
from datetime import timedelta

from stack.rollouts.rollout import abandoned, announced_again, superseded
from stack.rollouts.service_rollout import follow
from tests.ecs_looks import BACK, FAILED, NEW, OLD, at, deployment, ending, goal, leaving, looks, new, old, service


def test_superseded_by_a_revision():
    under_way = looks(service(new(1), leaving(1)))[-1]
    over = superseded(under_way, 'r3', at(20))
    assert (ending(over), over.verdict.by, over.verdict.failed) == ('superseded', 'r3', False)


def test_what_has_ended_is_not_superseded():
    done = looks(service(new(2, state='COMPLETED')))[-1]
    assert superseded(done, 'r3', at(20)) is done
    assert abandoned(done, 'gone', at(20)) is done


def test_an_unannounced_rollout_stays_queued():
    last = looks(*[service(old())] * 40, every=60, want=goal(announced_at=None))[-1]
    assert (last.state, last.verdict) == ('queued', None)
    # The announcement starts the clock.
    announced = announced_again(last, last.observed_at)
    looked = [announced]
    for number in range(1, 17):
        looked.append(follow(looked[-1], service(old()), {NEW}, last.observed_at + timedelta(minutes=number)))
    assert [ending(each) for each in looked[-3:]] == [None, 'stalled', 'stalled']


def test_announced_again_while_it_goes_well():
    under_way = looks(service(new(1), leaving(1)))[-1]
    again = announced_again(under_way, at(20))
    assert again == replace(under_way, goal=goal(announced_at=at(20)), idle=0.0)
    assert announced_again(again, at(20)) is again, 'the same announcement from another replica changes nothing'
    arrived = looks(service(new(2, state='COMPLETED')))[-1]
    assert announced_again(arrived, at(20)) is arrived


def test_announced_again_after_a_rollback():
    back = deployment('ecs-svc/3', OLD, 2, 2, created_at=at(30))
    rolled_back = service(back, events=(BACK, FAILED))
    once = looks(service(new(0), leaving(2)), rolled_back)[-1]
    again = announced_again(once, at(32), rolled_back)
    assert (again.state, again.verdict) == ('queued', None)
    waiting = follow(again, rolled_back, {NEW}, at(35))
    assert (waiting.state, waiting.verdict) == ('queued', None), 'the former failure does not count for the new attempt'
    retried = deployment('ecs-svc/4', NEW, 0, 2, rollout_state='IN_PROGRESS', created_at=at(40))
    under_way = follow(waiting, service(retried, replace(back, status='ACTIVE'), events=(BACK, FAILED)), {NEW}, at(45))
    assert (under_way.state, under_way.deployment) == ('rolling-out', 'ecs-svc/4')
    failed_too = (at(60), '(deployment ecs-svc/4) deployment failed: tasks failed to start.')
    last = deployment('ecs-svc/5', OLD, 2, 2, created_at=at(60))
    ended = follow(under_way, service(last, events=(failed_too, BACK, FAILED)), {NEW}, at(65))
    assert ending(ended) == 'rolled-back'


def test_announced_again_after_a_rollback_that_nobody_saw_happen():
    rolled_back = service(deployment('ecs-svc/3', OLD, 2, 2, created_at=at(30)), events=(BACK, FAILED))
    again = announced_again(looks(rolled_back, first=60)[-1], at(70), rolled_back)
    assert follow(again, rolled_back, {NEW}, at(75)).verdict is None


def test_no_longer_managed():
    last = abandoned(looks(service(new(1), leaving(1)))[-1], 'The cluster was deleted.', at(20))
    assert (ending(last), last.state) == ('aborted', 'failed')
