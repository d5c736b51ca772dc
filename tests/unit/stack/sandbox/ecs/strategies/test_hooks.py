"""Lifecycle hooks: pauses, Lambda functions, their timeouts and answers."""

import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused, stable
from tests.unit.stack.sandbox.ecs.strategies.native import (
    answer,
    blue_green,
    deploy,
    function,
    hook,
    linear,
    newest,
    passed,
    pause,
    running,
    until,
    weights,
)

HOOK_FAILURE = 'Service deployment rolled back because of hook execution failure(s).'


def hook_events(fleet: Fleet) -> list[tuple[str, str]]:
    kind = 'ECS Hook State Change'
    return [(e['detail']['eventName'], e['detail']['lifecycleStage']) for e in fleet.events if e['detail-type'] == kind]


def test_pause_waits_for_an_answer(fleet: Fleet):
    running(fleet, blue_green(lifecycleHooks=[pause('POST_TEST_TRAFFIC_SHIFT', minutes=20_160)]))
    deploy(fleet)
    until(fleet, 'POST_TEST_TRAFFIC_SHIFT')
    fleet.wait(13 * 86_400)
    found = newest(fleet)
    assert (found['lifecycleStage'], found['status'], weights(found)) == (
        'POST_TEST_TRAFFIC_SHIFT',
        'IN_PROGRESS',
        (0, 100),
    )
    waiting = hook(fleet)
    assert (waiting['targetType'], waiting['status'], waiting['timeoutAction']) == (
        'PAUSE',
        'AWAITING_ACTION',
        'ROLLBACK',
    )
    assert waiting['hookId'].startswith('ecs-pause-')
    assert (waiting['expiresAt'] - found['updatedAt']).days in (13, 14)
    answer(fleet)
    fleet.wait(1200)
    assert newest(fleet)['status'] == 'SUCCESSFUL'
    assert hook_events(fleet) == [
        ('HOOK_AWAITING_ACTION', 'POST_TEST_TRAFFIC_SHIFT'),
        ('HOOK_SUCCEEDED', 'POST_TEST_TRAFFIC_SHIFT'),
    ]
    event = next(e for e in fleet.events if e['detail-type'] == 'ECS Hook State Change')
    assert event['resources'] == [found['serviceDeploymentArn']] == [event['detail']['serviceDeploymentArn']]
    assert (event['detail']['hookId'], event['detail']['hookType']) == (waiting['hookId'], 'PAUSE')


def test_pause_answered_with_rollback(fleet: Fleet):
    good = running(fleet, blue_green(lifecycleHooks=[pause('POST_PRODUCTION_TRAFFIC_SHIFT')]))
    deploy(fleet)
    until(fleet, 'POST_PRODUCTION_TRAFFIC_SHIFT')
    answer(fleet, 'ROLLBACK')
    seen = list(passed(fleet))
    assert {each['status'] for each in seen} == {'ROLLBACK_IN_PROGRESS'}
    assert weights(seen[0])[0] == 0
    stages = list(dict.fromkeys(each['lifecycleStage'] for each in seen))
    assert stages == ['PRODUCTION_TRAFFIC_SHIFT', 'TEST_TRAFFIC_SHIFT', 'CLEAN_UP']
    found = newest(fleet)
    assert (found['status'], found['statusReason']) == ('ROLLBACK_SUCCESSFUL', HOOK_FAILURE)
    assert found['rollback']['serviceRevisionArn'] == found['sourceServiceRevisions'][0]['arn']
    assert hook(fleet)['status'] == 'FAILED'
    fleet.wait(10)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, good)


@pytest.mark.parametrize(('action', 'end'), [('ROLLBACK', 'ROLLBACK_SUCCESSFUL'), ('CONTINUE', 'SUCCESSFUL')])
def test_timeouts(fleet: Fleet, action: str, end: str):
    running(fleet, blue_green(bake=1, lifecycleHooks=[pause('PRE_SCALE_UP', minutes=30, action=action)]))
    deploy(fleet)
    until(fleet, 'PRE_SCALE_UP')
    fleet.wait(29 * 60)
    assert hook(fleet)['status'] == 'AWAITING_ACTION'
    fleet.wait(20 * 60)
    assert newest(fleet)['status'] == end
    assert ('HOOK_TIMED_OUT', 'PRE_SCALE_UP') in hook_events(fleet)


def test_pause_before_each_step_has_a_new_id(fleet: Fleet):
    running(fleet, linear(20, 1, lifecycleHooks=[pause('PRE_PRODUCTION_TRAFFIC_SHIFT')]))
    deploy(fleet)
    seen: dict[str, float] = {}
    for each in passed(fleet):
        for details in each.get('lifecycleHookDetails', []):
            if details['status'] == 'AWAITING_ACTION':
                seen[details['hookId']] = weights(each)[0]
                answer(fleet)
    assert list(seen.values()) == [0, 20, 40, 60, 80]
    assert newest(fleet)['status'] == 'SUCCESSFUL'


def test_all_hooks_of_a_stage_must_end(fleet: Fleet):
    hooks = [pause('POST_SCALE_UP'), pause('POST_SCALE_UP', minutes=120), function('POST_SCALE_UP')]
    running(fleet, blue_green(lifecycleHooks=hooks))
    deploy(fleet)
    until(fleet, 'POST_SCALE_UP')
    first, second, called = newest(fleet)['lifecycleHookDetails']
    assert called['targetArn'].endswith(':check')
    fleet.wait(5)
    arn = newest(fleet)['serviceDeploymentArn']
    for number, details in enumerate((first, second)):
        statuses = [each['status'] for each in newest(fleet)['lifecycleHookDetails']]
        assert statuses == [*['SUCCEEDED'] * number, *['AWAITING_ACTION'] * (2 - number), 'SUCCEEDED']
        assert newest(fleet)['lifecycleStage'] == 'POST_SCALE_UP'
        fleet.aws.continue_service_deployment(serviceDeploymentArn=arn, hookId=details['hookId'])
    fleet.wait(3)
    assert newest(fleet)['lifecycleStage'] != 'POST_SCALE_UP'


@pytest.mark.parametrize(('name', 'status'), [('smoke-fails', 'FAILED'), ('smoke-hangs', 'TIMED_OUT')])
def test_function_that_fails_or_hangs(fleet: Fleet, name: str, status: str):
    timeout = {'timeoutConfiguration': {'timeoutInMinutes': 15, 'action': 'ROLLBACK'}}
    running(fleet, blue_green(lifecycleHooks=[function('POST_SCALE_UP', name=name, **timeout)]))
    deploy(fleet)
    until(fleet, 'POST_SCALE_UP')
    assert hook(fleet)['status'] == 'IN_PROGRESS'
    list(passed(fleet))
    assert (newest(fleet)['status'], hook(fleet)['status']) == ('ROLLBACK_SUCCESSFUL', status)


def test_functions_of_traffic_shifts_run_again_in_a_rollback(fleet: Fleet):
    hooks = [function('TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'), pause('POST_PRODUCTION_TRAFFIC_SHIFT')]
    running(fleet, blue_green(lifecycleHooks=hooks))
    deploy(fleet)
    until(fleet, 'POST_PRODUCTION_TRAFFIC_SHIFT')
    answer(fleet, 'ROLLBACK')
    list(passed(fleet))
    succeeded = [stage for name, stage in hook_events(fleet) if name == 'HOOK_SUCCEEDED']
    there = ['TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT']
    assert succeeded == [*there, *reversed(there)]


def test_answers_that_are_refused(fleet: Fleet):
    running(fleet, blue_green(lifecycleHooks=[pause('PRE_SCALE_UP'), function('PRE_SCALE_UP', name='a-hangs')]))
    deploy(fleet)
    found = until(fleet, 'PRE_SCALE_UP')
    waiting, called = found['lifecycleHookDetails']
    proceed, arn = fleet.aws.continue_service_deployment, found['serviceDeploymentArn']
    invalid = 'InvalidParameterException'
    assert refused(proceed, serviceDeploymentArn=arn, hookId='ecs-pause-x')[0] == invalid
    assert refused(proceed, serviceDeploymentArn=arn, hookId=called['hookId'])[0] == invalid
    unknown = refused(proceed, serviceDeploymentArn=arn[:-3] + 'xyz', hookId=waiting['hookId'])
    assert unknown[0] == 'ServiceDeploymentNotFoundException'
    assert refused(proceed, serviceDeploymentArn='x', hookId=waiting['hookId'])[0] == invalid
    proceed(serviceDeploymentArn=arn, hookId=waiting['hookId'])
    second = refused(proceed, serviceDeploymentArn=arn, hookId=waiting['hookId'], action='ROLLBACK')
    assert second == (invalid, f'The pause hook {waiting["hookId"]} is not awaiting action.')
    assert newest(fleet)['status'] == 'IN_PROGRESS'
