from dataclasses import replace

import pytest

from stack.reconcile.plan import Change, Note, Plan, Row, Step
from stack.scheduler.plan_text import change_text, duration, headline, in_brief, plan_lines, waves_text

PLAN = Plan(
    'staging',
    (
        Row('web', 'update', (Change('image', 'web:1', 'web:2'), Change('environment.PASSWORD', 'old', 'new'))),
        Row('mailer', 'create', (Change('image', None, 'mailer:1'),)),
        Row('agent', 'nothing'),
    ),
    (Step('web/service', 'ecs:UpdateService', 'web', 'Update the service web', {}),),
    (Note('web', 'Mind the gap.'), Note(None, 'No machine.')),
    ('stranger',),
)


def test_the_whole_plan_for_a_terminal():
    assert list(plan_lines(PLAN, 75)) == [
        f'Plan {PLAN.id} for staging: 1 service to create, 1 service to update; 1 step, about 1 min 15 s',
        '~ web  update',
        '    image web:1 → web:2',
        '    environment.PASSWORD changed',
        '+ mailer  create',
        '    image – → mailer:1',
        '! web: Mind the gap.',
        '! No machine.',
        'Not managed, and left alone: stranger',
        '   1. Update the service web  (ecs:UpdateService)',
    ]


def test_colours_only_where_they_are_asked_for():
    assert '\x1b' not in ''.join(plan_lines(PLAN, 1))
    assert '\x1b[33m~ web\x1b[0m' in ''.join(plan_lines(PLAN, 1, colour=True))


def test_an_empty_plan_says_so():
    assert headline(Plan('staging'), 0) == 'nothing to do.'


def test_parts_of_no_service_are_tidied_up():
    assert headline(Plan('staging', steps=PLAN.steps), 0.2) == 'parts to tidy up; 1 step, about 1 s'


def test_in_brief():
    assert in_brief(PLAN.rows) == 'web: image web:1 → web:2, environment.PASSWORD changed; mailer: create'
    many = [Row(f's{n}', 'destroy') for n in range(7)]
    assert in_brief(many) == 's0: destroy; s1: destroy; s2: destroy; s3: destroy; s4: destroy; and 2 more'


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (Change('environment.API_KEY', None, 'hunter2'), 'environment.API_KEY added'),
        (Change('environment.API_KEY', 'hunter2', None), 'environment.API_KEY removed'),
        (Change('environment.LEVEL', 'info', 'debug'), 'environment.LEVEL info → debug'),
        (Change('command', ['run'], ['--token', 'hunter2']), 'command run → --token, ••••••'),
        (Change('desired_count', 1, 0), 'desired_count 1 → 0'),
        (Change('vpc.subnets', ['a', 'b'], ['c']), 'vpc.subnets a, b → c'),
        (Change('command', None, ['x' * 200]), f'command – → {"x" * 119}…'),
    ],
)
def test_one_difference(change: Change, text: str):
    assert change_text(change) == text


@pytest.mark.parametrize(
    ('seconds', 'text'), [(0, '1 s'), (0.4, '1 s'), (59, '59 s'), (61, '1 min 1 s'), (3720, '1 h 2 min')]
)
def test_durations(seconds: float, text: str):
    assert duration(seconds) == text


def test_waves_where_there_are_several():
    waves = replace(PLAN, waves=(('database',), ('api', 'worker')))
    assert 'Waves: 1. database; 2. api, worker' in list(plan_lines(waves, 1))
    assert waves_text(replace(PLAN, waves=(('database', 'api'),))) == ''
