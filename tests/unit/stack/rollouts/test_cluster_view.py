"""A cluster's state as it is shown."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.reconcile.observed import TaskDefinition
from stack.rollouts import cluster_view
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task, service, task
from stack.rollouts.observation import Observation
from stack.rollouts.pass_outcome import PassOutcome, Refusal
from tests.unit.stack.rollouts.test_cluster_state import START, definition, look, revision, running, state

WEB = {'image': 'registry:5000/web:1', 'desired_count': 2}


def of(made: ClusterState, name: str = 'web') -> tuple[str, str]:
    return cluster_view.service_sync(made, name), cluster_view.service_health(made, name)


def stopped(reason: str, code: str = 'EssentialContainerExited', **changes: Any) -> Task:
    containers = [{'name': 'web', 'exitCode': changes.pop('exit_code', 1), 'reason': ''}]
    sent = {'taskArn': 'arn:task/t1', 'stoppedReason': reason, 'stopCode': code, 'containers': containers}
    return task(sent | changes)


def settled(**seen: Any) -> ClusterState:
    """A service that has arrived, and what became of it afterwards."""
    made = state(revision('r1', web=WEB))
    look(made, running())
    look(made, running(**seen), minutes=3)
    return made


def test_what_nobody_has_looked_at_is_not_known():
    made = state()
    made.rollouts.clear()
    assert of(made) == ('unknown', 'unknown')
    row = cluster_view.service_row(made, 'web')
    assert (row['deployed'], row['state'], row['events'], row['stop_reasons'], row['trouble']) == (
        None,
        None,
        [],
        [],
        None,
    )


@pytest.mark.parametrize(
    ('running_tasks', 'shown'),
    [(2, ('in-sync', 'healthy')), (1, ('in-sync', 'degraded')), (0, ('in-sync', 'failing'))],
)
def test_what_is_as_wanted_may_still_not_run(running_tasks: int, shown: tuple[str, str]):
    assert of(settled(running=running_tasks)) == shown


@pytest.mark.parametrize(
    ('new', 'old', 'runs'), [(0, 2, 'registry:5000/web:1'), (1, 1, 'web:2'), (0, 0, 'web:2'), (2, 0, 'web:2')]
)
def test_what_is_deployed_is_what_runs_and_not_what_cannot_start(new: int, old: int, runs: str):
    made = state(revision('r1', web=WEB))
    look(made, running())
    made.take_revision(revision('r2', web=WEB | {'image': 'web:2'}), START)
    body = dict(made.wanted['web'].definition)
    arns = {'PRIMARY': 'arn:td/web:2', 'ACTIVE': 'arn:td/web:1'}
    counts = {'PRIMARY': new, 'ACTIVE': old}
    deployments = [
        {'id': status, 'status': status, 'taskDefinition': arn, 'runningCount': counts[status], 'createdAt': START}
        for status, arn in arns.items()
    ]
    seen = running(running=new + old, taskDefinition='arn:td/web:2', deployments=deployments)
    newer = TaskDefinition('arn:td/web:2', 'prod-web', body)
    made.look(Observation(START + timedelta(minutes=3), {'web': seen}, {newer.arn: newer}))
    assert cluster_view.service_row(made, 'web')['deployed']['image'] == runs


def test_none_wanted_and_none_running_is_not_a_failure():
    made = state(revision('r1', web=WEB | {'desired_count': 0}))
    look(made, running(running=0, desiredCount=0))
    assert of(made)[1] == 'stopped'


def test_targets_that_are_unhealthy_count_as_well():
    made = settled()
    look(made, running(), minutes=4, targets={'web': {'healthy': 1, 'unhealthy': 1}})
    assert of(made)[1] == 'degraded'
    assert cluster_view.service_row(made, 'web')['targets'] == {'healthy': 1, 'unhealthy': 1}


def test_another_count_than_the_wanted_one_is_drift():
    made = settled(desiredCount=5)
    assert of(made)[0] == 'drifted'
    (change,) = cluster_view.service_row(made, 'web')['drift']
    assert (change['path'], change['before'], change['after']) == ('desired_count', 5, 2)
    assert cluster_view.summary(made)['drifted'] == ['web']


def test_a_service_that_nobody_wants_shows_as_unmanaged():
    made = settled()
    look(made, running(), running('by-hand'), minutes=4)
    row = cluster_view.service_row(made, 'by-hand')
    assert (row['managed'], row['sync'], row['state'], row['trouble']) == (False, 'unmanaged', 'steady', None)
    assert 'desired_count' not in row
    assert cluster_view.summary(made)['unmanaged'] == ['by-hand']


def test_the_cluster_is_as_well_as_its_worst_service():
    made = state(revision('r1', api=WEB, web=WEB))
    definitions = {each.arn: each for each in (definition(made, name) for name in made.wanted)}
    for minutes, api in ((2, 2), (3, 0)):
        seen = {'api': running('api', api), 'web': running()}
        made.look(Observation(START + timedelta(minutes=minutes), seen, definitions))
    shown = cluster_view.summary(made)
    assert (shown['health'], shown['sync']) == ('failing', 'in-sync')


def test_a_service_that_has_gone_says_so():
    made = state()
    made.wanted.clear()
    assert cluster_view.service_row(made, 'web')['gone'] is True


def test_the_trouble_is_in_a_class_and_two_sentences():
    made = state(revision('r1', web=WEB))
    look(made, running(running=0), stopped={'web': (stopped('OutOfMemoryError: container killed'),)})
    assert cluster_view.trouble(made, 'web')['kind'] == 'out-of-memory'


def test_what_ecs_replaces_is_no_trouble():
    made = state(revision('r1', web=WEB))
    replaced = stopped('Scaling activity initiated by (deployment x)', 'ServiceSchedulerInitiated')
    look(made, running(running=1), stopped={'web': (replaced,)})
    assert cluster_view.trouble(made, 'web') is None


@pytest.mark.parametrize(('minutes', 'kind'), [(1, 'no-capacity'), (-60, None)])
def test_events_show_trouble_since_the_rollout_began(minutes: float, kind: str | None):
    made = state(revision('r1', web=WEB))
    event = {'id': '1', 'createdAt': START + timedelta(minutes=minutes), 'message': 'was unable to place a task.'}
    look(made, running(running=0, events=[event]))
    found = cluster_view.trouble(made, 'web')
    assert (found and found['kind']) == kind


def test_a_stop_has_the_exit_code_that_tells_something():
    both = {'containers': [{'name': 'proxy', 'exitCode': 0}, {'name': 'web', 'exitCode': 3, 'reason': 'Oh no'}]}
    shown = cluster_view.stop_json(stopped('Essential container in task exited', **both))
    assert (shown['exit_code'], shown['reason']) == (3, 'Essential container in task exited: Oh no')
    assert cluster_view.stop_json(stopped('x', containers=[]))['exit_code'] is None


@pytest.mark.parametrize(
    ('image', 'tag'),
    [
        ('registry:5000/web:1', '1'),
        ('registry:5000/web', None),
        ('web@sha256:' + 'a' * 64, None),
        (None, None),
        (7, None),
    ],
)
def test_the_tag_of_what_may_be_an_image(image: Any, tag: str | None):
    assert cluster_view.tag(image) == tag


class TestWhatTheLastPassWasRefused:
    REFUSAL = Refusal('route53:ChangeResourceRecordSets', 'AccessDenied', 'no', START, 2)

    def outcome(self, **changes: Any) -> PassOutcome:
        refused = {'refused': {'web': self.REFUSAL}, 'unfinished': frozenset({'web'})}
        return replace(PassOutcome(1, 'r1', START, START), **refused | changes)

    def test_it_is_the_trouble_of_a_service_that_otherwise_runs(self):
        made = state(revision('r1', web=WEB))
        look(made, running(), outcome=self.outcome())
        row = cluster_view.service_row(made, 'web')
        assert (row['state'], row['verdict'], row['sync'], row['health']) == (
            'rolling-out',
            None,
            'rolling-out',
            'healthy',
        )
        assert [row['trouble'][key] for key in ('kind', 'code', 'tries')] == ['refused', 'AccessDenied', 2]

    def test_given_up_it_ends_the_rollout(self):
        made = state(revision('r1', web=WEB))
        look(made, running(), outcome=self.outcome(ended=True, given_up=True))
        row = cluster_view.service_row(made, 'web')
        assert (row['verdict']['ending'], row['sync']) == ('aborted', 'drifted')

    def test_what_a_later_pass_could_not_restore_is_not_in_sync(self):
        made = state(revision('r1', web=WEB))
        look(made, running())
        assert of(made) == ('in-sync', 'healthy')
        assert look(made, running(), outcome=self.outcome()) == {'web'}, 'subscribers are notified'
        assert of(made) == ('drifted', 'healthy')
        assert cluster_view.summary(made)['drifted'] == ['web']

    def test_an_older_outcome_that_is_read_later_is_ignored(self):
        made = state(revision('r1', web=WEB))
        look(made, running(), outcome=PassOutcome(2, 'r1', START, START + timedelta(seconds=9)))
        look(made, running(), outcome=self.outcome())
        assert of(made) == ('in-sync', 'healthy')

    def test_a_new_revision_begins_without_it(self):
        made = state(revision('r1', web=WEB))
        look(made, running(), outcome=self.outcome())
        later = START + timedelta(minutes=9)
        made.take_revision(revision('r2', at=later, web=WEB | {'image': 'web:2'}), later)
        assert cluster_view.service_row(made, 'web')['trouble'] is None


class TestOnlyStopsOfTheCurrentDeploymentCount:
    """A failing version that was rolled away from does not make the good one look bad."""

    def test_those_of_the_deployment_that_fails(self):
        made = state(revision('r1', web=WEB))
        own = {'startedBy': 'ecs-svc/web', 'createdAt': START + timedelta(seconds=90)}
        look(made, running(running=1), stopped={'web': (stopped('x', **own),)})
        row = cluster_view.service_row(made, 'web')
        assert (row['trouble']['kind'], len(row['stop_reasons'])) == ('application-exit', 1)

    def test_those_of_the_one_before_it_are_nobodys_trouble(self):
        made = state(revision('r1', web=WEB))
        bad = {'startedBy': 'ecs-svc/bad', 'createdAt': START + timedelta(seconds=90)}
        look(made, running(), stopped={'web': (stopped('x', **bad),)})
        row = cluster_view.service_row(made, 'web')
        assert (row['trouble'], row['stop_reasons']) == (None, [])

    def test_nor_those_of_what_runs_before_the_new_deployment_has_begun(self):
        made = state(revision('r1', web=WEB))
        look(made, running(running=1))
        made.take_revision(revision('r2', at=START + timedelta(minutes=5), web=WEB | {'image': 'web:2'}), START)
        old = {'startedBy': 'ecs-svc/web', 'createdAt': START + timedelta(minutes=6)}
        # A task definition does not change: that of the new revision is not known yet.
        seen = {'web': running(running=1)}
        made.look(Observation(START + timedelta(minutes=7), seen, stopped={'web': (stopped('x', **old),)}))
        assert cluster_view.trouble(made, 'web') is None


def test_a_port_that_is_busy_while_the_old_task_drains_is_no_failure_yet():
    made = state(revision('r1', web=WEB))
    busy = {
        'id': '1',
        'createdAt': START + timedelta(minutes=1),
        'message': '(service web) was unable to place a task because no container instance met all of its '
        'requirements. The closest matching (container-instance 1) is already using a port required by your task.',
    }
    old = {'id': 'ecs-svc/old', 'status': 'ACTIVE', 'taskDefinition': 'arn:td/web:1', 'runningCount': 1}
    seen = running(running=0, events=[busy])
    (drains,) = service({'serviceName': 'web', 'deployments': [old]}).deployments
    look(made, replace(seen, deployments=(*seen.deployments, drains)))
    assert cluster_view.trouble(made, 'web') is None
    look(made, seen, minutes=3)
    assert cluster_view.trouble(made, 'web')['kind'] == 'port-in-use'


class TestScaled:
    """A service that an autoscaler scales between two and nine tasks."""

    @staticmethod
    def scaled(**seen: Any) -> ClusterState:
        made = state(revision('r1', web={**WEB, 'autoscaling': {'min': 2, 'max': 9, 'cpu': 50, 'suspended': ['in']}}))
        look(made, running())
        look(made, running(**seen), minutes=3)
        return made

    def test_its_row_has_the_limits(self):
        row = cluster_view.service_row(self.scaled(), 'web')
        assert row['autoscaling'] == {'min': 2, 'max': 9, 'suspended': ['in']}
        assert 'autoscaling' not in cluster_view.service_row(settled(), 'web')

    def test_another_count_is_no_drift(self):
        made = self.scaled(desiredCount=5, running=5)
        assert made.drift('web') is None
        assert of(made)[1] == 'healthy'

    @pytest.mark.parametrize(
        ('counts', 'health'),
        [
            ({'desiredCount': 5, 'running': 3, 'pendingCount': 2}, 'healthy'),
            ({'desiredCount': 5, 'running': 3, 'pendingCount': 0}, 'degraded'),
            ({'desiredCount': 5, 'running': 1, 'pendingCount': 4}, 'degraded'),
        ],
    )
    def test_tasks_that_were_added_and_start_are_not_missing(self, counts: dict[str, int], health: str):
        assert of(self.scaled(**counts))[1] == health
