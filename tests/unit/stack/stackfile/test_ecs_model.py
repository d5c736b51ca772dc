"""The pass-through against botocore's model of the ECS API."""

from typing import Any

import jsonschema
import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from stack.stackfile import ecs_model
from stack.stackfile.json_schema import json_schema
from tests.unit.stack.stackfile.examples import one_service
from tests.unit.stack.stackfile.semantics.checking import mistakes

ECS = get_session().get_service_model('ecs')


@pytest.mark.parametrize(
    ('place', 'value', 'found'),
    [
        ('container', {'linuxParametrs': {}}, [(('linuxParametrs',), 'did you mean "linuxParameters"?')]),
        ('container', {'name': 'x'}, [(('name',), 'is set by container_name')]),
        ('container', {'memory': 2**31}, [(('memory',), 'is beyond 32 bits')]),
        ('container', {'memory': True}, [(('memory',), 'expected a whole number; found true')]),
        ('container', {'ulimits': [{'name': 'nofile', 'softLimit': 1}]}, [(('ulimits', 0), 'hardLimit is missing')]),
        ('container', {'dockerLabels': {'a': 1}}, [(('dockerLabels', 'a'), 'expected text; found 1')]),
        ('container', {'command': 'x'}, [(('command',), 'expected a list; found "x"')]),
        ('task_definition', {'pidMode': 'tasks'}, [(('pidMode',), 'did you mean "task"?')]),
        ('task_definition', {'family': 'x'}, [(('family',), 'is set by')]),
        ('service', {'launchType': 'EC2'}, [(('launchType',), 'is set by launch_type')]),
        (
            'service',
            {'deploymentConfiguration': {'strategy': 'BLUE-GREEN'}},
            [(('deploymentConfiguration', 'strategy'), 'did you mean "BLUE_GREEN"?')],
        ),
        ('service', {'deploymentConfiguration': {'lifecycleHooks': [{'hookDetails': {'a': [1]}}]}}, []),
        ('service', [], [((), 'expected a mapping; found a list')]),
    ],
)
def test_mistakes(place: str, value: Any, found: list):
    listed = list(ecs_model.mistakes(place, value))
    assert [path for path, _ in listed] == [path for path, _ in found]
    assert all(expected in message for (_, message), (_, expected) in zip(listed, found, strict=True))


def test_mistakes_have_their_path_in_the_stackfile():
    ecs = {'container': {'ulimits': [{'name': 'nofile', 'softLimit': '1', 'hardLimit': 2}]}, 'task': {}}
    found = dict(mistakes(one_service(ecs=ecs)))
    assert found == {
        'ecs.container.ulimits[0].softLimit': 'expected a whole number; found "1"',
        'ecs.task': 'unknown key',
    }


# Values for any shape of the model, right ones and some that are not.
def values(name: str, depth: int = 0) -> st.SearchStrategy[Any]:
    shape = ecs_model.shapes()[name]
    kind = shape['type']
    if kind == 'structure':
        members = shape['members'] if depth < 4 else {}
        required = {each: values(members[each]['shape'], depth + 1) for each in shape.get('required', ()) if members}
        optional = {each: values(part['shape'], depth + 1) for each, part in members.items() if each not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if kind == 'list':
        return st.lists(values(shape['member']['shape'], depth + 1), max_size=2)
    if kind == 'map':
        return st.dictionaries(st.text(max_size=3), values(shape['value']['shape'], depth + 1), max_size=2)
    if kind == 'boolean':
        return st.booleans()
    if kind == 'string':
        return st.sampled_from(shape['enum']) if 'enum' in shape else st.text(max_size=5)
    return st.integers(shape.get('min', 0), shape.get('max', 100))


@pytest.mark.parametrize('place', ecs_model.SHAPES)
@given(data=st.data())
def test_whatever_is_accepted_botocore_accepts_as_well(place: str, data: st.DataObject):
    shape = ecs_model.shapes()[ecs_model.SHAPES[place]]
    names = sorted(set(shape['members']) - set(ecs_model.SET_BY_FIELDS[place]))
    name = data.draw(st.sampled_from(names))
    value = data.draw(values(shape['members'][name]['shape']))
    found = list(ecs_model.mistakes(place, {name: value}))
    model = ECS.shape_for(ecs_model.SHAPES[place]).members[name]
    refused = ParamValidator().validate(value, model).generate_report()
    assert not refused or found, refused
    if not found:
        schema = {'$ref': f'#/$defs/ecs.{place}', '$defs': json_schema()['$defs']}
        assert jsonschema.Draft202012Validator(schema).is_valid({name: value})
