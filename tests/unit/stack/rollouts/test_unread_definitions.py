"""Looks whose task definitions are read later: what is known at once, and what only then."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_row, service_sync, summary
from stack.rollouts.current_stops import current_stops
from stack.rollouts.ecs_state import Service, task
from stack.rollouts.observation import Observation
from stack.state.revisions import Change, Origin, encode
from tests.unit.stack.rollouts.test_cluster_state import START, WEB, definition, look, revision, running, state
from tests.unit.stack.rollouts.test_stage_view import native

OLD = {**WEB, 'image': 'web:0'}


def unread_look(made: ClusterState, *seen: Service, minutes: float = 2, order: int = 0) -> set[str]:
    """A look whose task definitions are read later."""
    at = START + timedelta(minutes=minutes)
    return made.look(Observation(at, {each.name: each for each in seen}, order=order))


def define(made: ClusterState, *found: TaskDefinition) -> set[str]:
    looks = made.unread.looks_with({each.arn: each for each in found})
    return set().union(*(made.look(look) for look in looks))


def other(made: ClusterState) -> TaskDefinition:
    """A task definition that brings another image than the wanted one."""
    return replace(definition(made), body=dict(state(revision('r0', web=OLD)).wanted['web'].definition))


def done() -> Any:
    """The rollout of a service that has arrived."""
    made = state()
    look(made, running())
    return made.rollouts['web']


def test_counts_are_known_before_the_task_definition_is_read():
    made = state()
    assert unread_look(made, running()) == {'web'}
    row = service_row(made, 'web')
    assert row['deployed'] == {
        'image': None,
        'image_tag': None,
        'desired': 2,
        'running': 2,
        'pending': 0,
        'failed': 0,
        'status': 'ACTIVE',
    }
    assert (row['running'], row['health'], row['state'], row['sync']) == (2, 'healthy', 'queued', 'rolling-out')
    assert define(made, definition(made)) == {'web'}
    assert made.rollouts['web'].verdict.at == START + timedelta(minutes=2), 'it is judged by that look'
    row = service_row(made, 'web')
    assert (row['deployed']['image'], row['state'], row['sync']) == ('web:1', 'steady', 'in-sync')
    assert not made.unread


def test_neither_drift_nor_sync_is_claimed_before_the_task_definition_is_read():
    restarted = state()
    restarted.take_up({'web': done()})
    unread_look(restarted, running(desiredCount=3, runningCount=3))
    assert (service_sync(restarted, 'web'), restarted.drifted(), summary(restarted)['sync']) == (
        'unknown',
        [],
        'unknown',
    )
    restarted.take_revision(revision('r2', web=WEB, worker=WEB), START)
    assert service_sync(restarted, 'web') == 'unknown'
    define(restarted, other(restarted))
    assert service_sync(restarted, 'web') == 'drifted'


def test_a_task_definition_that_is_gone_leaves_what_else_is_known():
    made = state()
    made.take_up({'web': done()})
    unread_look(made, running())
    assert service_sync(made, 'web') == 'unknown'
    [known] = made.unread.looks_with({'arn:td/web:1': None})
    assert made.look(known) == {'web'}
    assert (service_sync(made, 'web'), len(made.unread)) == ('in-sync', 0)
    assert unread_look(made, running()) == set()


def test_definitions_are_for_the_newest_look_and_only_for_services_that_wait():
    made = state(revision('r1', web=WEB, worker=WEB))
    unread_look(made, running(running=1), running('worker'), order=1)
    unread_look(made, running(), minutes=3, order=2)
    assert made.unread.of('web') == {'arn:td/web:1'}
    [found] = made.unread.looks_with({'arn:td/web:1': definition(made), 'arn:td/other:1': None})
    assert (list(found.services), found.at, found.order) == (['web'], START + timedelta(minutes=3), 2)
    made.look(found)
    assert made.rollouts['web'].verdict.arrived
    assert made.rollouts['worker'].open
    unread_look(made, running('web', status='INACTIVE'), minutes=4, order=3)
    assert made.unread.of('web') == frozenset()


def test_a_definition_that_comes_after_a_newer_revision_is_no_answer_to_it():
    made = state()
    at = START + timedelta(minutes=2)
    made.look(Observation(at, {'web': running()}, goals={'web': 'r1'}))
    found = definition(made)
    made.take_revision(revision('r2', web={**WEB, 'image': 'web:2'}), at)
    define(made, found)
    assert made.rollouts['web'].state == 'queued'
    assert service_row(made, 'web')['deployed']['image'] == 'web:1'


def test_what_ran_before_is_known_once_its_task_definition_is_read():
    made = state()
    old = {'id': 'ecs-svc/old', 'status': 'ACTIVE', 'taskDefinition': 'arn:td/web:0', 'runningCount': 1}
    new = {'id': 'ecs-svc/web', 'status': 'PRIMARY', 'taskDefinition': 'arn:td/web:1', 'runningCount': 1}
    unread_look(made, running(running=1, deployments=[new, old]))
    define(made, replace(other(made), arn='arn:td/web:0'))
    assert made.unread.of('web') == {'arn:td/web:1'}
    define(made, definition(made))
    assert made.ecs.images_before == {'web': 'web:0'}


def test_stopped_tasks_are_classified_once_it_is_known_which_containers_are_essential():
    made = state()
    unread_look(made, running(running=0))
    [ended] = [task({'taskArn': 'arn:task/1', 'taskDefinitionArn': 'arn:td/web:1', 'startedBy': 'ecs-svc/web'})]
    made.look(Observation(START + timedelta(minutes=3), stopped={'web': (ended,)}))
    assert current_stops(made, 'web') == []
    define(made, definition(made))
    assert current_stops(made, 'web') == [ended]


def test_a_first_look_is_a_surprise_once_its_task_definition_is_known():
    first = Observation(START + timedelta(minutes=2), {'web': running()})
    for brings, is_surprise in ((other, True), (definition, False)):
        made = state()
        assert not made.surprised_by(first)
        made.look(first)
        [found] = made.unread.looks_with({'arn:td/web:1': brings(made)})
        assert made.surprised_by(found) == is_surprise


def test_a_deployment_of_which_it_is_not_known_what_it_brings_may_be_that_of_a_later_revision():
    made = state()
    unread_look(made, running())
    made.take_revision(revision('r2', web={**WEB, 'image': 'web:2'}), START)
    assert made.rollouts['web'].foreign == frozenset()
    define(made, definition(made))
    made.take_revision(revision('r3', web={**WEB, 'image': 'web:3'}), START)
    assert made.rollouts['web'].foreign == {'ecs-svc/web'}


def test_a_service_at_rest_with_the_wanted_count_only_waits_for_its_task_definition():
    made = state()
    assert not made.waits_for_definitions('web'), 'ECS was not asked'
    for seen, only_waits in (
        (running(), True),
        (running(running=1), False),
        (running(desiredCount=3, runningCount=3), False),
        (replace(running(), native=native('BAKE_TIME')), False),
    ):
        unread_look(made, seen)
        assert (made.waits_for_definitions('web'), made.moving_services()) == (only_waits, {'web'})
    define(made, other(made))
    assert not made.waits_for_definitions('web')
    assert made.moving_services() == {'web'}


def test_the_end_of_a_service_that_is_removed_waits_for_no_task_definition():
    made = state()
    change = Change(Origin('kim', 'test'), START, {'verb': 'remove', 'service': 'web'}, 'destroy')
    made.take_revision(replace(revision('r2'), metadata=encode('w', [change])), START)
    unread_look(made, running())
    assert made.moving_services() == {'web'}
    assert not made.waits_for_definitions('web')
