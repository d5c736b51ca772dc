"""Secrets that changed after tasks had started."""

from datetime import UTC, datetime, timedelta

from stack.rollouts.stale_secrets import StaleSecret, stale_secrets

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def test_what_changed_after_the_oldest_task_was_created_is_stale():
    assert stale_secrets({'B': LATER, 'A': LATER, 'C': NOON}, NOON) == (
        StaleSecret('A', LATER),
        StaleSecret('B', LATER),
    )


def test_without_a_task_nothing_is_stale():
    assert stale_secrets({'A': LATER}, None) == ()


def test_it_is_shown_without_a_value():
    assert StaleSecret('A', NOON).to_json() == {'name': 'A', 'since': '2026-01-01T12:00:00.000+00:00'}
