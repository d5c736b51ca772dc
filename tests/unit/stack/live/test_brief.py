"""Events in the detail `summary`: small, and enough for a list of all clusters."""

import json
from datetime import timedelta

from stack.live import cluster_events
from stack.live.brief import HEALTHS, STATES, SYNCS, brief, service_code
from stack.live.forms import Detail
from stack.rollouts import cluster_view
from stack.rollouts.rollout import State
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

AT = START + timedelta(minutes=5)


def test_a_cluster_has_its_state_its_last_deployment_and_a_code_for_each_service():
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2}, api={'image': 'api:1'}))
    look(made, running())
    shown = brief(cluster_events.cluster(made, AT).content)
    assert (shown['type'], shown['cluster'], shown['revision'], shown['by']) == ('cluster', 'prod', 'r1', 'kim')
    assert shown['services'] == {'web': 'his', 'api': 'urq'}
    assert shown['counts'] == {'services': 2, 'desired': 2, 'running': 2, 'pending': 0}
    assert (shown['deployment']['revision'], shown['deployment']['services']) == ('r1', 2)
    assert shown['drifted'] == 0


def test_a_movement_has_the_codes_of_what_moved():
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2}, api={'image': 'api:1'}))
    look(made, running())
    shown = brief(cluster_events.rollout(made, ['web'], AT).content)
    assert (shown['services'], shown['state']) == ({'web': 'his'}, 'rolling-out')


def test_a_change_names_what_it_destroys_and_not_each_field():
    before = revision('r1', web={'image': 'web:1'}, api={'image': 'api:1'})
    after = revision('r2', web={'image': 'web:2'})
    shown = brief(cluster_events.desired(before, after).content)
    assert (shown['revision'], shown['previous'], shown['destroyed']) == ('r2', 'r1', ['api'])
    assert 'changes' not in shown


def test_a_service_that_is_gone_has_no_code():
    assert service_code({'name': 'web', 'gone': True}) is None
    assert service_code({'name': 'web', 'health': 'unknown', 'sync': None, 'state': None}) == 'u--'


def test_every_word_has_a_letter_of_its_own():
    for table, words in (
        (HEALTHS, cluster_view.HEALTHS),
        (SYNCS, cluster_view.SYNCS),
        (STATES, State.__args__),
    ):
        assert table.keys() >= set(words)
        assert len(set(table.values())) == len(table)


def test_a_cluster_of_ten_services_takes_a_kilobyte():
    services = {f'service-number-{number}': {'image': 'web:1', 'desired_count': 2} for number in range(10)}
    event = cluster_events.cluster(state(revision('r1', **services)), AT)
    assert len(event.text(values=True, detail=Detail.SUMMARY)) < 1200 < len(event.text(values=True)) / 3
    assert json.loads(event.text(values=True, detail=Detail.SERVICES)) == event.content


def test_how_schedules_go_is_in_the_summary_and_in_the_health():
    made = state(revision('r1', web={'image': 'web:1'}, report={'image': 'report:1', 'type': 'task', 'schedule': {}}))
    made.schedules = {'report': {'state': 'failing', 'since': None, 'last': None, 'next': None}}
    shown = brief(cluster_events.cluster(made, AT).content)
    assert shown['schedules'] == {'report': 'failing'}
    assert shown['services']['report'][0] == 'f'
    assert cluster_view.service_row(made, 'report')['schedule']['state'] == 'failing'
    assert 'schedules' not in brief(cluster_events.rollout(made, ['web'], AT).content)
