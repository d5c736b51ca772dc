"""Schedule expressions of AWS."""

from datetime import UTC, datetime

import pytest

from stack.stackfile.timetable import cron, moment, time_zone

UTC_ZONE = time_zone('UTC')
BERLIN = time_zone('Europe/Berlin')


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ('expression', 'reason'),
    [
        ('* * * *', 'six fields'),
        ('0 8 * * ? * *', 'six fields'),
        ('0 8 * * * *', 'exactly one'),
        ('0 8 ? * ? *', 'exactly one'),
        ('60 8 * * ? *', 'minutes: expected 0 to 59; found 60'),
        ('0 24 * * ? *', 'hours: expected 0 to 23'),
        ('0 8 32 * ? *', 'day-of-month: expected 1 to 31'),
        ('0 8 0W * ? *', 'day-of-month: expected 1 to 31'),
        ('0 8 ? 13 MON *', 'month: expected 1 to 12 or JAN to DEC'),
        ('0 8 ? * 8 *', 'day-of-week: expected 1 to 7 or SUN to SAT'),
        ('0 8 ? * MON#6 *', 'day-of-week'),
        ('0 8 * * ? 1969', 'year: expected 1970 to 2199'),
        ('0 8-6 * * ? *', 'hours: 8-6 ends before it begins'),
        ('*/0 8 * * ? *', 'minutes: */0 has no step'),
        ('0, 8 * * ? *', 'minutes: expected 0 to 59; found nothing'),
    ],
)
def test_an_expression_that_aws_refuses_is_refused_with_its_reason(expression, reason):
    with pytest.raises(ValueError) as refused:
        cron(expression)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ('expression', 'expected'),
    [
        ('30 6 ? * MON *', '2026-03-09T06:30'),
        ('0 8 ? * MON-FRI *', '2026-03-05T08:00'),
        ('0/15 * * * ? *', '2026-03-04T12:15'),
        ('5,50 12 * * ? *', '2026-03-04T12:05'),
        ('0 0 L * ? *', '2026-03-31T00:00'),
        ('0 0 LW 5 ? *', '2026-05-29T00:00'),
        ('0 0 1W 8 ? *', '2026-08-03T00:00'),
        ('0 0 ? * 6L *', '2026-03-27T00:00'),
        ('0 0 ? * TUE#2 *', '2026-03-10T00:00'),
        ('0 0 ? * L *', '2026-03-07T00:00'),
        ('0 0 29 2 ? *', '2028-02-29T00:00'),
        ('0 0 1 JAN ? 2030', '2030-01-01T00:00'),
        ('0 8 ? * mon *', '2026-03-09T08:00'),
    ],
)
def test_the_next_moment_of_a_cron_expression(expression, expected):
    assert cron(expression).next_after(at('2026-03-04T12:00'), UTC_ZONE) == at(expected)


def test_the_last_moment_is_inclusive_and_the_next_one_is_not():
    daily = cron('0 8 * * ? *')
    assert daily.last_before(at('2026-03-04T08:00'), UTC_ZONE) == at('2026-03-04T08:00')
    assert daily.next_after(at('2026-03-04T08:00'), UTC_ZONE) == at('2026-03-05T08:00')
    assert daily.last_before(at('2026-03-04T07:59'), UTC_ZONE) == at('2026-03-03T08:00')


def test_a_past_year_has_no_next_moment_and_a_future_one_no_last():
    assert cron('0 8 * * ? 2020').next_after(at('2026-03-04T08:00'), UTC_ZONE) is None
    assert cron('0 8 * * ? 2090').last_before(at('2026-03-04T08:00'), UTC_ZONE) is None


def test_a_time_follows_its_zone_over_a_clock_change():
    daily = cron('0 8 * * ? *')
    assert daily.next_after(at('2026-03-28T12:00'), BERLIN) == at('2026-03-29T06:00')
    assert daily.next_after(at('2026-03-27T12:00'), BERLIN) == at('2026-03-28T07:00')


def test_a_time_that_a_clock_change_skips_is_left_out():
    assert cron('30 2 * * ? *').next_after(at('2026-03-28T12:00'), BERLIN) == at('2026-03-30T00:30')


def test_a_moment_in_a_zone():
    assert moment('2030-01-31T18:00:00', BERLIN) == at('2030-01-31T17:00')


@pytest.mark.parametrize('text', ['2030-01-31', '2030-01-31T18:00', '2030-02-30T18:00:00', '2030-01-31T18:00:00Z'])
def test_a_moment_of_another_form_is_refused(text):
    with pytest.raises(ValueError):
        moment(text, UTC_ZONE)


@pytest.mark.parametrize('name', ['Mars/Olympus', '', '../etc/passwd', 'America'])
def test_an_unknown_time_zone_is_refused(name):
    with pytest.raises(ValueError):
        time_zone(name)
