"""Service deployments and revisions, as their own actions show them."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import BREAKER, Fleet, refused, stable


@pytest.fixture(autouse=True)
def running(fleet: Fleet) -> None:
    fleet.machines(2)
    fleet.define()
    fleet.steady(deploymentConfiguration={'deploymentCircuitBreaker': BREAKER})


def deployments(fleet: Fleet, **fields: Any) -> list[dict[str, Any]]:
    return fleet.aws.list_service_deployments(cluster='prod', service='web', **fields)['serviceDeployments']


def newest(fleet: Fleet) -> dict[str, Any]:
    arn = deployments(fleet)[0]['serviceDeploymentArn']
    (found,) = fleet.aws.describe_service_deployments(serviceDeploymentArns=[arn])['serviceDeployments']
    return found


def test_unknown_ones(fleet: Fleet):
    describe = fleet.aws.describe_service_deployments
    assert refused(describe, serviceDeploymentArns=[])[0] == 'InvalidParameterException'
    assert refused(describe, serviceDeploymentArns=['nonsense'])[0] == 'InvalidParameterException'
    known = deployments(fleet)[0]['serviceDeploymentArn']
    gone = known[:-1] + 'x'
    assert describe(serviceDeploymentArns=[gone])['failures'] == [{'arn': gone, 'reason': 'MISSING'}]
    other = known.replace('/web/', '/other/')
    assert refused(describe, serviceDeploymentArns=[other])[0] == 'ServiceNotFoundException'
    other = known.replace('/prod/', '/other/')
    assert refused(describe, serviceDeploymentArns=[other])[0] == 'ClusterNotFoundException'
    stop = fleet.aws.stop_service_deployment
    assert refused(stop, serviceDeploymentArn=gone)[0] == 'ServiceDeploymentNotFoundException'
    assert refused(stop, serviceDeploymentArn=known)[0] == 'ConflictException'


def test_success(fleet: Fleet):
    found = newest(fleet)
    assert found['status'] == 'SUCCESSFUL'
    assert found['createdAt'] <= found['startedAt'] < found['finishedAt']
    assert found['deploymentCircuitBreaker'] == {'status': 'MONITORING_COMPLETE', 'failureCount': 0, 'threshold': 3}
    assert found['targetServiceRevision']['runningTaskCount'] == 2
    (revision,) = fleet.aws.describe_service_revisions(serviceRevisionArns=[found['targetServiceRevision']['arn']])[
        'serviceRevisions'
    ]
    assert revision['taskDefinition'] == fleet.service()['taskDefinition']
    assert revision['containerImages'][0]['imageDigest'].startswith('sha256:')


def test_rolled_back(fleet: Fleet):
    first = newest(fleet)
    fleet.define('2-broken')
    fleet.update(taskDefinition='web')
    assert newest(fleet)['status'] == 'IN_PROGRESS'
    assert newest(fleet)['deploymentCircuitBreaker']['status'] == 'MONITORING'
    seen = set()
    for _ in range(100):
        fleet.wait(2)
        seen.add(newest(fleet)['status'])
    assert seen == {'IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL'}
    found = newest(fleet)
    reason = 'Service deployment rolled back because the circuit breaker threshold was exceeded.'
    assert (found['statusReason'], found['rollback']['reason']) == (reason, reason)
    assert found['rollback']['serviceRevisionArn'] == first['targetServiceRevision']['arn']
    assert found['sourceServiceRevisions'][0]['arn'] == first['targetServiceRevision']['arn']
    assert found['deploymentCircuitBreaker']['status'] == 'TRIGGERED'
    assert found['deploymentCircuitBreaker']['failureCount'] >= 3


def test_stopped_by_hand_goes_back(fleet: Fleet):
    good = fleet.service()['taskDefinition']
    fleet.define('2-slow')
    fleet.update(taskDefinition='web')
    fleet.wait(5)
    arn = newest(fleet)['serviceDeploymentArn']
    assert fleet.aws.stop_service_deployment(serviceDeploymentArn=arn)['serviceDeploymentArn'] == arn
    fleet.wait(120)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, good)
    assert newest(fleet)['status'] == 'ROLLBACK_SUCCESSFUL'


def test_aborted_by_hand_stays(fleet: Fleet):
    bad = fleet.define('2-slow')
    fleet.update(taskDefinition='web')
    fleet.wait(5)
    arn = newest(fleet)['serviceDeploymentArn']
    fleet.aws.stop_service_deployment(serviceDeploymentArn=arn, stopType='ABORT')
    assert newest(fleet)['status'] == 'STOP_REQUESTED'
    fleet.wait(1)
    assert newest(fleet)['status'] == 'STOPPED'
    assert (fleet.primary()['rolloutState'], fleet.primary()['taskDefinition']) == ('FAILED', bad)


def test_filters_and_pages(fleet: Fleet):
    for _ in range(3):
        fleet.update(forceNewDeployment=True)
        fleet.wait(1)
    assert [d['status'] for d in deployments(fleet)] == ['IN_PROGRESS', 'STOPPED', 'STOPPED', 'SUCCESSFUL']
    assert len(deployments(fleet, status=['STOPPED'])) == 2
    at = deployments(fleet)[1]['createdAt']
    assert len(deployments(fleet, createdAt={'after': at, 'before': at})) == 1
    page = fleet.aws.list_service_deployments(cluster='prod', service='web', maxResults=3)
    rest = deployments(fleet, maxResults=3, nextToken=page['nextToken'])
    assert [d['status'] for d in rest] == ['SUCCESSFUL']
    revisions = fleet.aws.describe_service_revisions
    assert refused(revisions, serviceRevisionArns=[])[0] == 'InvalidParameterException'
