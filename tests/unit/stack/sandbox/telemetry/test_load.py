"""The load model: by time of day, the same at each call, with incidents that come and go."""

from statistics import fmean

from stack.sandbox.telemetry.load import DAY, HOUR, incident, level, profile

MONDAY = 1_767_571_200  # 2026-01-05T00:00:00Z


def mean(key: str, start: float, hours: float) -> float:
    return fmean(level(key, start + offset) for offset in range(0, int(hours * HOUR), 300))


def test_days_are_busier_than_nights():
    assert mean('production/web', MONDAY + 12 * HOUR, 4) > 2 * mean('production/web', MONDAY + 2 * HOUR, 3)


def test_weekends_are_quieter():
    assert mean('production/web', MONDAY + 5 * DAY, 24) < 0.8 * mean('production/web', MONDAY, 24)


def test_is_the_same_at_each_call():
    assert level('production/web', MONDAY + 77) == level('production/web', MONDAY + 77)
    assert profile('production/web') == profile('production/web') != profile('production/search')


def test_incidents_are_rare_and_bounded():
    severities = [incident('production/web', MONDAY + minute * 60) for minute in range(30 * 24 * 60)]
    under_way = sum(severity > 0 for severity in severities)
    assert 0 < under_way < len(severities) * 0.02
    assert max(severities) <= 1
