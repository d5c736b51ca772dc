"""Drift: what runs against what is wanted."""

from collections.abc import Mapping
from typing import Any

import pytest

from stack.reconcile.observed import TaskDefinition
from stack.reconcile.plan import Change, Row
from stack.reconcile.wanted import Wanted, wanted_services
from stack.rollouts import ecs_state
from stack.rollouts.drift import carries, dropped_fields, service_drift, unmanaged

NYSA_TAGS = {'nysa:cluster': 'prod', 'nysa:service': 'web'}


def wanted(**settings: Any) -> Wanted:
    document = {'services': [{'web': {'image': 'web:1', 'desired_count': 2, 'environment': {'A': '1'}, **settings}}]}
    return wanted_services('prod', document)['web']


def definition(of: Wanted, tags: Mapping[str, str] = NYSA_TAGS, task: Mapping = {}, **container: Any) -> TaskDefinition:
    body = {key: value for key, value in of.definition.items() if key != 'tags'}
    body = {**body, 'revision': 3, 'taskDefinitionArn': 'arn:td/prod-web:3', **task}
    body['containerDefinitions'] = [{**body['containerDefinitions'][0], **container}]
    return TaskDefinition('arn:td/prod-web:3', 'prod-web', body, tags)


def service(**changes: Any) -> ecs_state.Service:
    found = {'serviceName': 'web', 'serviceArn': 'arn:web', 'status': 'ACTIVE', 'desiredCount': 2, 'launchType': 'EC2'}
    return ecs_state.service(found | changes)


def test_nothing_differs():
    assert service_drift(wanted(), service(), definition(wanted())) is None


def test_a_task_that_runs_once_has_no_service():
    assert service_drift(wanted(type='task'), None, None) is None


@pytest.mark.parametrize('seen', [None, service(status='INACTIVE'), service(status='DRAINING')])
def test_a_service_that_is_not_there(seen):
    assert service_drift(wanted(), seen, None) == Row('web', 'create')


@pytest.mark.parametrize(
    ('seen', 'container', 'change'),
    [
        ({}, {'image': 'web:9'}, Change('image', 'web:9', 'web:1')),
        ({}, {'environment': [{'name': 'A', 'value': '2'}]}, Change('environment.A', '2', '1')),
        ({}, {'memory': 5}, Change('memory', 5, 1024)),
        ({}, {'command': ['debug']}, Change('command', ['debug'], None)),
        ({'desiredCount': 5}, {}, Change('desired_count', 5, 2)),
        ({'desiredCount': 0}, {}, Change('desired_count', 0, 2)),
        (
            {'deploymentConfiguration': {'maximumPercent': 150}},
            {},
            Change('deployment.maximum_percent', 150, 200),
        ),
        (
            {'placementConstraints': [{'type': 'distinctInstance'}]},
            {},
            Change('placement_constraints', [{'type': 'distinctInstance'}], None),
        ),
    ],
)
def test_edited_by_hand(seen, container, change):
    assert service_drift(wanted(), service(**seen), definition(wanted(), **container)) == Row(
        'web', 'update', (change,)
    )


def test_an_autoscaler_or_the_instances_decide_the_count():
    assert service_drift(wanted(autoscaled=True), service(desiredCount=9), definition(wanted())) is None
    daemon = wanted(scheduling_strategy='DAEMON')
    seen = service(desiredCount=9, schedulingStrategy='DAEMON')
    assert service_drift(daemon, seen, definition(daemon)) is None


def test_what_is_not_known_yet_is_no_drift():
    assert service_drift(wanted(), service(), None) is None


@pytest.mark.parametrize('tags', [{}, NYSA_TAGS])
def test_what_carries_a_revision(tags):
    assert carries(definition(wanted(), tags), wanted())
    assert not carries(definition(wanted(), tags), wanted(image='web:2'))
    assert not carries(definition(wanted(), tags), wanted(environment={'A': '2'}))


def test_another_scheduler_may_add_and_name_what_it_likes():
    others = definition(wanted(), {}, {'family': 'web'}, name='main', memoryReservation=64, dockerLabels={'by': 'x'})
    assert carries(others, wanted())
    tagged = definition(wanted(), NYSA_TAGS, memoryReservation=64)
    assert not carries(tagged, wanted())


def test_services_that_nobody_manages():
    seen = [service(), service(serviceName='b'), service(serviceName='a'), service(serviceName='c', status='INACTIVE')]
    assert unmanaged(['web'], seen) == ['a', 'b']


def test_a_field_that_is_left_to_others_is_no_drift():
    ignoring = wanted(ignore=['desired_count', 'command'])
    assert service_drift(ignoring, service(desiredCount=9), definition(wanted(), command=['debug'])) is None
    assert carries(definition(wanted(), command=['debug']), ignoring)
    keeping = wanted(undeclared='keep')
    assert service_drift(keeping, service(), definition(wanted(), user='1000')) is None
    assert not carries(definition(wanted(), image='web:9'), keeping)


@pytest.mark.parametrize(
    ('before', 'after', 'already', 'dropped'),
    [
        ({'command': ['a']}, {}, None, {'command'}),
        ({'command': ['a']}, {}, frozenset({'user'}), {'command', 'user'}),
        ({}, {'command': ['a']}, None, set()),
        ({}, {'command': ['a']}, frozenset({'command', 'user'}), {'user'}),
        ({'command': ['a']}, {'command': ['b']}, frozenset({'command', 'user'}), {'user'}),
        ({'command': ['a']}, {'command': ['a']}, frozenset({'user'}), {'user'}),
        ({'command': ['a']}, {'command': ['a']}, None, set()),
        ({'command': ['a'], 'user': 'x'}, {'memory': 5}, None, {'command', 'user'}),
    ],
)
def test_fields_that_a_service_is_to_have_no_more(before: dict, after: dict, already: frozenset | None, dropped: set):
    assert dropped_fields(wanted(**before), wanted(**after), already) == dropped


def test_a_new_service_drops_nothing():
    assert dropped_fields(None, wanted(command=['a']), None) == frozenset()
    assert dropped_fields(None, wanted(), frozenset({'user'})) == {'user'}


def test_a_dropped_field_is_not_what_another_scheduler_may_add():
    registered = definition(wanted(), tags={}, command=['a'])
    assert carries(registered, wanted())
    assert carries(registered, wanted(), dropped={'user'})
    assert not carries(registered, wanted(), dropped={'command'})
