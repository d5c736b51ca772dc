"""The origin of each effective setting."""

import json
from typing import Any

import pytest
from hypothesis import given

from stack.errors import NotFound
from stack.stackfile.origins import Origin, settings_with_origins
from tests.unit.stack.stackfile.test_effective import ANYTHING

DOCUMENT: dict[str, Any] = {
    'logging': {'log_driver': 'json-file'},
    'tags': {'team': 'a', 'stage': 'prod'},
    'defaults': {
        'memory': 512,
        'launch_type': 'FARGATE',
        'environment': {'LOG_LEVEL': 'info', 'REGION': 'eu'},
        'tags': {'team': 'b'},
    },
    'services': [
        {'web': {'image': 'web:1', 'memory': 256, 'environment': [{'REGION': 'us'}, {'PORT': 80}], 'tags': {'x': 'y'}}},
        {'worker': {'image': 'worker:1'}},
    ],
}


def found(name: str, document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    return {field: setting.to_json() for field, setting in settings_with_origins(document, name).items()}


def test_a_value_comes_from_the_nearest_place_that_states_it():
    web = found('web')
    assert web['image'] == {'value': 'web:1', 'origin': 'service'}
    assert web['memory'] == {'value': 256, 'origin': 'service'}
    assert web['launch_type'] == {'value': 'FARGATE', 'origin': 'defaults'}
    assert web['logging'] == {'value': {'log_driver': 'json-file'}, 'origin': 'cluster'}
    assert web['desired_count'] == {'value': 1, 'origin': 'built-in'}
    assert found('worker')['memory'] == {'value': 512, 'origin': 'defaults'}


def test_each_key_of_a_merged_mapping_has_its_origin():
    web = found('web')
    assert web['environment'] == {
        'value': {'LOG_LEVEL': 'info', 'REGION': 'us', 'PORT': '80'},
        'origin': 'merged',
        'parts': {'LOG_LEVEL': 'defaults', 'REGION': 'service', 'PORT': 'service'},
    }
    assert web['tags'] == {
        'value': {'team': 'b', 'stage': 'prod', 'x': 'y'},
        'origin': 'merged',
        'parts': {'team': 'defaults', 'stage': 'cluster', 'x': 'service'},
    }
    assert found('worker')['environment'] == {
        'value': {'LOG_LEVEL': 'info', 'REGION': 'eu'},
        'origin': 'defaults',
    }


def test_merged_members_of_ecs_have_no_empty_parts():
    document = {
        'defaults': {'ecs': {'container': {'linuxParameters': {'swappiness': 1}}}},
        'services': [{'web': {'image': 'web:1', 'ecs': {'container': {'linuxParameters': {'maxSwap': 2}}}}}],
    }
    assert found('web', document)['ecs']['value'] == {'container': {'linuxParameters': {'swappiness': 1, 'maxSwap': 2}}}


def test_fields_without_a_value_are_absent():
    assert not {'cpu', 'elb', 'volumes', 'task_role_arn'} & set(found('web'))


def test_an_unreadable_value_does_not_count():
    document = {'defaults': {'memory': 512}, 'services': [{'web': {'image': 'web:1', 'memory': 'lots'}}]}
    assert found('web', document)['memory'] == {'value': 512, 'origin': 'defaults'}


def test_a_default_that_does_not_apply_is_absent():
    document = {'services': [{'web': {'image': 'web:1', 'memory_reservation': 64}}]}
    assert 'memory' not in found('web', document)


def test_an_unknown_service_is_not_found():
    with pytest.raises(NotFound, match="'nope'"):
        settings_with_origins(DOCUMENT, 'nope')


@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_stored_document_has_origins(raw: Any, defaults: Any, logging: Any):
    document = {'services': [{'web': raw}, raw], 'defaults': defaults, 'logging': logging, 'tags': raw}
    for setting in settings_with_origins(document, 'web').values():
        assert isinstance(setting.origin, Origin)
        json.dumps(setting.to_json())
