"""The tasks of the version that a rollout brings."""

from dataclasses import replace

from stack.rollouts.ecs_state import Service
from stack.rollouts.new_tasks import new_tasks_json
from tests.unit.stack.rollouts.test_cluster_state import START, look, running, state


def replacing(new: int, old: int) -> Service:
    """A service whose newest deployment runs some tasks, and the one before some others."""
    arn = 'arn:td/web:1'
    deployments = [
        {
            'id': identity,
            'status': status,
            'taskDefinition': arn,
            'desiredCount': 2,
            'runningCount': count,
            'createdAt': START,
            'rolloutState': 'IN_PROGRESS',
        }
        for identity, status, count in (('ecs-svc/web', 'PRIMARY', new), ('ecs-svc/former', 'ACTIVE', old))
    ]
    return running(running=new + old, deployments=deployments)


def test_tasks_of_the_former_version_do_not_count():
    made = state()
    look(made, replacing(new=1, old=2))
    assert made.rollouts['web'].running == 3
    assert new_tasks_json(made, 'web') == {'new_tasks': {'desired': 2, 'running': 1}}


def test_before_the_deployment_begins_there_are_none():
    made = state()
    look(made, replacing(new=1, old=2))
    made.book.now['web'] = replace(made.rollouts['web'], deployment=None)
    assert new_tasks_json(made, 'web') == {'new_tasks': {'desired': 2, 'running': 0}}


def test_a_rollout_that_is_over_has_no_such_member():
    made = state()
    look(made, running())
    assert made.rollouts['web'].verdict.arrived
    assert new_tasks_json(made, 'web') == {}
