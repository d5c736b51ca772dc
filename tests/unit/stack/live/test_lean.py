"""Events in the detail `rows`: what a table of services shows, without empty fields."""

import json
from datetime import timedelta
from typing import Any

from stack.live import cluster_events
from stack.live.event import Event
from stack.live.forms import Detail
from stack.live.lean import lean
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

AT = START + timedelta(minutes=5)


def shown(event: Event) -> dict[str, Any]:
    return json.loads(event.text(values=True, detail=Detail.ROWS))


def test_a_cluster_has_its_rows_without_empty_fields():
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2}))
    look(made, running())
    content = shown(cluster_events.cluster(made, AT))
    [row] = content['services']
    assert (row['name'], row['image'], row['sync'], row['deployed']['running']) == ('web', 'web:1', 'in-sync', 2)
    assert not {'events', 'stop_reasons', 'trouble', 'task_definition', 'percent'} & row.keys()
    assert None not in row.values()
    assert (content['by'], 'frozen' in content, 'last_change' in content) == ('kim', False, False)
    [rollout] = content['rollouts']
    assert rollout.keys() >= {'revision', 'services', 'since'}
    assert (rollout['verdict'], 'percent' in rollout) == ({'ending': 'succeeded'}, False)


def test_the_events_of_a_service_that_rolls_out_are_kept():
    row = {'name': 'web', 'sync': 'rolling-out', 'state': 'rolling-out', 'events': [{'message': 'started'}]}
    assert lean({'type': 'cluster', 'services': [row]})['services'] == [row]


def test_another_last_change_is_kept():
    content = {'type': 'cluster', 'by': 'kim', 'last_change': {'by': 'maria'}, 'services': []}
    assert lean(content)['last_change'] == {'by': 'maria'}


def test_a_delta_states_what_is_gone():
    delta = {'name': 'web', 'delta': True, 'trouble': None, 'events': [], 'task_definition': 'web:2'}
    content = {'type': 'rollout', 'delta': True, 'failing': None, 'rollouts': [{'revision': 'r1'}], 'services': [delta]}
    assert lean(content) == {
        'type': 'rollout',
        'delta': True,
        'failing': None,
        'rollouts': [{'revision': 'r1'}],
        'services': [{'name': 'web', 'delta': True, 'trouble': None, 'events': []}],
    }


def test_a_movement_is_relative_to_the_one_before():
    event = cluster_events.rollout(state(revision('r1', web={'image': 'web:1'})), None, AT)
    event.delta = {**event.content, 'delta': True, 'services': [{'name': 'web', 'delta': True, 'running': 1}]}
    assert shown(event)['services'] == [{'name': 'web', 'delta': True, 'running': 1}]
