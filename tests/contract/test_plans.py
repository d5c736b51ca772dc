"""Every change can be planned first: the plan predicts its effect, and a dry run stores and sends nothing."""

import copy

import pytest

from tests.client import path
from tests.server import Server

CONFIG = {
    'defaults': {'environment': {'LEVEL': 'info'}},
    'services': [
        {'web': {'image': 'team/web:1', 'ports': ['80:80'], 'environment': {'A': 1}}},
        {'worker': {'image': 'team/worker:1', 'desired_count': 2}},
    ],
}


def edited(**services) -> dict:
    """CONFIG with some services changed: None leaves one out."""
    document = copy.deepcopy(CONFIG)
    for name, settings in services.items():
        found = next((item for item in document['services'] if name in item), None)
        if settings is None:
            document['services'].remove(found)
        elif found:
            found[name].update(settings)
        else:
            document['services'].append({name: settings})
    return document


def actions(plan: dict) -> dict[str, tuple]:
    return {
        row['service']: (row['action'], [change['path'] for change in row['changes']])
        for row in plan['services']
        if row['action'] != 'nothing'
    }


@pytest.mark.parametrize(
    ('document', 'expected'),
    [
        (CONFIG, {}),
        (edited(web={'image': 'team/web:2'}), {'web': ('update', ['image'])}),
        (edited(worker={'desired_count': 0}), {'worker': ('update', ['desired_count'])}),
        (edited(web={'environment': {'A': 2}}), {'web': ('update', ['environment.A'])}),
        (edited(web={'ports': ['81:81']}), {'web': ('update', ['ports'])}),
        (edited(worker=None), {'worker': ('unmanage', [])}),
        (
            edited(new={'image': 'team/new:1'}),
            {'new': ('create', ['desired_count', 'environment.LEVEL', 'image'])},
        ),
        (
            edited(worker=None, helper={'image': 'team/worker:1', 'desired_count': 2}),
            {'worker': ('unmanage', []), 'helper': ('create', ['desired_count', 'environment.LEVEL', 'image'])},
        ),
    ],
)
def test_a_plan_has_exactly_the_rows_of_what_changes(server: Server, document, expected):
    name = server.cluster(CONFIG)
    current = server.stored(name)['VersionId']
    plan = server.api('POST', path('clusters', name, 'plan'), document)
    assert plan.status == 200, plan.body
    assert actions(plan.json) == expected
    assert {row['service'] for row in plan.json['services']} >= {'web', 'worker'}
    assert plan.json['revision'] == current
    same = server.api('PUT', path('clusters', name, 'config') + '?dry_run=true', document)
    assert (same.status, same.json['id'], same.revision) == (200, plan.json['id'], current)
    assert (server.stored(name)['VersionId'], server.messages()) == (current, [])


def test_services_are_destroyed_only_where_that_is_asked_for(server: Server):
    name = server.cluster(CONFIG)
    left_out = edited(worker=None)
    plan = server.api('POST', path('clusters', name, 'plan'), left_out).json
    assert plan['unmanaged'] == ['worker']
    pruning = server.api('POST', path('clusters', name, 'plan') + '?prune=true', left_out).json
    assert (pruning['unmanaged'], actions(pruning)) == ([], {'worker': ('destroy', [])})
    assert plan['id'] != pruning['id']


@pytest.mark.parametrize('prune', [True, False])
def test_what_is_left_out_is_destroyed_or_goes_on_running(server: Server, prune):
    name = server.cluster(CONFIG)
    answer = server.api('PUT', path('clusters', name, 'config') + f'?prune={prune}', {'services': []})
    assert answer.status == 202
    assert answer.json.get('unmanaged') == (None if prune else ['web', 'worker'])
    messages = server.messages()
    assert [(each['event_type'], each.get('service')) for each in messages] == [
        ('cluster-deploy', None),
        *([('service-destroy', 'web'), ('service-destroy', 'worker')] if prune else []),
    ]
    assert {each['revision'] for each in messages} == {answer.json['revision']}


CHANGES = [
    pytest.param('PUT', ['config'], edited(web={'image': 'team/web:2'}), {'web': ('update', ['image'])}, id='replace'),
    pytest.param(
        'PUT', ['services', 'web'], {'image_tag': '2', 'deploy': False}, {'web': ('update', ['image'])}, id='change'
    ),
    pytest.param('DELETE', ['services', 'web'], None, {'web': ('destroy', [])}, id='remove'),
    pytest.param('POST', ['services', 'web', 'restart'], None, {'web': ('update', ['restarted_at'])}, id='restart'),
    pytest.param(
        'PATCH',
        ['services'],
        {'services': {'web': None, 'worker': {'desired_count': 0}}},
        {'web': ('destroy', []), 'worker': ('update', ['desired_count'])},
        id='several',
    ),
    pytest.param('POST', ['deploy'], None, {}, id='deploy'),
    pytest.param('DELETE', [], None, {'web': ('unmanage', []), 'worker': ('unmanage', [])}, id='delete'),
]


@pytest.mark.parametrize(('method', 'rest', 'body', 'expected'), CHANGES)
def test_any_change_can_be_planned(server: Server, method, rest, body, expected):
    name = server.cluster(CONFIG)
    current = server.stored(name)['VersionId']
    plan = server.api(method, path('clusters', name, *rest) + '?dry_run=true', body)
    assert plan.status == 200, plan.body
    assert actions(plan.json) == expected
    assert (server.stored(name)['VersionId'], server.messages()) == (current, [])


@pytest.mark.parametrize(('method', 'rest', 'body', 'expected'), CHANGES)
def test_a_plan_is_refused_like_the_change(server: Server, method, rest, body, expected):
    name = server.cluster(CONFIG)
    address = path('clusters', name, *rest) + '?dry_run=true'
    assert server.api(method, address, body, If_Match='"older"').status == 412
    assert server.api(method, address.replace(name, 'missing'), body).status == 404


def test_a_first_desired_state_can_be_planned(server: Server):
    name = server.aws.cluster()
    plan = server.api('POST', '/clusters?dry_run=true', {'name': name, 'config': CONFIG})
    assert (plan.status, plan.json['revision']) == (200, None)
    assert {service: action for service, (action, _) in actions(plan.json).items()} == {
        'web': 'create',
        'worker': 'create',
    }
    assert server.keys() == []


def test_a_restoration_can_be_planned(server: Server):
    name = server.cluster(CONFIG)
    server.api('DELETE', path('clusters', name))
    keys = server.keys()
    plan = server.api('POST', path('clusters', name, 'restore') + '?dry_run=true')
    assert (plan.status, sorted(actions(plan.json))) == (200, ['web', 'worker'])
    assert name not in keys
    assert server.keys() == keys


@pytest.mark.parametrize(('body', 'status'), [({'services': 3}, 400), ({'services': [{'web': {}}]}, 400)])
def test_a_desired_state_with_mistakes_has_no_plan(server: Server, body, status):
    name = server.cluster(CONFIG)
    assert server.api('POST', path('clusters', name, 'plan'), body).status == status


def test_a_plan_is_carried_out_as_long_as_nothing_has_moved(server: Server):
    name = server.cluster(CONFIG)
    wanted = edited(web={'image': 'team/web:2'})
    plan = server.api('POST', path('clusters', name, 'plan'), wanted).json['id']
    address = path('clusters', name, 'config') + f'?plan={plan}'
    assert server.api('PUT', address, edited(web={'image': 'team/web:3'})).status == 412
    assert server.api('PUT', address + '&prune=true', wanted).status == 202
    refused = server.api('PUT', address, wanted)
    assert (refused.status, refused.json['error']) == (412, 'plan_outdated')
    assert refused.json['plan']['revision'] == server.stored(name)['VersionId']
    assert server.document(name) == wanted


def test_a_plan_does_not_outlive_a_change_to_the_same_content(server: Server):
    name = server.cluster(CONFIG)
    plan = server.api('PUT', path('clusters', name, 'services', 'web') + '?dry_run=1', {'image_tag': '2'}).json['id']
    assert server.api('PUT', path('clusters', name, 'config'), CONFIG).status == 202
    answer = server.api('PUT', path('clusters', name, 'services', 'web') + f'?plan={plan}', {'image_tag': '2'})
    assert (answer.status, answer.json['error']) == (412, 'plan_outdated')


def test_an_outdated_plan_is_refused_with_the_changes_since(server: Server):
    name = server.cluster(CONFIG)
    first = server.stored(name)['VersionId']
    server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'})
    for method, rest, body in (('PUT', ['config'], CONFIG), ('PUT', ['services', 'worker'], {'desired_count': 5})):
        refused = server.api(method, path('clusters', name, *rest), body, If_Match=f'"{first}"')
        assert refused.status == 412
        assert refused.json['diff']['against'] == first
        assert refused.json['diff']['summary'] == 'web: image 1 → 2'
        assert [row['service'] for row in refused.json['diff']['services']] == ['web']
