"""The table of fields, held against the AWS API that its values go to."""

import dataclasses
from collections.abc import Iterator

import botocore.session
import pytest
from botocore.model import Shape, StructureShape

from stack.stackfile.container_fields import LOG_DRIVERS
from stack.stackfile.entries import DEFAULTS, Entry, entries
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.rendering import Target

ECS = botocore.session.get_session().get_service_model('ecs')
PLACES = {
    'container': ECS.shape_for('ContainerDefinition'),
    'task': ECS.operation_model('RegisterTaskDefinition').input_shape,
    'service': ECS.operation_model('CreateService').input_shape,
}


def targets(known: tuple[Entry, ...], around: Shape | None = None) -> Iterator[tuple[Shape, Target]]:
    """Every target of the table, and the structure of ECS's that it lies in."""
    for entry in known:
        for target in entry.ecs:
            place = PLACES.get(target.place, around)
            assert isinstance(place, StructureShape), f'{entry.name} has a key, but nothing to put it in'
            yield place, target
            inner = place
            for key in target.key.split('.'):
                inner = inner.members[key]
            yield from targets(entry.shape.entries, inner.member if inner.type_name == 'list' else inner)


def name_of(value: StructureShape | Target) -> str:
    return value.key if isinstance(value, Target) else value.name


@pytest.mark.parametrize(('place', 'target'), list(targets(entries(ServiceSettings))), ids=name_of)
def test_every_target_is_there(place: StructureShape, target: Target):
    for key in target.key.split('.'):
        assert key in place.members
        place = place.members[key]


def test_words_are_those_of_ecs():
    assert set(LOG_DRIVERS) == set(ECS.shape_for('LogDriver').enum)
    words = {e.name: set(e.shape.json['enum']) for e in entries(ServiceSettings) if 'enum' in e.shape.json}
    assert words['scheduling_strategy'] == set(ECS.shape_for('SchedulingStrategy').enum)
    assert words['launch_type'] < set(ECS.shape_for('LaunchType').enum)


@pytest.mark.parametrize('table', [ServiceSettings, Stackfile])
def test_every_attribute_is_a_field_with_a_help(table: type):
    attributes = [field.name for field in dataclasses.fields(table) if field.name != 'name']
    assert [entry.name for entry in entries(table)] == attributes
    assert all(entry.help.endswith('.') for entry in entries(table))


def test_what_may_stand_under_defaults():
    """What the design names, and what the old system's documents have there."""
    expected = {
        'memory',
        'cpu',
        'launch_type',
        'environment',
        'secrets',
        'healthcheck',
        'deployment',
        'deployment_configuration',
        'deployment_circuit_breaker',
        'task_role_arn',
        'task_execution_role_arn',
        'task',
        'memory_reservation',
        'network_mode',
        'network',
        'architecture',
        'operating_system',
        'capacity_providers',
        'compatibilities',
        'read_only_root',
        'init',
        'ulimits',
        'stop_timeout',
        'labels',
        'env_files',
        'registry_credentials',
        'restart_on_secret_change',
        'tags',
        'task_definition_tags',
        'propagate_tags',
        'ecs_managed_tags',
        'service_connect',
        'grace_period',
        'exec',
        'autoscaling',
        'on_failure',
        'az_rebalancing',
        'platform_version',
        'scheduler_role',
        'ecs',
    }
    assert {e.name for e in entries(ServiceSettings) if e.inherits == DEFAULTS} == expected
