"""Fields of schedules: what is valid, and what the message of a mistake states."""

from typing import Any

import pytest

from stack.stackfile.check import check
from stack.stackfile.effective import services, settle, top_settings
from stack.stackfile.schedule_fields import Schedule

ROLE = 'arn:aws:iam::123456789012:role/scheduler'


def document(schedule: Any, **settings: Any) -> dict[str, Any]:
    service = {'image': 'team/report:1', 'type': 'task', 'scheduler_role': ROLE, 'schedule': schedule, **settings}
    return {'services': [{'report': {name: value for name, value in service.items() if value is not None}}]}


def mistakes(document: Any) -> list[tuple[str, str]]:
    return [('.'.join(map(str, problem.path[3:])), problem.message) for problem in check(document).mistakes]


@pytest.mark.parametrize(
    'schedule',
    [
        {'cron': '0 3 * * ? *'},
        {'cron': '0 3 ? * MON-FRI *', 'timezone': 'Europe/Berlin', 'jitter': 15, 'enabled': False},
        {'rate': '5 minutes', 'retries': 0, 'retry_for': 60},
        {'rate': '1 hour', 'start': '2030-01-01T00:00:00Z', 'end': '2031-01-01T00:00:00Z'},
        {'at': '2030-01-31T18:00:00', 'dead_letter': 'arn:aws:sqs:us-east-1:123456789012:failures'},
        {'cron': '0 3 * * ? *', 'name': 'default/nightly', 'encryption_key': 'arn:aws:kms:us-east-1:1:key/a'},
    ],
)
def test_valid_schedules(schedule: dict[str, Any]):
    assert mistakes(document(schedule)) == []


@pytest.mark.parametrize(
    ('schedule', 'path', 'message'),
    [
        ({}, 'schedule', 'expected one of cron, rate, at'),
        ({'cron': '0 3 * * ? *', 'rate': '5 minutes'}, 'schedule.rate', 'cron is stated already: leave one out'),
        ({'cron': '0 3 * * *'}, 'schedule.cron', 'expected six fields'),
        ({'cron': 'cron(0 3 * * ? *)'}, 'schedule.cron', 'expected six fields'),
        ({'cron': '0 25 * * ? *'}, 'schedule.cron', 'hours: expected 0 to 23; found 25'),
        ({'cron': 3}, 'schedule.cron', 'expected six fields'),
        ({'rate': '5 seconds'}, 'schedule.rate', 'expected a number and minutes, hours or days'),
        ({'rate': 5}, 'schedule.rate', 'expected a number and minutes, hours or days'),
        ({'at': '2030-01-31T18:00:00Z'}, 'schedule.at', 'expected a local time without an offset'),
        ({'at': '2030-02-31T18:00:00'}, 'schedule.at', 'expected a time without an offset'),
        ({'cron': '0 3 * * ? *', 'timezone': 'Europe/Atlantis'}, 'schedule.timezone', 'expected a time zone'),
        ({'cron': '0 3 * * ? *', 'timezone': '../UTC'}, 'schedule.timezone', 'expected a time zone'),
        ({'cron': '0 3 * * ? *', 'jitter': 0}, 'schedule.jitter', 'expected a whole number from 1 to 1440'),
        ({'cron': '0 3 * * ? *', 'retries': 186}, 'schedule.retries', 'expected a whole number from 0 to 185'),
        ({'cron': '0 3 * * ? *', 'retry_for': 59}, 'schedule.retry_for', 'expected a whole number from 60 to 86400'),
        ({'cron': '0 3 * * ? *', 'dead_letter': 'failures'}, 'schedule.dead_letter', 'expected the ARN of a standard'),
        ({'cron': '0 3 * * ? *', 'name': 'nightly'}, 'schedule.name', 'expected GROUP/NAME of a schedule'),
        ({'cron': '0 3 * * ? *', 'name': f'g/{"x" * 65}'}, 'schedule.name', 'expected GROUP/NAME of a schedule'),
        ({'cron': '0 3 * * ? *', 'timezon': 'UTC'}, 'schedule.timezon', 'unknown key: did you mean "timezone"?'),
        (
            {'rate': '1 day', 'start': '2031-01-01T00:00:00Z', 'end': '2031-01-01T01:00:00+01:00'},
            'schedule.end',
            'is not after start',
        ),
    ],
)
def test_a_mistake_has_a_path_and_states_what_is_allowed(schedule: dict[str, Any], path: str, message: str):
    [(found, stated)] = mistakes(document(schedule))
    assert found == path
    assert stated.startswith(message)


@pytest.mark.parametrize(
    ('settings', 'path', 'message'),
    [
        ({'type': 'service'}, 'schedule', 'needs type: task'),
        ({'scheduler_role': None}, 'schedule', 'needs scheduler_role, here or under defaults'),
        ({'scheduler_role': 'scheduler'}, 'scheduler_role', 'expected the ARN of an IAM role'),
        (
            {'desired_count': 0},
            'desired_count',
            'a schedule starts 1 to 10 tasks at a time; enabled: false starts none',
        ),
        ({'desired_count': 11}, 'desired_count', 'a schedule starts 1 to 10 tasks at a time'),
    ],
)
def test_what_a_schedule_needs_of_its_service(settings: dict[str, Any], path: str, message: str):
    [(found, stated)] = mistakes(document({'cron': '0 3 * * ? *'}, **settings))
    assert found == path
    assert stated.startswith(message)


def test_the_role_may_stand_under_defaults():
    inherited = document({'cron': '0 3 * * ? *'}, scheduler_role=None)
    assert mistakes({**inherited, 'defaults': {'scheduler_role': ROLE}}) == []


def test_two_services_do_not_share_a_schedule():
    service = document({'cron': '0 3 * * ? *', 'name': 'default/nightly'})['services'][0]['report']
    both = {'services': [{'one': service}, {'two': service}]}
    assert mistakes(both) == [('schedule.name', 'is the schedule of one already')]


def test_an_expression_is_that_of_aws():
    assert Schedule(cron='0  3 * * ? *').expression == 'cron(0 3 * * ? *)'
    assert Schedule(rate='5 minutes').expression == 'rate(5 minutes)'
    assert Schedule(at='2030-01-31T18:00:00').expression == 'at(2030-01-31T18:00:00)'
    assert Schedule().expression == ''
    assert Schedule().timetable is None


def test_what_cannot_be_read_is_left_out():
    data = document({'cron': '0 25 * * ? *', 'rate': '1 day', 'jitter': 'x'})
    [(name, raw)] = services(data)
    assert settle(name, raw, top_settings(data)).schedule == Schedule(rate='1 day')
