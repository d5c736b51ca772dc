"""Metrics of a service: consistent with its tasks, its rollouts and each other."""

import math

import pytest

from stack.sandbox.ecs.facts import PastRollout, PastTask, ServiceFacts, Span
from stack.sandbox.telemetry.load import HOUR, incident
from stack.sandbox.telemetry.metrics import VALUES, Query, Range, series

NOON = 1_767_614_400  # 2026-01-05T12:00:00Z
CREATED = NOON - 40 * 24 * HOUR
GOOD = PastRollout(Span(CREATED, CREATED + 60), 'rev-1', False)


def facts(*rollouts: PastRollout, tasks: int = 2, created_at: float = CREATED) -> ServiceFacts:
    ran = tuple(PastTask(Span(created_at)) for _ in range(tasks))
    return ServiceFacts('production', 'web', created_at, 2, {}, ran, (), (GOOD, *rollouts))


def quiet_hour() -> int:
    """An hour without an incident of the load model."""
    hours = (NOON - hour * HOUR for hour in range(2, 200))
    return next(at for at in hours if not any(incident('production/web', at + second) for second in range(0, HOUR, 60)))


def points(
    service: ServiceFacts,
    metric: str,
    statistic: str,
    start: float,
    minutes: int = 60,
    period: int = 60,
    group: str | None = None,
):
    when = Range(start, start + minutes * 60, NOON)
    return dict(series(service, Query(metric, statistic, period, group), when))


def total(service: ServiceFacts, metric: str, start: float, minutes: int = 60) -> float:
    return sum(points(service, metric, 'Sum', start, minutes).values())


@pytest.mark.parametrize('metric', VALUES)
@pytest.mark.parametrize('statistic', ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount', 'p50', 'p99'])
def test_every_metric_has_every_statistic(metric: str, statistic: str):
    values = points(facts(), metric, statistic, NOON - HOUR, 10).values()
    assert len(values) in (9, 10)
    assert all(math.isfinite(value) and value >= 0 for value in values)


def test_statuses_add_up_to_the_requests():
    start = quiet_hour()
    parts = sum(total(facts(), f'HTTPCode_Target_{kind}_Count', start) for kind in ('2XX', '4XX', '5XX'))
    assert parts == pytest.approx(total(facts(), 'RequestCount', start), rel=0.02)


def test_percentiles_are_in_order():
    values = [
        points(facts(), 'TargetResponseTime', statistic, NOON - HOUR)[NOON - HOUR]
        for statistic in ('Minimum', 'p50', 'p95', 'p99', 'Maximum')
    ]
    assert values == sorted(values)


def test_a_failed_rollout_shows_errors_and_slowness():
    start = quiet_hour()
    failed = facts(PastRollout(Span(start, start + HOUR), 'rev-2', True))
    assert total(failed, 'HTTPCode_Target_5XX_Count', start) > 10 * total(facts(), 'HTTPCode_Target_5XX_Count', start)
    slow, usual = (points(each, 'TargetResponseTime', 'p95', start)[start] for each in (failed, facts()))
    assert slow > 1.5 * usual


def test_a_rollout_is_a_step():
    start = quiet_hour()
    rolled = facts(PastRollout(Span(start, start + 60), 'rev-2', False))
    before, after = (points(each, 'MemoryUtilization', 'Average', start)[start] for each in (facts(), rolled))
    assert abs(before - after) > 0.5


def test_without_tasks_there_is_no_load():
    start = NOON - 600
    assert total(facts(tasks=0), 'RequestCount', start, 9) == 0
    assert set(points(facts(tasks=0), 'CPUUtilization', 'Average', start, 9).values()) == {0}


def test_fewer_tasks_have_more_to_do():
    start = NOON - 600
    one, two = (points(facts(tasks=n), 'CPUUtilization', 'Average', start)[start] for n in (1, 2))
    assert one > 1.4 * two


def test_nothing_before_the_service_nor_after_now():
    young = facts(created_at=NOON - 600)
    assert min(points(young, 'CPUUtilization', 'Average', NOON - HOUR, 120)) == NOON - 600
    assert max(points(young, 'CPUUtilization', 'Average', NOON - HOUR, 120)) < NOON


def test_a_longer_period_adds_up_the_same():
    start = NOON - 2 * HOUR
    by_minutes = sum(points(facts(), 'RequestCount', 'Sum', start).values())
    by_hour = sum(points(facts(), 'RequestCount', 'Sum', start, 60, 3600).values())
    assert by_hour == pytest.approx(by_minutes, rel=0.1)


def in_two_groups(start: float, share: float, *, failed: bool = False) -> ServiceFacts:
    """A rollout from a time on, of which the target group `green` has a share of the traffic."""
    old, new = (
        PastRollout(Span(CREATED, CREATED + 60), 'rev-1', False, ('blue',)),
        PastRollout(Span(start, start + HOUR), 'rev-2', failed, ('green',)),
    )
    tasks = tuple(PastTask(Span(begin), (group,)) for group, begin in (('blue', CREATED), ('green', start)))
    shares = {
        group: ((CREATED, before), (start, after))
        for group, before, after in (('blue', 1.0, 1 - share), ('green', 0.0, share))
    }
    return ServiceFacts('production', 'web', CREATED, 1, shares, tasks, (), (old, new))


def test_target_groups_share_the_requests_of_a_service():
    start = quiet_hour()
    split = in_two_groups(start, 0.25)
    blue, green = (
        sum(points(split, 'RequestCount', 'Sum', start, group=group).values()) for group in ('blue', 'green')
    )
    assert green == pytest.approx(blue / 3, rel=0.02)
    assert blue + green == pytest.approx(total(split, 'RequestCount', start), rel=0.02)


def test_a_target_group_without_traffic_has_no_points():
    start = quiet_hour()
    split = in_two_groups(start, 1.0)
    assert points(split, 'RequestCount', 'Sum', start - 600, 10, group='green') == {}
    assert len(points(split, 'RequestCount', 'Sum', start, 10, group='green')) == 10
    assert points(split, 'TargetResponseTime', 'p95', start, 10, group='blue') == {}


def test_only_the_target_group_of_a_failed_rollout_has_its_errors():
    start = quiet_hour()
    split = in_two_groups(start, 0.5, failed=True)
    blue, green = (
        sum(points(split, 'HTTPCode_Target_5XX_Count', 'Sum', start, group=group).values())
        for group in ('blue', 'green')
    )
    assert green > 5 * blue


def test_each_target_group_counts_its_own_tasks():
    split = in_two_groups(NOON - 600, 0.5)
    for group in ('blue', 'green'):
        assert set(points(split, 'HealthyHostCount', 'Minimum', NOON - 600, 5, group=group).values()) == {1}


def test_a_task_has_the_utilisation_of_its_own_revision_while_it_runs():
    start = quiet_hour()
    rolled = facts(PastRollout(Span(start, start + HOUR), 'rev-2', False))
    old = PastTask(Span(CREATED, start + 600), (), 'a', 'rev-1')
    new = PastTask(Span(start + 300), (), 'b', 'rev-2')

    def memory(task: PastTask) -> dict[int, float]:
        return dict(series(rolled, Query('TaskMemoryUtilization', 'Average', 60, None, task), Range(start, NOON, NOON)))

    assert (min(memory(old)), max(memory(old))) == (start, start + 540)
    assert min(memory(new)) == start + 300
    assert abs(memory(old)[start + 300] - memory(new)[start + 300]) > 0.5
    service = points(rolled, 'MemoryUtilization', 'Average', start)[start + 300]
    assert service == pytest.approx(memory(new)[start + 300], abs=0.1), 'the newest revision carries the load'


def test_a_task_in_a_target_group_has_its_share_of_the_load():
    start = quiet_hour()
    split = in_two_groups(start, 0.1)
    busy, idle = (
        dict(series(split, Query('TaskCpuUtilization', 'Average', 60, None, task), Range(start, NOON, NOON)))
        for task in split.tasks
    )
    assert busy[start] > 2 * idle[start]
