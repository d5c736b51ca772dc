"""Schedules of the embedded Application Auto Scaling."""

from datetime import UTC, datetime

import pytest

from stack.sandbox.autoscaling.expressions import due
from stack.sandbox.autoscaling.model import Action

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
HOUR = 3600


def action(name: str, schedule: str, hours_ago: float, zone: str = 'UTC') -> Action:
    """An action that ran last so many hours before noon."""
    return Action(name, name, {'Schedule': schedule, 'Timezone': zone}, 0.0, NOON - hours_ago * HOUR)


@pytest.mark.parametrize(
    ('schedule', 'hours_ago', 'is_due'),
    [
        ('cron(0 11 * * ? *)', 2, True),
        ('cron(0 11 * * ? *)', 1, False),
        ('cron(0 12 * * ? *)', 2, True),
        ('cron(0 13 * * ? 2090)', 2, False),
        ('at(2026-03-04T11:00:00)', 2, True),
        ('at(2026-03-04T13:00:00)', 2, False),
        ('rate(2 hours)', 2, True),
        ('rate(2 hours)', 1.9, False),
    ],
)
def test_an_action_is_due_once_after_its_moment(schedule, hours_ago, is_due):
    assert bool(due([action('a', schedule, hours_ago)], NOON)) is is_due


def test_of_several_that_were_missed_the_last_one_comes_last():
    morning, night = action('morning', 'cron(0 7 * * ? *)', 48), action('night', 'cron(0 20 * * ? *)', 48)
    assert [each.name for each in due([morning, night], NOON)] == ['night', 'morning']
    assert [each.name for each in due([morning, night], NOON + 9 * HOUR)] == ['morning', 'night']
