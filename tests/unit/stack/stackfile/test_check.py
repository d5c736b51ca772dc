"""Whole stackfiles, checked."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.stackfile.check import check, check_document
from stack.stackfile.reading import read, read_faulty
from tests.unit.stack.stackfile.examples import EXAMPLE, TOO_LONG, example


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


def test_a_mistake_in_defaults_is_reported_once_at_its_place():
    document = {
        'logging': {'log_driver': 'awslogs'},
        'defaults': {'deployment_configuration': {'maximum_percent': 100}},
        'services': [{f's{i}': {'image': 'a:1'}} for i in range(200)],
    }
    assert [p.where for p in check(document).mistakes] == ['logging', 'defaults.deployment_configuration']


def test_mistakes_come_in_the_order_of_the_document():
    document = {
        'services': [
            {'b': {'image': 'A', 'ports': ['80:x']}},
            {'a': {'scheduling_strategy': 'DAEMON', 'desired_count': 1, 'imag': 'x'}},
            {'b': {'image': 'a:1'}},
        ],
        'vpc': [],
    }
    assert [p.where for p in check(document).mistakes] == [
        'services[0].b.image',
        'services[0].b.ports[0]',
        'services[1].a.desired_count',
        'services[1].a.imag',
        'services[1].a.image',
        'services[2].b',
        'vpc',
    ]


@pytest.mark.parametrize('wrong', range(1, 41))
def test_as_many_mistakes_as_were_made(wrong: int):
    """One after the other, of every kind in turn."""
    document = example()
    kinds = [
        lambda raw: raw.update(memory=True),
        lambda raw: raw.update(unknown=1),
        lambda raw: raw.pop('image'),
        lambda raw: raw.update(ports=['0:0']),
        lambda raw: raw.update(environment=[{'A': None}]),
        lambda raw: raw.update(scheduling_strategy='DAEMON', desired_count=1),
        lambda raw: raw.update(elb={'type': 'public', 'ports': {'public': 80, 'container': 80}}),
        lambda raw: raw.update(secrets={'A': 'name'}, environment=['A=1']),
    ]
    document['services'] = [{f's{i}': {'image': 'a:1'}} for i in range(wrong)]
    for i, item in enumerate(document['services']):
        kinds[i % len(kinds)](item[f's{i}'])
    found = check(document, cluster='staging').mistakes
    assert sorted({p.path[1] for p in found}) == list(range(wrong))
    assert len(found) == wrong


@pytest.mark.parametrize('wrong', [False, True])
def test_thousands_of_services_in_time(wrong: bool):
    settings = {'image': 'team/web:1', 'memory': 'x' if wrong else 512, 'environment': [{'A': 1}, {'B': 'x'}]}
    text = json.dumps({'services': [{f's{i}': settings} for i in range(5000)]})
    started = time.thread_time()
    document = read(text, 'json')
    report = check(document.data, cluster='staging', position=document.position)
    assert time.thread_time() - started < TOO_LONG
    assert len(report.mistakes) == (5000 if wrong else 0)
    if wrong:
        assert report.mistakes[4999].line == 1


def test_mistakes_of_shape_do_not_hide_those_of_meaning():
    elb = {'type': 'pubic', 'protocol': 'HTTPS', 'ports': {'public': 70000, 'container': 9999}, 'colour': 'blue'}
    document = {'services': [{'web_1': {'image': 'a:1', 'ports': ['80:80'], 'elb': elb, 'memory': '1'}}]}
    assert [p.where.removeprefix('services[0].web_1.') for p in check(document).mistakes] == [
        'elb',  # the name with its _
        'elb.type',
        'elb.ports.public',
        'elb.ports.container',
        'elb.colour',
        'elb.certificates',
        'memory',
    ]


KEYS = ['services', 'defaults', 'vpc', 'logging', 'service_discovery', 'image', 'elb', 'ports', 'environment', 'type']
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), parts),
    max_leaves=15,
)


@given(ANYTHING, ANYTHING)
def test_nothing_is_too_odd(first: object, second: object):
    check(first)
    document = {'services': [{'web': first}, first, {'web': second}], 'defaults': second, 'vpc': first}
    for problem in check(document, cluster='staging', position=lambda path: None).mistakes:
        assert problem.message


FAULTY = """\
config:
  services:
    - web: {image: "nginx:1", memory: 0, memory: 1, cpu: .inf}
    - web: {imag: "nginx:1", imag: "nginx:1", environment: [{A: 1}, {B: !x 2, B: 3}], desired_count: -1}
"""


@pytest.mark.parametrize('syntax', ['yaml', 'json'])
def test_syntax_faults_are_reported_among_the_mistakes(syntax: str):
    text = FAULTY if syntax == 'yaml' else '{"config": {"services": [{"a": {"cpu": 0}, "a": {"cpu": 0, "cpu": 1}}]}}'
    report = check_document(read_faulty(text, syntax), within=('config',))
    reported = [(problem.where, problem.message.split(':')[0]) for problem in report.mistakes]
    assert (
        reported
        == {
            'yaml': [
                ('services[0].web.memory', "the key 'memory' is repeated here"),
                ('services[0].web.memory', 'expected a whole number from 4 to 25165824; found 1'),
                ('services[0].web.cpu', 'expected a whole number from 1 to 262144; found ".inf"'),
                ('services[0].web.cpu', 'the number .inf cannot be represented'),
                ('services[1].web', 'another service has this name'),
                ('services[1].web.image', 'is missing'),
                ('services[1].web.imag', "the key 'imag' is repeated here"),
                ('services[1].web.imag', 'unknown key'),
                ('services[1].web.environment[1].B', "the tag '!x' is not allowed"),
                ('services[1].web.environment[1].B', "the key 'B' is repeated here"),
                ('services[1].web.desired_count', 'expected a whole number from 0 to 5000; found -1'),
            ],
            'json': [
                ('services[0].a', 'the key "a" is repeated here'),
                ('services[0].a.image', 'is missing'),
                ('services[0].a.cpu', 'the key "cpu" is repeated here'),
            ],
        }[syntax]
    )


def test_services_that_share_an_item_are_each_looked_at():
    """Each with its own mistakes, and no rule looks at a part that is not there."""
    good = {'image': 'a:1', 'ports': ['80:80'], 'elb': {'type': 'public', 'ports': {'public': 80, 'container': 80}}}
    bad = {'image': 'a:1', 'elb': {'type': 'public'}}
    vpc = example()['vpc']
    found = [p.where for p in check({'vpc': vpc, 'services': [{'a': good, 'b': bad}]}).mistakes]
    assert found == ['services[0]', 'services[0].b.elb.ports.public', 'services[0].b.elb.ports.container']
    found = [p.where for p in check({'vpc': vpc, 'services': [{'a': bad, 'b': {**good, 'ports': []}}]}).mistakes]
    assert found == [
        'services[0]',
        'services[0].a.elb.ports.public',
        'services[0].a.elb.ports.container',
        'services[0].b.elb.ports.container',
    ]
