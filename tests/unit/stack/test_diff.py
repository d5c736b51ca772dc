"""What two desired states differ in."""

from typing import Any

import pytest

from stack.diff import CLUSTER_WIDE, changed_rows, summary, touched
from stack.plan import Change, Row


def state(*services: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {'services': list(services), **rest}


WEB = {'web': {'image': 'web:1', 'environment': [{'A': 1}, {'B': 2}], 'desired_count': 2}}


def web(**changes: Any) -> dict[str, Any]:
    return {'web': {key: value for key, value in {**WEB['web'], **changes}.items() if value is not None}}


@pytest.mark.parametrize('document', [None, [], 'text', {}, {'services': 3}, {'services': [3, {'web': 'x'}]}])
def test_what_cannot_be_read_differs_in_nothing_from_itself(document):
    assert changed_rows(document, document) == []


@pytest.mark.parametrize('broken', [None, [], 'text', {}, {'services': 3}])
def test_against_what_cannot_be_read(broken):
    assert [(row.service, row.action) for row in changed_rows(broken, state(WEB))] == [('web', 'create')]
    assert changed_rows(state(WEB), broken) == [Row('web', 'destroy')]


@pytest.mark.parametrize(
    ('after', 'changes'),
    [
        (web(image='web:2'), [Change('image', 'web:1', 'web:2')]),
        (web(desired_count=0), [Change('desired_count', 2, 0)]),
        (web(desired_count=None), [Change('desired_count', 2, 1)]),
        (web(environment=[{'A': 5}, {'B': 2}]), [Change('environment.A', '1', '5')]),
        (web(environment={'B': 2, 'C': 3}), [Change('environment.A', '1', None), Change('environment.C', None, '3')]),
        (web(environment=None), [Change('environment.A', '1', None), Change('environment.B', '2', None)]),
        (web(secrets=[{'KEY': '/db/key'}]), [Change('secrets.KEY', None, '/db/key')]),
        (web(ports=['80:8080']), [Change('ports', None, [{'host': 80, 'container': 8080, 'protocol': 'tcp'}])]),
        (web(dns_discovery={'name': 'web.prod'}), [Change('dns_discovery', None, {'name': 'web.prod'})]),
    ],
)
def test_one_row_for_each_service_and_one_change_for_each_field(after, changes):
    assert changed_rows(state(WEB), state(after)) == [Row('web', 'update', tuple(changes))]


@pytest.mark.parametrize(
    'after',
    [
        web(environment=['A=1', 'B=2']),
        web(environment={'B': '2', 'A': '1'}),
        web(memory=1024),
        web(ports=[]),
    ],
)
def test_another_way_to_write_the_same_is_no_difference(after):
    assert changed_rows(state(WEB), state(after)) == []


def test_what_a_new_service_is():
    (row,) = changed_rows(state(), state({'web': {'image': 'web:1', 'memory': 64, 'environment': {'A': 1}}}))
    assert (row.service, row.action) == ('web', 'create')
    assert [(each.path, each.after) for each in row.changes] == [
        ('desired_count', 1),
        ('environment.A', '1'),
        ('image', 'web:1'),
        ('memory', 64),
    ]


def test_a_renamed_service_is_a_new_one_and_the_end_of_the_old():
    rows = changed_rows(state(WEB), state({'site': WEB['web']}))
    assert [(row.service, row.action) for row in rows] == [('site', 'create'), ('web', 'destroy')]


def test_a_default_changes_whoever_inherits_it():
    own = {'own': {'image': 'own:1', 'memory': 100}}
    rows = changed_rows(state(WEB, own, defaults={'memory': 200}), state(WEB, own, defaults={'memory': 300}))
    assert rows == [Row('web', 'update', (Change('memory', 200, 300),))]


def test_what_stands_outside_the_services():
    rows = changed_rows(state(WEB, vpc={'id': 'vpc-1'}), state(WEB, vpc={'id': 'vpc-2'}))
    assert rows == [Row(CLUSTER_WIDE, 'update', (Change('vpc.id', 'vpc-1', 'vpc-2'),))]
    assert touched(rows) == set()


def test_in_a_few_words():
    after = state(web(image='web:2', memory=64, environment=None), {'api': {'image': 'api:1'}})
    rows = changed_rows(state(WEB, {'old': {'image': 'old:1'}}), after)
    assert summary(rows) == 'web: image web:1 → web:2, environment.A and 2 more; api: create; old: destroy'
    assert summary(rows, most=1) == 'web: image web:1 → web:2, environment.A and 2 more; 2 more services'
    assert summary([]) == 'no change'
    assert touched(rows) == {'web', 'api', 'old'}
