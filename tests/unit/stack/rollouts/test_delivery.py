"""Delivery figures from ended rollouts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from stack.rollouts.delivery import Deployment, delivery, outcomes, week_of

START = datetime(2030, 1, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
END = START + timedelta(days=14)


def deployment(hours: float, image: str = 'web:1', *, failed: bool = False, **changes: Any) -> Deployment:
    values = {'cluster': 'prod', 'service': 'web', 'revision': f'r{hours}', 'image': image, **changes}
    return Deployment(ended_at=START + hours * HOUR, failed=failed, **values)


def figures(*deployments: Deployment, pushed: Any = None, **options: Any) -> list[dict[str, Any]]:
    return delivery(deployments, pushed or {}, START, END, **options)


def test_without_any_deployment_there_is_one_row_of_nothing():
    assert figures() == [
        {
            'deployments': 0,
            'failed': 0,
            'frequency_per_week': 0.0,
            'failure_rate': None,
            'lead_time_seconds': None,
            'time_to_restore_seconds': None,
        }
    ]
    assert figures(groups=['cluster']) == []


def test_frequency_and_failure_rate():
    (row,) = figures(deployment(1), deployment(2), deployment(3), deployment(4, failed=True))
    assert (row['deployments'], row['failed'], row['frequency_per_week'], row['failure_rate']) == (3, 1, 1.5, 0.25)


def test_the_lead_time_is_that_of_the_first_success_of_an_image():
    pushed = {'web:1': START, 'web:2': START + 5 * HOUR}
    failed = deployment(1, failed=True)
    (row,) = figures(
        failed, deployment(2), deployment(3), deployment(6, 'web:2'), deployment(7, 'web:3'), pushed=pushed
    )
    assert row['lead_time_seconds'] == {'median': 5400, 'p90': 7200, 'count': 2}


def test_the_time_to_restore_is_from_the_first_failure_to_the_next_success():
    (row,) = figures(
        deployment(1), deployment(2, failed=True), deployment(3, failed=True), deployment(5), deployment(6)
    )
    assert row['time_to_restore_seconds'] == {'median': 3 * 3600, 'p90': 3 * 3600, 'count': 1}


def test_services_do_not_restore_each_other():
    (row,) = figures(deployment(1, failed=True), deployment(2, service='api'))
    assert row['time_to_restore_seconds'] is None


def test_what_ended_before_the_period_only_explains_what_ended_in_it():
    (row,) = figures(deployment(-2, failed=True), deployment(1), pushed={'web:1': START})
    assert (row['deployments'], row['failed']) == (1, 0)
    assert row['time_to_restore_seconds']['median'] == 3 * 3600


def test_groups_are_sorted_rows():
    rows = figures(deployment(1), deployment(2, cluster='dev'), deployment(200), groups=['cluster', 'week'])
    assert [(row['cluster'], row['week'], row['deployments']) for row in rows] == [
        ('dev', '2030-W02', 1),
        ('prod', '2030-W02', 1),
        ('prod', '2030-W03', 1),
    ]
    assert rows[0]['frequency_per_week'] == 1.0


def test_weeks_are_those_of_iso_8601():
    assert week_of(datetime(2029, 12, 31, tzinfo=UTC)) == '2030-W01'


def test_a_day_is_a_group_in_utc():
    rows = figures(deployment(1), deployment(2), deployment(25, failed=True), groups=['day'])
    assert [(row['deployments'], row['failed'], row['frequency_per_week']) for row in rows] == [
        (2, 0, 14.0),
        (0, 1, 0.0),
    ]
    assert rows[0]['day'] == (START + HOUR).date().isoformat()


def test_the_outcome_of_a_revision_is_that_of_all_its_services():
    both = [deployment(1, revision='r'), deployment(2, revision='r', service='api', failed=True)]
    [(key, outcome)] = outcomes(both).items()
    assert key == ('prod', both[0].revision)
    assert (outcome.failed, outcome.ended_at) == (True, both[1].ended_at)
