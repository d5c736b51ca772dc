"""Whole stackfiles, checked."""

import pytest

from stack.stackfile.check import check
from stack.stackfile.reading import read
from tests.unit.stack.stackfile.examples import EXAMPLE, example


def test_the_example_has_no_mistakes():
    report = check(read(EXAMPLE, 'yaml').data, cluster='staging')
    assert report.mistakes == ()
    assert report.warnings == ()


@pytest.mark.parametrize('data', [None, 1, 'services', [], [{}], True, {'services': 7}, {'services': [None, [], 'x']}])
def test_anything_at_all_can_be_checked(data: object):
    assert check(data).mistakes


def test_every_mistake_is_found_at_once_with_its_position():
    document = read(EXAMPLE.replace('public: 443', 'public: 70000').replace('memory: 930', 'memroy: 930'), 'yaml')
    found = [(p.where, p.line, p.column, p.message) for p in check(document.data, position=document.position).mistakes]
    assert found == [
        ('defaults.memroy', 10, 3, 'unknown key: did you mean "memory"?'),
        (
            'services[0].routing-service.elb.ports.public',
            21,
            17,
            'expected a whole number from 1 to 65535; found 70000',
        ),
    ]


def test_forty_mistakes():
    document = example()
    document['services'] = [{f'worker-{i}': {'image': 'team/worker:1', 'memory': 'much'}} for i in range(40)]
    found = check(document).mistakes
    assert [p.where for p in found] == [f'services[{i}].worker-{i}.memory' for i in range(40)]
