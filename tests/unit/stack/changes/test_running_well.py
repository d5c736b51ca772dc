"""Whether a service of a cluster runs well enough to be promoted."""

from dataclasses import replace
from datetime import timedelta

from stack.changes.running_well import hindrance
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Verdict, end
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

WEB = {'image': 'web:1', 'desired_count': 2}


def settled() -> ClusterState:
    made = state(revision('r1', web=WEB))
    look(made, running())
    return made


def test_what_has_arrived_and_runs():
    assert hindrance(settled(), 'web') is None


def test_before_the_first_look_nothing_is_known():
    assert hindrance(state(revision('r1', web=WEB)), 'web') is None


def test_what_rolls_out():
    made = state(revision('r1', web=WEB))
    look(made, running(running=1))
    assert hindrance(made, 'web') == 'it is rolling out (50 %)'


def test_what_failed():
    made = settled()
    going = made.rollouts['web']
    made.rollouts['web'] = end(replace(going, verdict=None), Verdict('stalled', 'Nothing has moved.', START))
    assert hindrance(made, 'web') == 'its last rollout failed: Nothing has moved.'


def test_what_runs_in_part():
    made = settled()
    look(made, running(running=1), minutes=3)
    assert hindrance(made, 'web') == '1 of 2 tasks run well'
    look(made, running(), minutes=4, targets={'web': {'unhealthy': 1}})
    assert hindrance(made, 'web') == 'its tasks fail'


def test_what_is_not_deployed_yet():
    made = settled()
    made.take_revision(revision('r2', announce=None, web=WEB | {'image': 'web:2'}), START)
    assert hindrance(made, 'web') == 'it is stored, and not deployed yet'


def test_another_image_than_the_one_that_is_wanted():
    made = settled()
    seen = running()
    other = replace(
        seen,
        task_definition='arn:td/web:9',
        deployments=tuple(
            replace(each, task_definition='arn:td/web:9', created_at=START - timedelta(days=1))
            for each in seen.deployments
        ),
    )
    definition = replace(made.ecs.definitions['arn:td/web:1'], arn='arn:td/web:9')
    body = {**definition.body, 'containerDefinitions': [{**definition.body['containerDefinitions'][0], 'image': 'x:9'}]}
    made.ecs.definitions['arn:td/web:9'] = replace(definition, body=body)
    look(made, other, minutes=3)
    assert hindrance(made, 'web') == 'it runs another image than its stackfile names'
