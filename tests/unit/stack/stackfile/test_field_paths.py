"""Paths of fields and the members that they stand for."""

import pytest

from stack.stackfile.check import check
from stack.stackfile.field_paths import Part, declared_paths, parts_of


@pytest.mark.parametrize(
    ('path', 'parts'),
    [
        ('image', [Part('container', 'image')]),
        ('desired_count', [Part('service', 'desiredCount')]),
        ('environment.LEVEL', [Part('container', 'environment', entry='LEVEL')]),
        ('deployment', [Part('service', 'deploymentConfiguration')]),
        ('deployment.bake_time', [Part('service', 'deploymentConfiguration.bakeTimeInMinutes')]),
        ('task', [Part('task', 'cpu'), Part('task', 'memory')]),
        ('containers', [Part('container', '')]),
        ('containers.agent', [Part('container', '', 'agent')]),
        ('containers.agent.image', [Part('container', 'image', 'agent')]),
        ('containers.agent.ecs.container.user', [Part('container', 'user', 'agent')]),
        ('ecs.service.propagateTags', [Part('service', 'propagateTags')]),
        ('ecs.container.linuxParameters.swappiness', [Part('container', 'linuxParameters.swappiness')]),
    ],
)
def test_a_path_stands_for_members(path: str, parts: list[Part]):
    assert list(parts_of(path)) == parts


@pytest.mark.parametrize(
    'path',
    ['nonsense', 'image.tag', 'deployment.stalled_after', 'type', 'ecs', 'ecs.container', 'ecs.nowhere.x', 'ignore'],
)
def test_other_paths_are_refused_by_the_check(path: str):
    with pytest.raises(ValueError, match='names no field'):
        parts_of(path)
    report = check({'services': [{'web': {'image': 'web:1', 'ignore': ['image', path]}}]})
    assert [mistake.path for mistake in report.mistakes] == [('services', 0, 'web', 'ignore', 1)]


def test_declared_paths_name_members_of_the_pass_through():
    raw = {
        'image': 'web:1',
        'undeclared': 'keep',
        'deployment': {'bake_time': '5m', 'stalled_after': '1h'},
        'ecs': {'container': {'user': 'a'}, 'service': {'propagateTags': 'x'}},
    }
    assert declared_paths(raw) == (
        'image',
        'deployment.bake_time',
        'deployment.stalled_after',
        'ecs.container.user',
        'ecs.service.propagateTags',
    )
