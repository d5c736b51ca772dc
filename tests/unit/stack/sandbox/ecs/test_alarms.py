"""CloudWatch alarms that fail deployments."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, stable
from tests.unit.stack.sandbox.ecs.strategies.native import (
    blue_green,
    deploy,
    newest,
    passed,
    pause,
    running,
    until,
    weights,
)


def alarmed(rollback: bool = True) -> dict[str, Any]:
    return {'alarms': {'alarmNames': ['web-5xx', 'web-slow'], 'enable': True, 'rollback': rollback}}


def test_alarm_in_the_bake_rolls_back_without_starting_a_task(fleet: Fleet):
    good = running(fleet, blue_green(**alarmed()))
    deploy(fleet)
    found = until(fleet, 'BAKE_TIME')
    assert found['alarms'] == {
        'status': 'MONITORING',
        'alarmNames': ['web-5xx', 'web-slow'],
        'triggeredAlarmNames': [],
    }
    tasks = {task['taskArn'] for task in fleet.tasks()}
    fleet.alarms.on.add('web-5xx')
    fleet.wait(0.1)
    found = newest(fleet)
    assert (found['status'], weights(found)[0]) == ('ROLLBACK_IN_PROGRESS', 0)
    assert (found['alarms']['status'], found['alarms']['triggeredAlarmNames']) == ('TRIGGERED', ['web-5xx'])
    assert found['rollback']['reason'] == found['statusReason']
    list(passed(fleet))
    assert newest(fleet)['status'] == 'ROLLBACK_SUCCESSFUL'
    fleet.wait(10)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, good)
    assert {task['taskArn'] for task in fleet.tasks()} < tasks
    assert any(message.endswith('deployment failed: alarm detected.') for message in fleet.events_of())


def test_alarm_during_a_pause_of_two_weeks(fleet: Fleet):
    running(fleet, blue_green(lifecycleHooks=[pause('PRE_SCALE_UP', minutes=20_160)], **alarmed()))
    deploy(fleet)
    until(fleet, 'PRE_SCALE_UP')
    fleet.wait(86_400 * 13)
    fleet.alarms.on.add('web-slow')
    fleet.wait(5)
    found = newest(fleet)
    assert (found['status'], found['alarms']['triggeredAlarmNames']) == ('ROLLBACK_SUCCESSFUL', ['web-slow'])


def test_alarm_without_rollback_stops(fleet: Fleet):
    running(fleet, blue_green(**alarmed(rollback=False)))
    bad = deploy(fleet)
    until(fleet, 'BAKE_TIME')
    fleet.alarms.on.add('web-5xx')
    assert newest(fleet)['status'] in ('IN_PROGRESS', 'STOP_REQUESTED')
    fleet.wait(1)
    found = newest(fleet)
    assert (found['status'], found['alarms']['status'], weights(found)[0]) == ('STOPPED', 'TRIGGERED', 100)
    assert found['stoppedAt'] == found['finishedAt']
    primary = fleet.primary()
    assert (primary['rolloutState'], primary['taskDefinition']) == ('FAILED', bad)
    fleet.wait(600)
    assert [d['runningCount'] for d in fleet.service()['deployments']] == [2, 2]
    fleet.alarms.on.clear()
    good = deploy(fleet, '3')
    fleet.wait(1200)
    assert (newest(fleet)['status'], fleet.service()['taskDefinition']) == ('SUCCESSFUL', good)
    assert stable(fleet.service())


def test_alarms_that_are_on_at_the_start_are_not_monitored(fleet: Fleet):
    fleet.alarms.on.add('web-5xx')
    running(fleet, blue_green(bake=1, **alarmed()))
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    fleet.alarms.on.add('web-slow')
    list(passed(fleet))
    found = newest(fleet)
    assert (found['status'], found['alarms']['status']) == ('SUCCESSFUL', 'DISABLED')


@pytest.mark.parametrize(('minutes', 'bake'), [(0, 180), (10, 600)])
def test_rolling_update_bakes_with_alarms(fleet: Fleet, minutes: int, bake: int):
    running(fleet, {'bakeTimeInMinutes': minutes, **alarmed()})
    deploy(fleet)
    seen = [each.get('lifecycleStage') for each in passed(fleet)]
    assert bake - 2 <= seen.count('BAKE_TIME') <= bake + 2
    found = newest(fleet)
    assert (found['status'], found['alarms']['status']) == ('SUCCESSFUL', 'MONITORING_COMPLETE')


def test_alarm_rolls_a_rolling_update_back(fleet: Fleet):
    good = running(fleet, alarmed())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    fleet.alarms.on.add('web-5xx')
    fleet.wait(1)
    assert newest(fleet)['status'] == 'ROLLBACK_IN_PROGRESS'
    fleet.wait(300)
    assert newest(fleet)['status'] == 'ROLLBACK_SUCCESSFUL'
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, good)
    assert newest(fleet)['deploymentCircuitBreaker']['status'] == 'DISABLED'


def test_alarm_after_a_success_does_nothing(fleet: Fleet):
    running(fleet, blue_green(bake=0, **alarmed()))
    deploy(fleet)
    list(passed(fleet))
    fleet.alarms.on.add('web-5xx')
    fleet.wait(60)
    assert (newest(fleet)['status'], newest(fleet)['alarms']['status']) == ('SUCCESSFUL', 'MONITORING_COMPLETE')
