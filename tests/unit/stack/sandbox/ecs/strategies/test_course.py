"""Native deployments from their start to their success or rollback."""

import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, stable
from tests.unit.stack.sandbox.ecs.strategies.native import (
    MINUTE,
    blue_green,
    canary,
    deploy,
    deployments,
    linear,
    newest,
    passed,
    running,
    until,
    weights,
)

BLUE_GREEN_STAGES = [
    'PRE_SCALE_UP',
    'SCALE_UP',
    'POST_SCALE_UP',
    'TEST_TRAFFIC_SHIFT',
    'POST_TEST_TRAFFIC_SHIFT',
    'PRE_PRODUCTION_TRAFFIC_SHIFT',
    'PRODUCTION_TRAFFIC_SHIFT',
    'POST_PRODUCTION_TRAFFIC_SHIFT',
    'BAKE_TIME',
    'CLEAN_UP',
]


def stages_of(seen: list[dict]) -> list[str]:
    """The stages in the order of their appearance, each once in a row."""
    names = [each['lifecycleStage'] for each in seen if 'lifecycleStage' in each]
    return [name for name, before in zip(names, [None, *names], strict=False) if name != before]


def test_blue_green_passes_all_stages_and_bakes(fleet: Fleet):
    old = running(fleet, blue_green(bake=5))
    new = deploy(fleet)
    assert newest(fleet)['status'] == 'PENDING'
    seen = list(passed(fleet))
    assert stages_of(seen) == BLUE_GREEN_STAGES
    for each in seen:
        target, (source,) = each['targetServiceRevision'], each['sourceServiceRevisions']
        stage = each.get('lifecycleStage')
        if stage == 'PRE_SCALE_UP':
            assert (target['requestedTaskCount'], weights(each)) == (0, (0, 0))
        if weights(each)[0]:
            assert target['runningTaskCount'] == 2
        assert source['requestedTaskCount'] == (0 if stage == 'CLEAN_UP' else 2)
        assert source['requestedProductionTrafficWeight'] == 100 - target['requestedProductionTrafficWeight']
    baked = sum(each.get('lifecycleStage') == 'BAKE_TIME' for each in seen)
    assert baked in (5 * MINUTE, 5 * MINUTE + 1)
    ended = newest(fleet)
    assert (ended['status'], weights(ended)) == ('SUCCESSFUL', (100, 100))
    assert ended['createdAt'] < ended['startedAt'] < ended['finishedAt']
    fleet.wait(10)
    assert stable(fleet.service())
    assert fleet.service()['taskDefinition'] == new != old


def test_no_traffic_before_all_tasks_are_healthy(fleet: Fleet):
    running(fleet, blue_green())
    deploy(fleet, '2-broken')
    fleet.wait(600)
    found = newest(fleet)
    assert (found['lifecycleStage'], weights(found)) == ('SCALE_UP', (0, 0))
    assert fleet.service()['runningCount'] == 2
    fleet.wait(24 * 3600)
    found = newest(fleet)
    assert found['status'] == 'ROLLBACK_SUCCESSFUL'
    assert found['statusReason'] == 'Service deployment rolled back because a lifecycle stage timed out.'
    fleet.wait(10)
    assert stable(fleet.service())


def test_linear_steps(fleet: Fleet):
    running(fleet, linear(25, 3))
    deploy(fleet)
    seen = list(passed(fleet))
    shares = [weights(each)[0] for each in seen]
    assert list(dict.fromkeys(shares)) == [0, 25, 50, 75, 100]
    assert all(3 * MINUTE <= shares.count(share) <= 3 * MINUTE + 10 for share in (25, 50, 75))
    shifts = ['PRE_PRODUCTION_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT']
    at = BLUE_GREEN_STAGES.index(shifts[0])
    assert stages_of(seen) == [*BLUE_GREEN_STAGES[:at], *shifts * 4, *BLUE_GREEN_STAGES[at + 2 :]]


def test_canary_has_two_steps(fleet: Fleet):
    running(fleet, canary(5, 10))
    deploy(fleet)
    shares = [weights(each)[0] for each in passed(fleet)]
    assert list(dict.fromkeys(shares)) == [0, 5, 100]
    assert 10 * MINUTE <= shares.count(5) <= 10 * MINUTE + 10


def test_first_deployment_has_no_source(fleet: Fleet):
    fleet.machines(3)
    fleet.define()
    fleet.create(deploymentConfiguration=linear(20, 5))
    seen = list(passed(fleet))
    assert stages_of(seen) == BLUE_GREEN_STAGES
    assert {len(each['sourceServiceRevisions']) for each in seen} == {0}
    assert {weights(each)[0] for each in seen} == {0, 100}
    fleet.wait(10)
    assert stable(fleet.service())


def test_broken_first_deployment_has_nothing_to_go_back_to(fleet: Fleet):
    fleet.machines(3)
    fleet.define('1-broken')
    fleet.create(deploymentConfiguration=blue_green())
    fleet.wait(25 * 3600)
    assert newest(fleet)['status'] == 'ROLLBACK_FAILED'
    assert fleet.primary()['rolloutState'] == 'FAILED'


def test_scaled_during_a_deployment(fleet: Fleet):
    running(fleet, blue_green())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    fleet.update(desiredCount=3)
    fleet.wait(60)
    found = newest(fleet)
    assert found['targetServiceRevision']['runningTaskCount'] == 3
    assert found['sourceServiceRevisions'][0]['runningTaskCount'] == 3
    fleet.update(desiredCount=0)
    fleet.wait(600)
    assert newest(fleet)['status'] == 'SUCCESSFUL'
    assert fleet.service()['runningCount'] == 0


def test_services_show_both_revisions(fleet: Fleet):
    running(fleet, blue_green())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    service = fleet.service()
    assert service['currentServiceDeployment'] == newest(fleet)['serviceDeploymentArn']
    target, source = service['currentServiceRevisions']
    assert (target['arn'], target['runningTaskCount']) == (newest(fleet)['targetServiceRevision']['arn'], 2)
    assert source['arn'] == newest(fleet)['sourceServiceRevisions'][0]['arn']
    assert [(d['status'], d['runningCount']) for d in service['deployments']] == [('PRIMARY', 2), ('ACTIVE', 2)]
    assert service['deployments'][0]['rolloutState'] == 'IN_PROGRESS'


def test_newer_deployment_stops_the_one_under_way(fleet: Fleet):
    running(fleet, blue_green())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    newer = deploy(fleet, '3')
    assert [each['status'] for each in deployments(fleet)[:2]] == ['PENDING', 'STOP_REQUESTED']
    fleet.wait(1)
    assert [each['status'] for each in deployments(fleet)[:2]] == ['IN_PROGRESS', 'STOPPED']
    assert 'stoppedAt' in newest(fleet, 1)
    found = newest(fleet)
    assert (found['lifecycleStage'], len(found['sourceServiceRevisions'])) == ('RECONCILE_SERVICE', 2)
    by_traffic = {each['requestedProductionTrafficWeight'] for each in found['sourceServiceRevisions']}
    assert by_traffic == {0, 100}
    seen = list(passed(fleet))
    assert stages_of(seen) == ['RECONCILE_SERVICE', *BLUE_GREEN_STAGES]
    fleet.wait(10)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, newer)


@pytest.mark.parametrize('strategy', ['ROLLING', 'BLUE_GREEN'])
def test_change_of_strategy_during_a_deployment(fleet: Fleet, strategy: str):
    running(fleet, blue_green())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    fleet.update(deploymentConfiguration={'strategy': strategy})
    newer = deploy(fleet, '3')
    fleet.wait(1200)
    assert newest(fleet)['status'] == 'SUCCESSFUL'
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, newer)


def test_deleted_in_the_bake(fleet: Fleet):
    running(fleet, blue_green())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    fleet.aws.delete_service(cluster='prod', service='web', force=True)
    fleet.wait(60)
    assert fleet.service()['status'] == 'INACTIVE'
    assert not fleet.tasks()
