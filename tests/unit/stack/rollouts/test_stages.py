"""Stages: what is shown of them, and how they are kept."""

import json
from dataclasses import replace
from typing import Any

import pytest

from stack.rollouts.rollout_records import Record, load
from stack.rollouts.rollout_records import rollout_json as recorded
from stack.rollouts.stages import ORDER, advance, read_record, record, stages_json
from tests.ecs_looks import at, looks
from tests.service_deployments import CANARY, WITH_ALARMS, deploying, native, pause


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row['stage']: row['state'] for row in rows}


def test_the_stages_before_the_present_one_are_done_though_no_look_saw_them():
    progress = advance(None, native(stage='POST_TEST_TRAFFIC_SHIFT'), at(5), all_run=False)
    shown = states(stages_json(progress))
    assert list(shown) == [stage for stage in ORDER if stage != 'RECONCILE_SERVICE']
    assert [stage for stage, state in shown.items() if state == 'now'] == ['POST_TEST_TRAFFIC_SHIFT']
    assert (shown['SCALE_UP'], shown['BAKE_TIME']) == ('done', 'next')


def test_an_unknown_stage_is_shown_as_it_is():
    progress = advance(None, native(stage='A_STAGE_OF_TOMORROW'), at(5), all_run=False)
    assert states(stages_json(progress))['A_STAGE_OF_TOMORROW'] == 'now'


def test_a_rolling_deployment_has_no_stages_but_bakes_for_its_alarms():
    monitored = native(stage='SCALE_UP', deploymentConfiguration=WITH_ALARMS, alarms={'status': 'MONITORING'})
    going = advance(None, monitored, at(5), all_run=False)
    assert (going.stage, stages_json(going)) == ('', [])
    baking = advance(going, monitored, at(65), all_run=True)
    assert (baking.stage, baking.until) == ('BAKE_TIME', at(65 + 300))


def test_each_step_begins_a_time_of_its_own():
    first = native(stage='PRODUCTION_TRAFFIC_SHIFT', traffic=5.0, deploymentConfiguration=CANARY)
    progress = advance(None, first, at(5), all_run=False)
    same = advance(progress, first, at(300), all_run=False)
    assert (same.since, same.until) == (at(5), at(605))
    last = native(stage='PRODUCTION_TRAFFIC_SHIFT', traffic=100.0, deploymentConfiguration=CANARY)
    assert advance(same, last, at(605), all_run=False).until is None


def test_what_is_recorded_is_read_again():
    found = native(stage='POST_SCALE_UP', hooks=[pause()], alarms={'status': 'MONITORING', 'alarmNames': ['5xx']})
    progress = advance(None, found, at(5), all_run=False)
    assert read_record(record(progress)) == progress
    last = looks(deploying(found))[-1]
    kept = recorded(last)
    body = {'revision': 'r2', 'rollouts': [kept], 'former': {}}
    assert load(json.dumps(body).encode()) == Record('r2', {'web': replace(last, idle=0.0)})
    # What a newer version adds is left out.
    body['rollouts'][0] |= {'news': 1}
    assert load(json.dumps(body).encode()).rollouts['web'].stages == progress


@pytest.mark.parametrize('key', ['stages', 'cause'])
def test_records_of_plain_rollouts_are_as_older_versions_wrote_them(key: str):
    (plain,) = looks(None)
    assert key not in json_of(recorded(plain))


def json_of(kept: dict[str, Any]) -> str:
    return str(sorted(kept)) + str(sorted(kept['verdict'] or {}))
