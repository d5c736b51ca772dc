"""Edits of desired states, perfect or not."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import InvalidRequest, NotFound, Unprocessable
from stack.stackfile.editing import Edit, change_service, change_services, check_deployable, remove_service
from tests.unit.stack.stackfile.examples import example, one_service

OLD = {
    'version': 2,
    'services': [
        None,
        {'web': {'image': 'HOST:5000/Team/Web:old', 'memroy': 1, 'environment': ['A=1', {'B': None}], 'ports': None}},
        {'pair-a': {'image': 'a'}, 'web': {'image': 'second'}},
        'worker',
        {'empty': None},
    ],
    'defaults': None,
}


@pytest.mark.parametrize('document', [{}, {'services': None}, {'services': []}, {'services': ['web']}, None, []])
def test_a_service_that_is_not_there(document: Any):
    with pytest.raises(NotFound):
        change_service(document, 'web', image_tag='v2')
    with pytest.raises(NotFound):
        remove_service(document, 'web')


@pytest.mark.parametrize('tag', ['', 'a/b', '-a', 'x' * 129, 'a:b', 'latest@sha256', 7, True, [], {}])
def test_what_is_no_tag(tag: Any):
    with pytest.raises(InvalidRequest) as refused:
        change_service(one_service(), 'web', image_tag=tag)
    assert [detail['path'] for detail in refused.value.details()] == ['image_tag']


def test_a_tag_that_yaml_reads_as_a_number_has_its_own_message():
    with pytest.raises(InvalidRequest, match=r'expected text .* found 1\.2'):
        change_service(one_service(), 'web', image_tag=1.20)


@pytest.mark.parametrize('count', [-1, 5001, True, False, 1.0, '3', [], 10**400])
def test_what_is_no_count(count: Any):
    with pytest.raises(InvalidRequest) as refused:
        change_service(one_service(), 'web', desired_count=count)
    assert refused.value.message.startswith('desired_count: expected a whole number')


@pytest.mark.parametrize('raw', [None, 'x', {}, {'image': None}, {'image': ''}, {'image': 7}, []])
def test_a_service_without_an_image_gets_no_tag(raw: Any):
    with pytest.raises(Unprocessable):
        change_service({'services': [{'web': raw}]}, 'web', image_tag='v2')


def test_only_the_tag_changes():
    before = example()
    expected = json.dumps(before).replace('routing-service:v1.2.3', 'routing-service:v2')
    assert json.dumps(change_service(before, 'routing-service', image_tag='v2')) == expected


def test_only_the_count_changes():
    before = example()
    expected = json.dumps(before).replace('"desired_count": 1', '"desired_count": 0', 1)
    assert json.dumps(change_service(before, 'routing-service', desired_count=0)) == expected


def test_a_count_that_was_not_written_comes_last():
    after = change_service(one_service(memory=8), 'web', desired_count=3)
    assert list(after['services'][0]['web'].items()) == [('image', 'team/web:1'), ('memory', 8), ('desired_count', 3)]


def test_both_at_once():
    after = change_service(one_service(), 'web', image_tag='v2', desired_count=2)
    assert after['services'][0]['web'] == {'image': 'team/web:v2', 'desired_count': 2}


def test_neither_leaves_all_as_it_was():
    assert change_service(example(), 'user-service') == example()


@pytest.mark.parametrize(
    ('image', 'retagged'),
    [
        ('host:5000/app', 'host:5000/app:v2'),
        ('a/b/c:1@sha256:' + 'a' * 64, 'a/b/c:v2'),
        ('Not An Image:x', 'Not An Image:v2'),
    ],
)
def test_images(image: str, retagged: str):
    after = change_service({'services': [{'web': {'image': image}}]}, 'web', image_tag='v2')
    assert after['services'][0]['web']['image'] == retagged


def test_an_imperfect_document_keeps_everything_else():
    before = copy.deepcopy(OLD)
    after = change_service(OLD, 'web', image_tag='new')
    expected = json.dumps(OLD).replace('Web:old', 'Web:new').replace('"second"', '"second:new"')
    assert json.dumps(after) == expected
    assert before == OLD


def test_a_count_for_a_service_that_is_no_mapping():
    assert change_service(OLD, 'empty', desired_count=2)['services'][4] == {'empty': {'desired_count': 2}}


def test_removal():
    after = remove_service(example(), 'user-service')
    expected = example()
    del expected['services'][1]
    assert json.dumps(after) == json.dumps(expected)


def test_removal_takes_every_one_of_that_name_and_leaves_its_neighbours():
    after = remove_service(OLD, 'web')
    assert after['services'] == [None, {'pair-a': {'image': 'a'}}, 'worker', {'empty': None}]


def test_the_last_service_leaves_an_empty_list():
    assert remove_service(one_service(), 'web') == {'services': []}


def test_several_at_once_or_none():
    after = change_services(OLD, {'web': Edit(image_tag='new'), 'pair-a': None, 'empty': Edit(desired_count=2)})
    assert after['services'][2:] == [{'web': {'image': 'second:new'}}, 'worker', {'empty': {'desired_count': 2}}]
    with pytest.raises(NotFound, match="'x', 'y'"):
        change_services(OLD, {'web': Edit(image_tag='new'), 'x': None, 'y': Edit(desired_count=2)})


def test_a_restart_is_later_than_the_one_before_whatever_the_clocks_say():
    at = datetime(2030, 1, 2, 3, 4, 5, 678_900, UTC)
    once = change_service(one_service(), 'web', restart=at)
    assert once['services'][0]['web']['restarted_at'] == '2030-01-02T03:04:05.678Z'
    again = change_service(once, 'web', restart=at - timedelta(hours=1))
    assert again['services'][0]['web']['restarted_at'] == '2030-01-02T03:04:05.679Z'


@pytest.mark.parametrize('controller', ['code_deploy', 'external'])
def test_another_programs_deployments_are_left_to_it(controller: str):
    document = one_service(controller=controller)
    for values in ({'image_tag': '2'}, {'restart': datetime(2030, 1, 1, tzinfo=UTC)}):
        with pytest.raises(Unprocessable, match='deploy or restart it there'):
            change_service(document, 'web', **values)
    assert change_service(document, 'web', desired_count=3)['services'][0]['web']['desired_count'] == 3


@pytest.mark.parametrize('controller', ['code_deploy', 'external'])
def test_settings_that_another_program_would_deploy_are_refused(controller: str):
    before = {'image': 'a:1', 'controller': controller, 'memory': 64}
    with pytest.raises(Unprocessable, match=r"deploys the service 'web': change environment, image, memory there\."):
        check_deployable('web', before, {'image': 'a:2', 'controller': controller, 'environment': {'A': '1'}})
    check_deployable('web', before, {**before, 'desired_count': 2, 'tags': {'a': 'b'}, 'ignore': ['image']})
    check_deployable('web', before, {'image': 'a:2'})
    check_deployable('web', {'image': 'a:1'}, {'image': 'a:2'})
