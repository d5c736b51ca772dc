"""The past of a service that was created at once, and the facts that metrics are derived from."""

import math

from stack.sandbox.ecs.past import PastDeployment
from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, REGION, Fleet

DAY = 86_400


def facts(fleet: Fleet):
    (service,) = fleet.ecs.services(REGION, ACCOUNT)
    return service


def rewritten(fleet: Fleet) -> float:
    """A steady service with three deployments in its past, the second of which failed; the time now."""
    fleet.machines(2)
    fleet.define()
    fleet.steady(count=2)
    now = fleet.clock.now()
    ages = [(9, False), (5, True), (2, False)]
    past = [PastDeployment(now - days * DAY, now - days * DAY + 60, failed) for days, failed in ages]
    fleet.ecs.rewrite_past(REGION, ACCOUNT, {('prod', 'web'): past})
    return now


def test_the_service_runs_since_its_last_deployment(fleet: Fleet):
    now = rewritten(fleet)
    (deployment,) = fleet.service()['deployments']
    assert deployment['createdAt'].timestamp() == now - 2 * DAY
    for task in fleet.tasks():
        assert 0 < task['startedAt'].timestamp() - (now - 2 * DAY) < 300
    fleet.wait()
    assert (fleet.service()['runningCount'], len(fleet.service()['deployments'])) == (2, 1)


def test_former_deployments_are_listed(fleet: Fleet):
    rewritten(fleet)
    listed = fleet.aws.list_service_deployments(cluster='prod', service='web')['serviceDeployments']
    assert [each['status'] for each in listed] == ['SUCCESSFUL', 'ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']


def test_facts_have_rollouts_and_tasks(fleet: Fleet):
    now = rewritten(fleet)
    service = facts(fleet)
    assert [(rollout.span.start, rollout.failed) for rollout in service.rollouts] == [
        (now - 9 * DAY, False),
        (now - 5 * DAY, True),
        (now - 2 * DAY, False),
    ]
    assert (service.key, service.desired, {task.span.end for task in service.tasks}) == ('prod/web', 2, {math.inf})


def test_facts_have_the_end_of_a_stopped_task(fleet: Fleet):
    rewritten(fleet)
    fleet.update(desiredCount=1)
    fleet.wait(60)
    ends = sorted(task.span.end for task in facts(fleet).tasks)
    assert ends[0] <= fleet.clock.now()
    assert ends[1] == math.inf
