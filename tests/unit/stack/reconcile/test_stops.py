"""Stops in plans: ECS ends the deployment, and nothing else is planned for its service meanwhile."""

import pytest

from stack.reconcile.draft import Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.stop_order import Mode, Stop, StopOrder
from stack.reconcile.stops import plan_stop

ARN = 'arn:aws:ecs:eu-west-1:1:service-deployment/prod/web/1'


def planned(status: str, mode: Mode = 'rollback', service: str = 'web') -> Draft | None:
    draft = Draft(Owner('prod', 'web'))
    row = plan_stop(draft, Observed('prod', stops={service: Stop(StopOrder(ARN, mode), status)}))
    return draft if row else None


@pytest.mark.parametrize('status', ['PENDING', 'IN_PROGRESS'])
@pytest.mark.parametrize('mode', ['rollback', 'abort'])
def test_a_deployment_under_way_is_stopped_and_waited_for(status: str, mode: Mode):
    draft = planned(status, mode)
    assert draft is not None
    stop, wait = draft.steps
    assert (stop.kind, dict(stop.arguments)) == (
        'ecs:StopServiceDeployment',
        {'serviceDeploymentArn': ARN, 'stopType': mode.upper()},
    )
    assert (wait.later, wait.depends_on) == (True, (stop.id,))


@pytest.mark.parametrize('status', ['STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'])
def test_one_that_ecs_ends_is_waited_for(status: str):
    draft = planned(status)
    assert draft is not None
    assert [step.later for step in draft.steps] == [True]


@pytest.mark.parametrize('status', ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'])
def test_one_that_is_over_is_left_to_the_usual_plan(status: str):
    assert planned(status) is None
    assert planned('IN_PROGRESS', service='api') is None
