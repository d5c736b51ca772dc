"""How rollouts end that a newer revision overtook: what ECS shows, what other replicas recorded, and time."""

from datetime import timedelta
from typing import Any

import pytest

from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service, service
from stack.rollouts.observation import Observation
from stack.rollouts.overtaken import DECIDED_AFTER
from stack.rollouts.rollout import Rollout, Verdict, end
from tests.unit.stack.rollouts.test_cluster_state import START, WEB, definition, revision, state

NEW = {**WEB, 'image': 'web:2'}
LATER = START + timedelta(minutes=3)


def deployment(number: int, status: str = 'PRIMARY', rollout: str = 'COMPLETED', running: int = 2) -> dict[str, Any]:
    return {
        'id': f'ecs-svc/{number}',
        'status': status,
        'taskDefinition': f'arn:td/web:{number}',
        'desiredCount': 2,
        'runningCount': running,
        'createdAt': START + timedelta(minutes=number),
        'rolloutState': rollout,
    }


def web(*deployments: dict[str, Any]) -> Service:
    head = {'serviceName': 'web', 'serviceArn': 'arn:service/web', 'status': 'ACTIVE', 'launchType': 'EC2'}
    running = sum(each['runningCount'] for each in deployments)
    found = {'taskDefinition': deployments[0]['taskDefinition'], 'deployments': list(deployments)}
    return service(head | found | {'desiredCount': 2, 'runningCount': running})


class Scene:
    """A service that r1 rolls out, in deployment 1, when r2 overtakes it, which deployment 2 is to bring."""

    def __init__(self) -> None:
        self.made = state()
        self.definitions = {'arn:td/web:1': self.definition(1)}
        self.look(web(deployment(1, rollout='IN_PROGRESS', running=1)), minutes=2)
        self.made.take_revision(revision('r2', web=NEW), LATER)
        self.definitions['arn:td/web:2'] = self.definition(2)

    def definition(self, number: int) -> TaskDefinition:
        return TaskDefinition(f'arn:td/web:{number}', 'prod-web', dict(definition(self.made).body))

    def look(self, seen: Service | None, minutes: float = 4, **more: Any) -> None:
        self.made.look(Observation(START + timedelta(minutes=minutes), {'web': seen}, self.definitions, **more))

    def ending(self, after: timedelta = timedelta(seconds=1)) -> str | None:
        self.made.book.decide(LATER + after)
        verdict = self.made.of_revision('r1')['web'].verdict
        return verdict and verdict.ending

    def record(self, former: Rollout | None = None) -> None:
        self.made.book.remember({'r1': {'web': former}} if former else {}, LATER)


def ended(made: ClusterState, ending: str, seconds: float = 0) -> Rollout:
    verdict = Verdict(ending, 'By another replica.', LATER + timedelta(seconds=seconds))
    return end(made.former['r1']['web'], verdict)


def test_it_is_open_until_more_is_known():
    scene = Scene()
    assert scene.ending() is None
    assert scene.made.rollouts['web'].goal.revision == 'r2'
    assert scene.ending(DECIDED_AFTER) == 'superseded'
    verdict = scene.made.former['r1']['web'].verdict
    assert (verdict.by, verdict.at) == ('r2', LATER)


def test_it_has_succeeded_where_it_ends_before_another_deployment_comes():
    scene = Scene()
    scene.look(web(deployment(1, rollout='IN_PROGRESS', running=1)))
    scene.record()
    assert scene.ending() is None, 'its deployment still has its turn'
    scene.look(web(deployment(1)), minutes=5)
    assert scene.ending() == 'succeeded'


@pytest.mark.parametrize(('rollout', 'ending'), [('COMPLETED', 'succeeded'), ('IN_PROGRESS', 'superseded')])
def test_what_ecs_shows_of_a_deployment_that_was_replaced(rollout: str, ending: str):
    scene = Scene()
    scene.look(web(deployment(2, rollout='IN_PROGRESS', running=0), deployment(1, 'ACTIVE', rollout)))
    assert scene.ending() == ('succeeded' if ending == 'succeeded' else None), 'others may have seen its end'
    scene.record()
    assert scene.ending() == ending


def test_nothing_of_it_ever_began():
    scene = Scene()
    scene.made.take_revision(revision('r3', web={**WEB, 'image': 'web:3'}), LATER)
    scene.look(web(deployment(1)))
    scene.record()
    scene.made.book.decide(LATER)
    assert {id: scene.made.of_revision(id)['web'].verdict.ending for id in ('r1', 'r2')} == {
        'r1': 'succeeded',
        'r2': 'superseded',
    }


def test_what_another_replica_saw_counts():
    scene = Scene()
    scene.record(ended(scene.made, 'rolled-back'))
    assert scene.ending() == 'rolled-back'


def test_what_another_replica_has_not_seen_does_not():
    scene = Scene()
    scene.record(ended(scene.made, 'superseded'))
    assert scene.ending() is None
    scene.look(web(deployment(1)))
    assert scene.ending() == 'succeeded'


def test_a_verdict_beats_superseded_and_the_older_one_the_newer():
    scene = Scene()
    scene.ending(DECIDED_AFTER)
    own = scene.made.former['r1']['web']
    for ending, seconds in (('succeeded', 2), ('rolled-back', 1), ('aborted', 3), ('superseded', 0)):
        scene.record(end(own, Verdict(ending, '', LATER + timedelta(seconds=seconds))))
    assert scene.ending() == 'rolled-back'


def test_a_look_that_began_before_decides_nothing():
    scene = Scene()
    scene.look(web(deployment(1)), goals={'web': 'r1'})
    assert scene.ending() is None


def test_what_is_recorded_of_it_meanwhile():
    scene = Scene()
    [recorded] = scene.made.book.as_recorded()['r1']
    assert (recorded.verdict.ending, recorded.verdict.by) == ('superseded', 'r2')
