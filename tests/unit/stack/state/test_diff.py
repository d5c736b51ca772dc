"""The difference of two desired states, for every kind of edit exactly the rows that it makes."""

import copy
import json
from typing import Any

import pytest

from stack.state.diff import CLUSTER_WIDE, changed_rows, difference, summary, touched
from tests.unit.stack.stackfile.examples import example


def edited(edit) -> dict[str, Any]:
    document = copy.deepcopy(example())
    edit(document)
    return document


def service(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item[name] for item in document['services'] if name in item)


def rows(edit) -> list[tuple[str, str, list[tuple[str, Any, Any]]]]:
    changed = difference(example(), edited(edit)).changed
    return [(row.service, row.action, [(c.path, c.before, c.after) for c in row.changes]) for row in changed]


def rename(document: dict[str, Any]) -> None:
    document['services'][2] = {'mailer': document['services'][2]['email-worker']}


@pytest.mark.parametrize(
    ('edit', 'expected'),
    [
        (lambda d: None, []),
        (lambda d: d['services'].reverse(), []),
        (lambda d: service(d, 'routing-service').update(environment={'SERVER_PORT': '8080'}), []),
        (lambda d: service(d, 'email-worker').update(memory=930, desired_count=1), []),
        (
            lambda d: d['services'].append({'web': {'image': 'team/web:1', 'ports': ['1:2']}}),
            [
                (
                    'web',
                    'create',
                    [
                        ('desired_count', None, 1),
                        ('environment.LOG_LEVEL', None, 'INFO'),
                        ('environment.SERVER_PORT', None, '80'),
                        ('image', None, 'team/web:1'),
                        (
                            'logging',
                            None,
                            {
                                'log_driver': 'awslogs',
                                'options': {
                                    'awslogs-group': '/ecs/staging',
                                    'awslogs-region': 'us-east-1',
                                    'awslogs-stream-prefix': 'svc',
                                },
                            },
                        ),
                        ('memory', None, 930),
                        ('ports', None, ['1:2']),
                    ],
                )
            ],
        ),
        (lambda d: d['services'].pop(1), [('user-service', 'destroy', [])]),
        (
            lambda d: service(d, 'email-worker').update(image='team/email-worker:2'),
            [('email-worker', 'update', [('image', 'team/email-worker:2024-01-02', 'team/email-worker:2')])],
        ),
        (
            lambda d: service(d, 'email-worker').update(desired_count=0),
            [('email-worker', 'update', [('desired_count', 1, 0)])],
        ),
        (
            lambda d: service(d, 'routing-service')['environment'].append('LOG_LEVEL=DEBUG'),
            [('routing-service', 'update', [('environment.LOG_LEVEL', 'INFO', 'DEBUG')])],
        ),
        (
            lambda d: service(d, 'routing-service')['environment'].pop(),
            [('routing-service', 'update', [('environment.SERVER_PORT', '8080', '80')])],
        ),
        (
            lambda d: service(d, 'user-service').update(ports=['53:53/udp', '80:80']),
            [('user-service', 'update', [('ports', ['80:80'], ['53:53/udp', '80:80'])])],
        ),
        (
            lambda d: service(d, 'routing-service')['elb']['ports'].update(public=8443),
            [('routing-service', 'update', [('elb.ports.public', 443, 8443)])],
        ),
        (
            lambda d: service(d, 'routing-service')['elb'].update(type='private'),
            [
                (
                    'routing-service',
                    'update',
                    [
                        ('elb.type', 'public', 'private'),
                        ('vpc.security_groups.private', None, ['sg-b']),
                        ('vpc.security_groups.public', ['sg-a'], None),
                        ('vpc.subnets.private', None, ['subnet-c', 'subnet-d']),
                        ('vpc.subnets.public', ['subnet-a', 'subnet-b'], None),
                    ],
                )
            ],
        ),
    ],
)
def test_an_edit_makes_exactly_these_rows(edit, expected):
    assert rows(edit) == expected


def test_a_renamed_service_is_one_created_and_one_destroyed():
    assert [(name, action) for name, action, _ in rows(rename)] == [('mailer', 'create'), ('email-worker', 'destroy')]


def test_an_elb_that_comes_or_goes_is_one_change():
    (row,) = difference(example(), edited(lambda d: service(d, 'routing-service').pop('elb'))).changed
    assert [change.path for change in row.changes] == ['elb', 'vpc']
    assert row.changes[0].before['ports'] == {'public': 443, 'container': 8080}
    assert row.changes[0].after is None


def test_a_default_shows_at_the_services_that_it_reaches_and_by_itself():
    found = difference(example(), edited(lambda d: d['defaults'].update(memory=512, environment={'SERVER_PORT': 81})))
    paths = {row.service: [change.path for change in row.changes] for row in found.changed}
    assert paths == {
        'routing-service': ['environment.LOG_LEVEL', 'memory'],
        'user-service': ['environment.LOG_LEVEL', 'environment.SERVER_PORT', 'memory'],
        'email-worker': ['environment.LOG_LEVEL', 'environment.SERVER_PORT', 'memory'],
    }
    assert [change.path for change in found.settings] == [
        'defaults.environment.LOG_LEVEL',
        'defaults.environment.SERVER_PORT',
        'defaults.memory',
    ]


def test_the_network_shows_at_the_services_that_are_given_it():
    found = difference(example(), edited(lambda d: d['vpc']['subnets'].update(public=['subnet-b', 'subnet-x'])))
    assert [row.service for row in found.changed] == ['routing-service']
    assert [change.path for change in found.settings] == ['vpc.subnets.public']


def test_the_order_of_subnets_makes_no_difference():
    found = difference(example(), edited(lambda d: d['vpc']['subnets']['public'].reverse()))
    assert (found.changed, found.settings) == ((), ())


def test_every_service_has_a_row():
    found = difference(example(), edited(lambda d: d['services'].pop(0)))
    assert [(row.service, row.action) for row in found.rows] == [
        ('user-service', 'nothing'),
        ('email-worker', 'nothing'),
        ('routing-service', 'destroy'),
    ]


def test_what_cannot_be_read_is_not_hidden():
    before = {'services': [{'a': {'image': 'a:1', 'desired_count': 'two', 'colour': 'red'}}], 'note': 1}
    after = {'services': [{'a': {'image': 'a:1', 'desired_count': 'three', 'colour': 'blue'}}], 'note': 2}
    found = difference(before, after)
    assert [(c.path, c.before, c.after) for c in found.changed[0].changes] == [
        ('colour', 'red', 'blue'),
        ('desired_count', 'two', 'three'),
    ]
    assert [(c.path, c.before, c.after) for c in found.settings] == [('note', 1, 2)]


@pytest.mark.parametrize(
    'document',
    [
        None,
        [],
        'text',
        {},
        {'services': None},
        {'services': 'x'},
        {'services': [1, None, {'a': None}, {'b': 'c'}, {}]},
        {'services': [{'a': {'image': 5, 'elb': [], 'ports': {'x': 1}, 'environment': 3}}], 'defaults': [], 'vpc': 'x'},
    ],
)
def test_no_document_is_too_broken_to_be_compared(document):
    difference(document, example()).summary()
    difference(example(), document).summary()
    assert difference(document, document).changed == ()


@pytest.mark.parametrize(
    ('edit', 'line'),
    [
        (lambda d: None, 'no difference'),
        (
            lambda d: service(d, 'user-service').update(image=service(d, 'user-service')['image'].replace('v7', 'v8')),
            'user-service: image v7 → v8',
        ),
        (
            lambda d: service(d, 'email-worker').update(image='other/mailer:1', desired_count=3),
            'email-worker: desired_count 1 → 3, image team/email-worker:2024-01-02 → other/mailer:1',
        ),
        (
            lambda d: service(d, 'email-worker').update(environment={'PASSWORD': 'hunter2'}, privileged=True),
            'email-worker: environment.PASSWORD, privileged false → true',
        ),
        (rename, 'mailer created; email-worker destroyed'),
        (lambda d: d['services'].clear(), '3 services destroyed'),
        (
            lambda d: d['vpc'].update(id='vpc-2'),
            'routing-service: vpc.id vpc-0a1b2c → vpc-2; user-service: vpc.id vpc-0a1b2c → vpc-2; vpc changed',
        ),
    ],
)
def test_a_summary_is_one_line(edit, line):
    assert difference(example(), edited(edit)).summary() == line


def test_a_summary_stays_short():
    many = {'services': [{f's{n}': {'image': 'a:1', 'desired_count': n}} for n in range(50)]}
    fewer = {'services': [{f's{n}': {'image': 'a:1'}} for n in range(50)]}
    assert difference(many, fewer).summary() == '49 services changed'


def test_values_of_variables_are_not_in_a_summary():
    after = edited(lambda d: service(d, 'email-worker').update(environment={'PASSWORD': 'hunter2'}))
    assert 'hunter2' not in difference(example(), after).summary()
    assert 'hunter2' not in difference(after, example()).summary()


def test_what_stands_above_the_services_can_be_a_row_of_its_own():
    after = edited(lambda d: d['services'].pop(2) and d.update(note='x'))
    rows = changed_rows(example(), after)
    assert [(row.service, row.action) for row in rows] == [('email-worker', 'destroy'), (CLUSTER_WIDE, 'update')]
    assert touched(rows) == {'email-worker'}
    assert summary(rows) == 'email-worker destroyed; note changed'
    assert changed_rows(example(), example()) == []


def test_durations_are_shown_as_they_are_written():
    def document(bake_time: str, expires: str) -> dict[str, Any]:
        deployment = {'strategy': 'blue_green', 'bake_time': bake_time, 'pause': ['post_scale_up']}
        window = {'cron': '0 18 ? * FRI *', 'duration': expires, 'reason': 'weekend'}
        approvals = {'required': 1, 'by': ['role:deployer'], 'expires': expires, 'when': ['deploy']}
        web = {'web': {'image': 'web:1', 'deployment': deployment}}
        return {'services': [web], 'approvals': approvals, 'freezes': [window]}

    for before in ({}, document('10m', '4h')):
        shown = json.dumps(difference(before, document('1h30m', '2h')).to_json())
        assert '1h30m' in shown
        assert '2h' in shown
