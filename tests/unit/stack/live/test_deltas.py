"""Deltas: what differs from the event before, and what a client has once it merged them."""

import weakref
from typing import Any

from stack.live.deltas import ROWS_KEPT, Published


def content(*rows: dict[str, Any], **head: Any) -> dict[str, Any]:
    fixed = {'type': 'rollout', 'cluster': 'prod', 'at': 'now', 'revision': 'r1', 'state': 'steady', 'percent': 100}
    return {**fixed, 'observed_at': 'then', 'drifted': [], 'rollouts': [], **head, 'services': list(rows)}


def row(name: str = 'web', **values: Any) -> dict[str, Any]:
    return {'name': name, 'health': 'healthy', 'deployed': {'running': 1}, **values}


def test_the_first_event_is_whole():
    first = content(row())
    assert Published().delta(first) == first


def test_then_only_what_differs_is_sent():
    published = Published()
    published.delta(content(row(drift=[1])))
    assert published.delta(content(row(deployed={'running': 2}), drifted=['web'])) == {
        'type': 'rollout',
        'cluster': 'prod',
        'at': 'now',
        'revision': 'r1',
        'state': 'steady',
        'percent': 100,
        'observed_at': 'then',
        'drifted': ['web'],
        'delta': True,
        'services': [{'name': 'web', 'delta': True, 'deployed': {'running': 2}, 'drift': None}],
    }


def test_a_service_that_is_new_here_has_its_whole_row():
    published = Published()
    published.delta(content(row()))
    assert published.delta(content(row('api')))['services'] == [row('api')]


def test_a_rollout_that_has_not_moved_is_named_alone():
    old, new = {'revision': 'r1', 'services': ['a', 'b']}, {'revision': 'r2', 'services': ['a']}
    published = Published()
    published.delta(content(row(), rollouts=[old]))
    assert published.delta(content(row(), rollouts=[old, new]))['rollouts'] == [{'revision': 'r1'}, new]
    assert 'rollouts' not in published.delta(content(row(), rollouts=[old, new]))


def test_after_a_reset_the_next_event_is_whole():
    published = Published()
    published.delta(content(row()))
    published.reset()
    assert published.delta(content(row())) == content(row())


def test_the_rows_of_destroyed_services_and_of_those_that_are_gone_are_forgotten():
    published = Published()
    published.delta(content(row(), row('api')))
    published.forget(['web'])
    published.delta(content(row('api', gone=True)))
    assert published.delta(content(row(), row('api')))['services'] == [row(), row('api')]


def test_the_rows_that_are_remembered_are_bounded():
    published = Published()
    published.delta(content(*(row(f's{number}') for number in range(ROWS_KEPT + 1))))
    rows = published.delta(content(row('s0'), row(f's{ROWS_KEPT}')))['services']
    assert [each.get('delta', False) for each in rows] == [False, True]


class Row(dict):
    """A row that can be referred to weakly."""


def test_what_was_published_is_not_kept_as_objects():
    published, rows = Published(), [Row(row(name)) for name in ('web', 'api')]
    kept = [weakref.ref(each) for each in rows]
    published.delta(content(*rows))
    del rows
    assert [each() for each in kept] == [None, None]
    [delta] = published.delta(content(row(health='failing')))['services']
    assert delta == {'name': 'web', 'delta': True, 'health': 'failing'}
