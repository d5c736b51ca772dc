"""One cluster as it is known: what revisions and looks at ECS make of it, and how the API shows that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.reconcile.observed import TaskDefinition
from stack.reconcile.tasks import run_mark
from stack.rollouts import cluster_state
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service, Task, service, task
from stack.rollouts.observation import Observation
from stack.rollouts.rollout import Verdict, end
from stack.stackfile.restarts import LABEL
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)


def revision(name: str, announce: str | None = 'deploy', at: datetime = START, **services: Any) -> Revision:
    body = serialise({'services': [{each: settings} for each, settings in services.items()]})
    change = Change(Origin('kim', 'test'), at, {'verb': 'replace'}, announce)
    return Revision('prod', '"e"', name, body, at, encode('w', [change]))


WEB = {'image': 'web:1', 'desired_count': 2}


def state(*revisions: Revision, now: datetime = START) -> ClusterState:
    first, *later = revisions or (revision('r1', web=WEB),)
    made = ClusterState(first, now)
    for each in later:
        made.take_revision(each, now)
    return made


def definition(made: ClusterState, name: str = 'web') -> TaskDefinition:
    return TaskDefinition(f'arn:td/{name}:1', f'prod-{name}', dict(made.wanted[name].definition))


def running(name: str = 'web', running: int = 2, status: str = 'ACTIVE', **changes: Any) -> Service:
    deployment = {
        'id': f'ecs-svc/{name}',
        'status': 'PRIMARY',
        'taskDefinition': f'arn:td/{name}:1',
        'desiredCount': 2,
        'runningCount': running,
        'createdAt': START + timedelta(minutes=1),
        'rolloutState': 'COMPLETED' if running == 2 else 'IN_PROGRESS',
    }
    head = {
        'serviceName': name,
        'serviceArn': f'arn:service/{name}',
        'status': status,
        'taskDefinition': f'arn:td/{name}:1',
        'deployments': [deployment],
    }
    return service(head | {'desiredCount': 2, 'runningCount': running, 'launchType': 'EC2'} | changes)


def look(made: ClusterState, *seen: Service, minutes: float = 2, **more: Any) -> set[str]:
    found = {each.name: each for each in seen} or dict.fromkeys(made.names())
    definitions = {each.arn: each for each in (definition(made, name) for name in made.wanted)}
    return made.look(Observation(START + timedelta(minutes=minutes), found, definitions, **more))


def test_a_service_on_its_way():
    made = state()
    assert made.moving_services() == {'web'}
    assert look(made, running(running=1)) == {'web'}
    assert (made.rollouts['web'].state, made.ecs.running_image('web')) == ('rolling-out', 'web:1')
    assert look(made, running(running=1), minutes=3) == set(), 'nothing has moved'
    look(made, running(), minutes=4)
    assert (made.rollouts['web'].verdict.ending, made.moving()) == ('succeeded', False)
    assert made.of_revision('r1')['web'] is made.rollouts['web']
    assert made.of_revision('unknown') is None


def test_a_service_whose_definition_is_not_known_yet_is_not_judged():
    made = state()
    seen = running(taskDefinition='arn:td/other:1', deployments=[])
    made.look(Observation(START + timedelta(minutes=2), {'web': seen}))
    assert made.rollouts['web'].open


@pytest.mark.parametrize('gone', [None, running(status='INACTIVE')])
def test_a_service_that_was_deleted_in_ecs(gone: Service | None):
    made = state()
    look(made, running(running=1))
    made.look(Observation(START + timedelta(minutes=3), {'web': gone}))
    assert (made.rollouts['web'].verdict.ending, made.ecs.services) == ('aborted', {})


def test_drift_counts_only_while_nothing_rolls_out():
    made = state()
    look(made, running(running=1, desiredCount=5))
    assert made.drifted() == []
    look(made, running(), minutes=3)
    look(made, running(desiredCount=5), minutes=4)
    assert [(change.path, change.before, change.after) for change in made.drift('web').changes] == [
        ('desired_count', 5, 2)
    ]


def test_nobodys_services_are_unmanaged_but_not_those_on_their_way_out():
    made = state(revision('r1', web=WEB), revision('r2', announce='deploy', api=WEB))
    look(made, running('web'), running('api'))
    assert (made.unmanaged(), made.names()) == (['web'], ['api', 'web'])
    change = Change(Origin('kim', 'test'), START, {'verb': 'remove', 'service': 'web'}, 'destroy')
    body = serialise({'services': [{'api': WEB}]})
    made.take_revision(Revision('prod', '"e"', 'r3', body, START, encode('w', [change])), START)
    assert (made.unmanaged(), made.names()) == ([], ['api', 'web'])
    made.look(Observation(START + timedelta(minutes=5), {'web': None}))
    assert (made.rollouts['web'].state, made.names()) == ('removed', ['api'])


def test_a_freeze_stops_the_clock_of_what_waits():
    made = state()
    made.frozen = {'by': 'kim'}
    for minutes in range(1, 40):
        made.look(Observation(START + timedelta(minutes=minutes), {'web': None}))
    assert made.rollouts['web'].verdict is None
    made.frozen = None
    for minutes in range(40, 80):
        made.look(Observation(START + timedelta(minutes=minutes), {'web': None}))
    assert made.rollouts['web'].verdict.ending == 'stalled'


def test_a_look_that_shows_more_than_was_asked_for_is_a_surprise():
    made = state()
    look(made, running())
    newer = running(
        deployments=[{**running().description['deployments'][0], 'id': 'new', 'taskDefinition': 'arn:td/x'}]
    )
    at = START + timedelta(minutes=3)
    assert made.surprised_by(Observation(at, {'web': newer}))
    assert made.surprised_by(Observation(at, {'web': running(desiredCount=7)}))
    assert not made.surprised_by(Observation(at, {'web': running(), 'other': running('other')}))


JOB = {'image': 'job:1', 'type': 'task'}


def ran(made: ClusterState, status: str, code: int | None = None, **more: Any) -> tuple[Task, ...]:
    mark = run_mark(made.rollouts['job'].goal.revision)
    over = {'stopCode': 'EssentialContainerExited'} if status == 'STOPPED' else {}
    container = {'name': 'job', **({'exitCode': code} if code is not None else {})}
    head = {'taskArn': 'arn:task/1', 'taskDefinitionArn': 'arn:td/job:1', 'startedBy': mark, 'lastStatus': status}
    return (task(head | {'containers': [container]} | over | more),)


def test_a_task_runs_again_for_each_revision_that_is_announced():
    made = state(revision('r1', job=JOB))
    look(made, runs={'job': ran(made, 'STOPPED', 0)})
    assert (made.rollouts['job'].verdict.ending, made.ecs.stopped['job']) == ('succeeded', ())
    made.take_revision(revision('r2', announce=None, job=JOB), START)
    assert made.rollouts['job'].goal.revision == 'r1'
    made.take_revision(revision('r3', job=JOB), START)
    assert (made.rollouts['job'].goal.revision, made.rollouts['job'].state) == ('r3', 'queued')
    look(made, runs={'job': ran(made, 'STOPPED', 3)})
    assert (made.rollouts['job'].verdict.ending, len(made.ecs.stopped['job'])) == ('aborted', 1)


def test_what_ran_before_ecs_forgot_is_not_waited_for():
    made = state(revision('r1', job=JOB), now=START + timedelta(hours=2))
    assert made.rollouts == {}
    assert made.announce(START + timedelta(hours=2)) == {'job'}


def test_a_cluster_that_is_managed_no_more():
    made = state(revision('r1', web=WEB, api=WEB))
    look(made, running())
    assert made.remove(START) == {'api'}
    assert made.rollouts['api'].verdict.ending == 'aborted'


@pytest.mark.parametrize(
    ('then', 'succeeds'),
    [
        ({'image': 'web:1', 'desired_count': 2}, False),
        ({'image': 'web:1', 'desired_count': 2, 'environment': {'OLD': 'x'}, 'memory': 1024}, True),
    ],
    ids=['something taken out', 'nothing different'],
)
def test_what_a_revision_takes_out_must_be_gone_whoever_registered_it(then: Any, succeeds: bool):
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2, 'environment': {'OLD': 'x'}}))
    before = definition(made)
    made.take_revision(revision('r2', at=START + timedelta(minutes=3), web=then), START + timedelta(minutes=3))
    made.look(Observation(START + timedelta(minutes=4), {'web': running()}, {before.arn: before}))
    verdict = made.rollouts['web'].verdict
    assert (verdict is not None and verdict.ending == 'succeeded') is succeeds


def test_of_two_looks_that_overlap_the_one_that_began_later_counts():
    made = state()
    look(made, running(running=1), order=2)
    assert look(made, running(running=0), minutes=3, order=1) == set()
    assert (made.ecs.services['web'].running, made.observed_at) == (1, START + timedelta(minutes=3))
    look(made, running(), minutes=4, order=3)
    assert made.rollouts['web'].verdict.ending == 'succeeded'


def test_a_look_that_began_before_a_revision_was_known_is_no_answer_to_it():
    made = state()
    look(made, running(running=1), goals={'web': 'r1'})
    made.take_revision(revision('r2', web={**WEB, 'desired_count': 1}), START + timedelta(minutes=3))
    found = running(running=1, desiredCount=1)
    look(made, found, minutes=4, goals={'web': 'r1'})
    assert (made.rollouts['web'].state, made.ecs.services['web']) == ('queued', found)


def test_stopped_tasks_are_known_whichever_look_shows_them():
    made = state()
    tasks = [task({'taskArn': f'arn:task/t{n}', 'stoppedAt': START + timedelta(minutes=n)}) for n in range(3)]
    look(made, running(), order=2, stopped={'web': (tasks[2], tasks[0])})
    look(made, running(), order=1, stopped={'web': (tasks[1],)})
    assert [each.arn for each in made.ecs.stopped['web']] == ['arn:task/t2', 'arn:task/t1', 'arn:task/t0']


def test_nothing_is_kept_of_services_that_are_gone():
    made = state()
    for number in range(3):
        name, at = f'preview-{number}', START + timedelta(minutes=10 * number)
        stopped = (task({'taskArn': f'arn:task/{name}', 'stoppedAt': at}),)
        made.take_revision(revision(f'{name}-in', at=at, web=WEB, **{name: WEB}), at)
        look(made, running(), running(name), minutes=10 * number + 1, stopped={name: stopped})
        assert name in made.ecs.stopped
        made.take_revision(revision(f'{name}-out', at=at, web=WEB), at)
        gone = {'web': running(), name: None}
        made.look(Observation(at + timedelta(minutes=2), gone, {}))
        assert name in made.ecs.stopped, 'shown until the next look'
    look(made, running(), minutes=40, stopped={'preview-0': stopped})
    look(made, running(), minutes=41)
    assert made.ecs.stopped.keys() | made.ecs.targets.keys() | made.ecs.images_before.keys() <= {'web'}


def test_what_autoscales_is_learned_while_a_service_is_removed():
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace', 'destroyed': ['web']}, 'deploy')
    body = serialise({'services': [{'api': WEB}]})
    made = state(revision('r1', web=WEB, api=WEB), Revision('prod', '"e"', 'r2', body, START, encode('w', [change])))
    look(made, running(running=1), running('api'), autoscaled=frozenset({'api'}))
    assert (made.rollouts['web'].goal.kind, made.rollouts['api'].goal.count) == ('removal', None)


def test_records_of_others_are_awaited_as_long_as_a_rollout_has_not_begun():
    made = state(revision('r1', web=WEB), revision('r2', announce=None, web={**WEB, 'image': 'web:2'}))
    assert made.awaits_records() == made.book.waits_for_word() is True
    made.announce(START + timedelta(minutes=1))
    assert made.awaits_records() == made.book.waits_for_word() is False
    made.take_revision(revision('r3', announce=None, web={**WEB, 'image': 'web:3'}), START + timedelta(minutes=2))
    assert made.awaits_records()


def test_a_task_definition_that_is_exactly_the_wanted_one_is_kept_once():
    made = state()
    look(made, running())
    arn = 'arn:td/web:1'
    assert made.ecs.definitions[arn].body is made.wanted['web'].definition
    assert made.ecs.running_image('web') == 'web:1'


def test_a_task_definition_with_a_later_restart_is_kept_as_it_is():
    """A newer revision may want that restart: the task definition carries it then."""
    made = state()
    restarted = definition(made)
    container = {**restarted.body['containerDefinitions'][0], 'dockerLabels': {LABEL: '2030-01-01T00:00:00Z'}}
    restarted = replace(restarted, body={**restarted.body, 'containerDefinitions': [container]})
    seen = running()
    made.look(Observation(START, {'web': seen}, {restarted.arn: restarted}))
    assert made.ecs.definitions[restarted.arn] == restarted


def test_what_was_prepared_counts_only_where_it_follows_the_current_revision():
    r1, r2 = revision('r1', web={**WEB, 'environment': {'OLD': 'x'}}), revision('r2', web=WEB)
    made, other = state(r1), state(r1)
    prepared = made.prepare(r2)
    made.take_revision(r2, START, prepared)
    other.take_revision(r2, START)
    assert (made.wanted, made.dropped('web')) == (other.wanted, other.dropped('web'))
    assert made.wanted['web'] is prepared.rendered.services['web']
    assert made.dropped('web') == {'environment'}
    made.take_revision(revision('r3', api=WEB), START, prepared)
    assert made.wanted.keys() == {'api'}


def test_a_service_is_compared_once_its_drift_may_be_shown(monkeypatch: pytest.MonkeyPatch):
    made = state(revision('r1', web=WEB, api=WEB, old=WEB))
    look(made, running('web'), running('api'), running('old'))
    look(made, running('api', desiredCount=5), minutes=3)
    compared = []
    drift = cluster_state.service_drift
    monkeypatch.setattr(
        cluster_state, 'service_drift', lambda wanted, *rest: compared.append(wanted.service) or drift(wanted, *rest)
    )
    made.take_revision(revision('r2', web=WEB | {'desired_count': 3}, api=WEB), START)
    assert [row.service for row in made.drifted()] == ['api']
    assert compared == [], 'the rollout is shown instead'
    made.rollouts['web'] = end(made.rollouts['web'], Verdict('aborted', 'Stopped.', START))
    for _ in range(2):
        assert [row.service for row in made.drifted()] == ['web', 'api']
        assert compared == ['web'], 'what a revision leaves as it was is not compared again'
    made.take_revision(revision('r3', web=WEB, api=WEB | {'desired_count': 5}), START)
    made.rollouts.clear()
    assert made.drifted() == []
    assert sorted(compared) == ['api', 'web', 'web']
