"""Rules for autoscaling: bad input first."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.semantics.checking import mistakes, warnings

BALANCED: dict[str, Any] = {
    'ports': ['80:80'],
    'elb': {'type': 'public', 'ports': {'public': 80, 'container': 80}},
}

OUT = {'above': 70, 'tasks': 2}


def document(autoscaling: Any, **settings: Any) -> dict[str, Any]:
    return {
        'vpc': {'id': 'vpc-1', 'subnets': {'public': ['subnet-1', 'subnet-2']}},
        'services': [{'web': {'image': 'team/web:1', 'autoscaling': autoscaling, **settings}}],
    }


def scaled(**parts: Any) -> dict[str, Any]:
    return {'min': 2, 'max': 10, **parts}


@pytest.mark.parametrize(
    ('autoscaling', 'settings', 'path', 'message'),
    [
        ({'cpu': 60, 'max': 3}, {}, 'autoscaling.min', 'is missing'),
        (scaled(cpu=60, min=11), {}, 'autoscaling.min', 'is more than max: 11 is more than 10'),
        (scaled(cpu=60, min=-1), {}, 'autoscaling.min', 'a whole number from 0 to 5000'),
        (scaled(), {}, 'autoscaling', 'needs something to follow'),
        (scaled(cpu=0), {}, 'autoscaling.cpu', 'a number above 0'),
        (scaled(cpu=True), {}, 'autoscaling.cpu', 'a number above 0'),
        (scaled(cpu=float('nan')), {}, 'autoscaling.cpu', 'a number above 0'),
        (scaled(cpu=201), {}, 'autoscaling.cpu', 'at most 200'),
        (scaled(requests=100), {}, 'autoscaling.requests', 'needs a load balancer'),
        (scaled(cpu=60), {'type': 'task'}, 'autoscaling', 'type: task'),
        (scaled(cpu=60), {'scheduling_strategy': 'DAEMON'}, 'autoscaling', 'DAEMON'),
        (scaled(cpu=60), {'controller': 'external'}, 'autoscaling', 'external'),
        (scaled(cpu=60), {'autoscaled': True}, 'autoscaled', 'another program'),
        (scaled(cpu=60, in_cooldown=-1), {}, 'autoscaling.in_cooldown', 'a whole number'),
        (scaled(cpu=60, suspended='yes'), {}, 'autoscaling.suspended', 'true, false'),
        (scaled(cpu=60, suspended=['up']), {}, 'autoscaling.suspended[0]', 'one of in, out, schedules'),
        (scaled(metric={'namespace': 'App', 'target': 5}), {}, 'autoscaling.metric.name', 'is missing'),
        (scaled(metric={'name': 'Depth', 'namespace': 'App'}), {}, 'autoscaling.metric.target', 'is missing'),
        (scaled(steps={'metric': 'cpu'}), {}, 'autoscaling.steps', 'expected add, remove, or both'),
        (scaled(steps={'add': [OUT]}), {}, 'autoscaling.steps.metric', 'is missing'),
        (scaled(steps={'metric': 'disk', 'add': [OUT]}), {}, 'autoscaling.steps.metric', 'cpu or memory'),
        (scaled(steps={'metric': 'cpu', 'add': [{'above': 70}]}), {}, 'autoscaling.steps.add[0].tasks', 'is missing'),
        (scaled(steps={'metric': 'cpu', 'add': [OUT, OUT]}), {}, 'autoscaling.steps.add[1]', 'has this limit already'),
        (
            scaled(steps={'metric': 'cpu', 'add': [OUT], 'remove': [{'below': 70, 'tasks': 1}]}),
            {},
            'autoscaling.steps.remove',
            'leave room between',
        ),
        (scaled(schedules=[{'min': 3}]), {}, 'autoscaling.schedules[0]', 'either at or cron'),
        (
            scaled(schedules=[{'at': '2030-01-31T18:00:00', 'cron': '0 8 * * ? *', 'min': 3}]),
            {},
            'autoscaling.schedules[0]',
            'either at or cron',
        ),
        (scaled(schedules=[{'cron': '0 8 * * ? *'}]), {}, 'autoscaling.schedules[0]', 'expected min, max, or both'),
        (scaled(schedules=[{'cron': '0 8 * * *', 'min': 3}]), {}, 'autoscaling.schedules[0].cron', 'six fields'),
        (
            scaled(schedules=[{'cron': '0 8 * * * *', 'min': 3}]),
            {},
            'autoscaling.schedules[0].cron',
            'expected ? in one of',
        ),
        (scaled(schedules=[{'at': 'tomorrow', 'min': 3}]), {}, 'autoscaling.schedules[0].at', 'a local time'),
        (
            scaled(schedules=[{'cron': '0 8 * * ? *', 'timezone': 'Mars/Olympus', 'min': 3}]),
            {},
            'autoscaling.schedules[0].timezone',
            'expected a time zone',
        ),
        (
            scaled(schedules=[{'cron': '0 8 * * ? *', 'min': 5, 'max': 4}]),
            {},
            'autoscaling.schedules[0]',
            'min is more than max: 5 is more than 4',
        ),
        (
            scaled(schedules=[{'cron': '0 8 * * ? *', 'min': 11}]),
            {},
            'autoscaling.schedules[0]',
            'min is more than max of the service',
        ),
        (
            scaled(schedules=[{'cron': '0 8 * * ? *', 'max': 1}]),
            {},
            'autoscaling.schedules[0]',
            'max is less than min of the service',
        ),
        (
            scaled(schedules=[{'cron': '0 8 * * ? *', 'min': 3}, {'cron': '0 8 * * ? *', 'min': 4}]),
            {},
            'autoscaling.schedules[1]',
            'another schedule has this time already',
        ),
    ],
)
def test_a_mistake_is_found_at_its_place(autoscaling, settings, path, message):
    found = mistakes(document(autoscaling, **settings))
    assert [where for where, text in found if message in text] == [path], found


@pytest.mark.parametrize(
    'autoscaling',
    [
        scaled(cpu=60),
        scaled(memory=70.5, in_cooldown=0, out_cooldown=60),
        scaled(requests=1000),
        scaled(metric={'name': 'Depth', 'namespace': 'App', 'dimensions': {'Queue': 'jobs'}, 'target': 100}),
        scaled(
            schedules=[
                {'cron': '0 8 ? * MON-FRI *', 'timezone': 'Europe/Berlin', 'min': 4, 'max': 20},
                {'at': '2030-01-31T18:00:00', 'max': 4},
            ]
        ),
        scaled(steps={'metric': 'cpu', 'add': [OUT], 'remove': [{'below': 30, 'tasks': 1}]}),
        scaled(steps={'metric': {'name': 'Depth', 'namespace': 'App'}, 'add': [OUT], 'periods': 1, 'cooldown': 0}),
        scaled(cpu=60, suspended=True),
        scaled(cpu=60, suspended=['in', 'schedules']),
        scaled(cpu=60, min=0, max=0),
    ],
)
def test_what_is_right_has_no_mistake(autoscaling):
    assert mistakes(document(autoscaling, **BALANCED)) == []


def test_tasks_and_daemons_may_inherit_it():
    inherited = {
        'defaults': {'autoscaling': scaled(cpu=60)},
        'services': [
            {'once': {'image': 'team/web:1', 'type': 'task'}},
            {'agent': {'image': 'team/web:1', 'scheduling_strategy': 'DAEMON'}},
            {'other': {'image': 'team/web:1', 'autoscaled': True}},
        ],
    }
    assert mistakes(inherited) == []


def test_a_start_outside_of_the_limits_is_noted():
    assert warnings(document(scaled(cpu=60), desired_count=1)) == [
        ('desired_count', 'is outside of autoscaling: the service starts with 2')
    ]
    assert warnings(document(scaled(cpu=60))) == []
