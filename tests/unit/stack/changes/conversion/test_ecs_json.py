"""Conversion of task definitions and service definitions."""

import json
from pathlib import Path
from typing import Any

import pytest

from stack.changes.conversion.draft import Conversion
from stack.changes.conversion.ecs_json import Definition, convert, task_definition_of
from stack.errors import InvalidRequest
from stack.reconcile.wanted import wanted_services
from stack.stackfile.check import check
from stack.stackfile.normal_form import normalised

FILES = Path(__file__).parent / 'files'


def load(name: str) -> dict[str, Any]:
    return json.loads((FILES / name).read_text())


def payments(service: dict[str, Any]) -> Conversion:
    return convert([Definition(load('taskdef.json'), service, 'payments')], 'prod', 'eu-west-1')


def test_a_service_with_its_task_definition_loses_nothing():
    conversion = payments(load('ecs-service-def.json'))
    assert (conversion.notes, conversion.missing) == ((), ())
    assert check(conversion.document).mistakes == ()
    rendered = wanted_services('prod', conversion.document, 'eu-west-1')['payments'].definition
    given = load('taskdef.json')
    names = ('family', 'tags')
    own = {key: value for key, value in normalised(rendered).items() if key not in names}
    assert own == {key: value for key, value in normalised(given).items() if key not in names}


def test_a_task_definition_alone_needs_a_network():
    conversion = payments({})
    assert conversion.missing == ('payments.launch_type: FARGATE needs vpc.subnets.private or vpc.subnets.public',)
    assert 'vpc' not in conversion.document
    assert 'subnet-00000000' not in json.dumps(conversion.document)
    assert [note.text for note in conversion.notes] == [
        'A task definition has no subnets and security groups: add vpc, or network to the service.'
    ]


def test_a_task_definition_on_ec2_needs_nothing():
    body = {'family': 'web', 'containerDefinitions': [{'name': 'web', 'image': 'nginx:1', 'memory': 256}]}
    conversion = convert([Definition(body, {}, 'web'), Definition({**body, 'family': 'two'}, {}, 'two')])
    assert conversion.missing == ()
    assert [name for item in conversion.document['services'] for name in item] == ['two', 'web']


def test_the_answer_of_describe_task_definition():
    body = load('taskdef.json')
    tags = body.pop('tags')
    assert task_definition_of({'taskDefinition': body, 'tags': tags}) == {**body, 'tags': tags}


@pytest.mark.parametrize('read', [None, [], {}, {'family': 'x'}, {'containerDefinitions': []}, {'taskDefinition': 1}])
def test_what_is_no_task_definition(read: Any):
    with pytest.raises(InvalidRequest):
        task_definition_of(read)
