"""What is shown of a rollout beyond a plain rolling one: its row, its sentence, and the answer to a waiting caller."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.errors import RolloutInProgress
from stack.rollouts import cluster_view, rollout_answer
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_answer import Question
from stack.rollouts.service_deployment import ServiceDeployment, ServiceRevision, read
from stack.rollouts.stage_view import STAGE_KEYS, stage_json
from stack.runtime.moments import stamp
from tests.service_deployments import ARN, BLUE_GREEN, LINEAR, described, pause
from tests.unit.stack.rollouts.test_cluster_state import START, WEB, definition, look, revision, running, state

BEGAN = START + timedelta(minutes=1)
UNTIL = START + timedelta(hours=24)


def native(stage: str, status: str = 'IN_PROGRESS', **changes: Any) -> ServiceDeployment:
    found = described(status, stage, createdAt=BEGAN, **changes)
    return read(found, {f'rev/{name}': ServiceRevision(f'arn:td/web:{n}') for n, name in enumerate(('old', 'new'))})


def seen(deployment: ServiceDeployment, names: tuple[str, ...] = ('web',)) -> ClusterState:
    made = state(revision('r1', **dict.fromkeys(names, WEB)))
    shown = running(running=1, deploymentConfiguration=dict(deployment.configuration))
    # What the rollback would bring is known too.
    made.ecs.definitions['arn:td/web:0'] = replace(definition(made), arn='arn:td/web:0')
    look(made, replace(shown, native=deployment))
    return made


def test_a_pause():
    made = seen(native('POST_TEST_TRAFFIC_SHIFT', hooks=[pause('pause-7', until=UNTIL)]))
    row = cluster_view.service_row(made, 'web')
    assert (row['state'], row['strategy'], row['stage']) == ('paused', 'blue_green', 'POST_TEST_TRAFFIC_SHIFT')
    assert row['deployment_arn'] == ARN
    assert row['traffic'] == {'old': 100.0, 'new': 0.0}
    waiting = row['waiting']
    assert (waiting['hook'], waiting['until'], waiting['on_timeout']) == ('pause-7', stamp(UNTIL), 'rollback')
    assert 'until' not in row
    answer = rollout_answer.content(made, Question())
    assert (answer['state'], answer['settled']) == ('paused', False)
    assert (
        'web is paused at POST_TEST_TRAFFIC_SHIFT until 2026-03-02 00:00 UTC, and then rolls back.' in answer['message']
    )
    assert rollout_answer.judged(made, Question()) == answer
    assert rollout_answer.paused(made, Question())


def test_the_list_of_services_has_the_stages_too():
    made = seen(native('POST_TEST_TRAFFIC_SHIFT', hooks=[pause('pause-7', until=UNTIL)]))
    full = cluster_view.service_row(made, 'web')
    (listed,) = cluster_view.with_deployed([{'name': 'web'}], made)
    assert {key: listed[key] for key in ('strategy', 'stage', 'stages', 'traffic', 'waiting', 'deployment_arn')} == {
        key: full[key] for key in ('strategy', 'stage', 'stages', 'traffic', 'waiting', 'deployment_arn')
    }
    assert set(stage_json(made, 'web')) <= set(STAGE_KEYS)


def test_a_pause_beside_another_rollout_is_still_in_progress():
    made = seen(native('POST_SCALE_UP', hooks=[pause()]), ('web', 'api'))
    assert not rollout_answer.paused(made, Question())
    assert rollout_answer.paused(made, Question(service='web'))
    with pytest.raises(RolloutInProgress):
        rollout_answer.judged(made, Question())


def test_who_may_continue_a_pause():
    traffic = {'by': ['group:leads', 'role:admin'], 'when': ['traffic']}
    gated, others = {**WEB, 'approvals': traffic}, {**WEB, 'approvals': {'when': ['deploy']}}
    made = state(revision('r1', web=gated, api=others, worker=WEB))
    expected = {'web': 'group:leads, role:admin', **dict.fromkeys(('api', 'worker', 'gone'), 'role deployer')}
    assert {name: made.may_continue(name) for name in expected} == expected


def test_a_bake_and_a_step():
    made = seen(native('BAKE_TIME', traffic=100.0))
    row = cluster_view.service_row(made, 'web')
    baked = made.observed_at + timedelta(minutes=BLUE_GREEN['bakeTimeInMinutes'])
    assert (row['state'], row['until']) == ('baking', stamp(baked))
    assert 'web bakes until' in rollout_answer.content(made, Question())['message']
    made = seen(native('PRODUCTION_TRAFFIC_SHIFT', traffic=20.0, deploymentConfiguration=LINEAR))
    row = cluster_view.service_row(made, 'web')
    assert (row['state'], row['strategy'], row['traffic']) == ('shifting', 'linear', {'old': 80.0, 'new': 20.0})
    assert row['until'] == stamp(made.observed_at + timedelta(minutes=10))
    assert 'web has 20 % of the traffic.' in rollout_answer.content(made, Question())['message']


def test_monitors():
    monitors = {
        'alarms': {'status': 'MONITORING', 'alarmNames': ['5xx'], 'triggeredAlarmNames': []},
        'deploymentCircuitBreaker': {'status': 'MONITORING', 'failureCount': 1, 'threshold': 3},
    }
    row = cluster_view.service_row(seen(native('SCALE_UP', **monitors)), 'web')
    assert (row['alarms'], row['breaker']) == (
        {'names': ['5xx'], 'triggered': []},
        {'failures': 1, 'threshold': 3},
    )


def test_a_cause_is_part_of_the_verdict():
    row = cluster_view.service_row(seen(native('', 'ROLLBACK_REQUESTED')), 'web')
    assert (row['verdict']['ending'], row['verdict']['cause']) == ('rolled-back', 'stopped')
    assert 'deployment_arn' not in row


def test_a_plain_rolling_service_has_none_of_it():
    made = state()
    look(made, running(running=1))
    assert not set(STAGE_KEYS) & set(cluster_view.service_row(made, 'web'))
    assert not set(STAGE_KEYS) & set(cluster_view.with_deployed([{'name': 'web'}], made)[0])
