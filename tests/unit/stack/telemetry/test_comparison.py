"""Old against new during a rollout: when, over which times, and by which target groups."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import Ending, Verdict
from stack.rollouts.stages import StageProgress
from stack.telemetry.compared_tasks import TaskSides
from stack.telemetry.comparison import Comparison, comparison_json, comparison_of, span_around
from stack.telemetry.metric_queries import SeriesQuery, service_queries, target_queries, task_queries
from tests.service_deployments import native
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

BALANCER = 'arn:loadbalancer/app/prod/1'
OLD, NEW = 'arn:aws:elb:1:targetgroup/old/1', 'arn:aws:elb:1:targetgroup/new/1'
BEGUN = START + timedelta(hours=3, seconds=20)
MINUTE = timedelta(minutes=1)


def replacing(**changes: Any) -> Service:
    """The service while its new deployment runs beside the old one."""
    deployments = [
        {
            'id': f'ecs-svc/{number}',
            'status': status,
            'taskDefinition': f'arn:td/web:{number}',
            'desiredCount': 2,
            'runningCount': 1,
            'createdAt': begun,
            'rolloutState': 'IN_PROGRESS',
        }
        for number, status, begun in ((2, 'PRIMARY', BEGUN), (1, 'ACTIVE', START))
    ]
    return replace(running(deployments=deployments), **changes)


def rolling(seen: Service | None = None, **changes: Any) -> Comparison | None:
    """What is compared of a rollout, ten minutes after it began."""
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2}))
    look(made, running())
    made.take_revision(revision('r2', at=BEGUN, web={'image': 'web:2', 'desired_count': 2}), BEGUN)
    made.ecs.see('web', seen or replacing())
    made.rollouts['web'] = replace(made.rollouts['web'], **({'deployment': 'ecs-svc/2'} | changes))
    return comparison_of(made, 'web', BEGUN + 10 * MINUTE)


def ended(ending: Ending, minutes: int) -> Verdict:
    return Verdict(ending, '', BEGUN + minutes * MINUTE)


def test_the_hour_before_is_compared_with_the_whole_minutes_since():
    found = rolling()
    assert found is not None
    assert (found.begun, found.until, found.image_before) == (BEGUN, None, 'web:1')
    first = BEGUN.replace(second=0)
    assert (found.before().start, found.before().end) == (first - timedelta(hours=1), first)
    since = found.since(BEGUN + 8 * MINUTE)
    assert (since.start, since.end) == (first + MINUTE, first + 8 * MINUTE)
    read = span_around(BEGUN, BEGUN + 10 * MINUTE)
    assert (read.start, read.end, read.step) == (first - timedelta(hours=1), first + 8 * MINUTE, 60)


def test_before_the_first_minute_there_is_nothing_since():
    found = rolling()
    assert found is not None
    assert found.since(BEGUN - MINUTE).times() == []
    assert span_around(BEGUN, BEGUN).end == BEGUN.replace(second=0)


def test_what_a_failed_rollout_brought_stops_serving_with_its_end():
    failed, succeeded = (rolling(verdict=ended(each, 4)) for each in ('rolled-back', 'succeeded'))
    assert failed is not None
    assert succeeded is not None
    assert failed.since(BEGUN + 8 * MINUTE).end == BEGUN.replace(second=0) + 4 * MINUTE
    assert succeeded.since(BEGUN + 8 * MINUTE).end == BEGUN.replace(second=0) + 8 * MINUTE


def test_what_is_not_compared():
    assert rolling(deployment=None) is None, 'ECS has not begun'
    assert rolling(foreign=frozenset({'ecs-svc/2'})) is None, 'a change of the count replaces no task'
    assert rolling(seen=replacing(created_at=BEGUN)) is None, 'the first one of a service'
    assert rolling(verdict=ended('succeeded', -51)) is None, 'an hour has passed'
    made = state(revision('r1', web={'image': 'web:1'}))
    assert comparison_of(made, 'web', START) is None, 'before the first look'


def in_stages(source: tuple[str, ...], target: tuple[str, ...], **changes: Any) -> Comparison | None:
    newest = replace(native(), source_groups=source, target_groups=target)
    stages = StageProgress(newest.arn, 'blue_green', BEGUN)
    return rolling(replacing(native=newest), stages=stages, **changes)


def test_a_deployment_in_stages_is_compared_by_its_target_groups():
    found = in_stages((OLD,), (NEW,))
    assert found is not None
    assert (found.old_groups, found.new_groups) == ({OLD}, {NEW})
    done = in_stages((OLD,), (NEW,), verdict=ended('succeeded', 4))
    assert done is not None
    assert done.until == BEGUN + 4 * MINUTE, 'the old group has no traffic afterwards'


def test_one_group_for_both_tells_nothing_apart():
    for source in ((NEW,), ()):
        found = in_stages(source, (NEW,))
        assert found is not None
        assert found.new_groups == frozenset()


def values(found: Comparison, before: Mapping[str, float], since: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    """The comparison eight minutes later: with a value each minute, by metric, and since then also by target group."""
    first = found.before().start
    times = [first + number * MINUTE for number in range(68)]
    queries: list[SeriesQuery] = service_queries('prod', 'web')
    for group in (OLD, NEW):
        queries += target_queries(BALANCER, group)

    def value(query: SeriesQuery, at: datetime) -> float | None:
        group = {OLD: 'old', NEW: 'new'}.get(f'arn:aws:elb:1:{dict(query.dimensions).get("TargetGroup")}', '')
        if at < found.before().end:
            return before.get(query.metric.name) if group != 'new' else None
        return since.get((query.metric.name, group))

    series = [(query, {at: each for at in times if (each := value(query, at)) is not None}) for query in queries]
    answer = comparison_json(found, series, times[-1])
    return {row['name']: (row['by'], row['old'], row['new']) for row in answer['metrics']}


def test_values_by_time():
    found = rolling()
    assert found is not None
    before = {'cpu': 40.0, 'requests': 300.0, 'errors': 3.0, 'latency_p95': 0.1}
    since = {('cpu', ''): 50.0, ('requests', 'old'): 200.0, ('requests', 'new'): 200.0, ('errors', 'new'): 10.0}
    assert values(found, before, since) == {
        'cpu': ('time', 40.0, 50.0),
        'memory': ('time', None, None),
        'requests': ('time', 300.0, 400.0),
        'error_rate': ('time', 1.0, 2.5),
        'latency_p95': ('time', 0.1, None),
    }


def test_values_by_target_group():
    found = in_stages((OLD,), (NEW,))
    assert found is not None
    since = {
        ('cpu', ''): 50.0,
        ('requests', 'old'): 300.0,
        ('requests', 'new'): 100.0,
        ('errors', 'new'): 10.0,
        ('latency_p95', 'old'): 0.1,
        ('latency_p95', 'new'): 0.2,
    }
    assert values(found, {'cpu': 40.0, 'requests': 900.0}, since) == {
        'cpu': ('time', 40.0, 50.0),
        'memory': ('time', None, None),
        'requests': ('target-group', 300.0, 100.0),
        'error_rate': ('target-group', 0.0, 10.0),
        'latency_p95': ('target-group', 0.1, 0.2),
    }


def by_task(found: Comparison | None, sides: TaskSides, *silent: str) -> dict[str, Any]:
    """CPU and memory: 40 before, 50 since, of each old task 30 and of each new one 70; `silent` tasks have none."""
    assert found is not None
    first = found.before().start
    times = [first + number * MINUTE for number in range(68)]
    series: list[tuple[SeriesQuery, dict[datetime, float]]] = [
        (query, {at: 40.0 if at < found.before().end else 50.0 for at in times})
        for query in service_queries('prod', 'web')
    ]
    for task in ('old-1', 'old-2', 'new-1', 'new-2'):
        value = 30.0 if task.startswith('old') else 70.0
        series += [
            (query, {} if task in silent else dict.fromkeys(times, value))
            for query in task_queries('prod', 'web', task)
        ]
    answer = comparison_json(found, series, times[-1], sides)
    assert [row['name'] for row in answer['metrics']] == ['cpu', 'memory']
    assert answer['metrics'][0] == answer['metrics'][1] | {'name': 'cpu'}
    row = answer['metrics'][0]
    return {'tasks': answer['tasks'], 'row': (row['by'], row['old'], row['new'])}


def test_new_tasks_alone_are_compared_with_the_hour_before_a_rolling_update():
    sides = TaskSides(new=frozenset({'new-1', 'new-2'}))
    assert by_task(rolling(), sides) == {'tasks': {'old': 0, 'new': 2}, 'row': ('new-tasks', 40.0, 70.0)}


def test_old_and_new_tasks_of_stages_are_compared_at_the_same_time():
    sides = TaskSides(frozenset({'old-1'}), frozenset({'new-1', 'new-2'}))
    found = in_stages((OLD,), (NEW,))
    assert by_task(found, sides) == {'tasks': {'old': 1, 'new': 2}, 'row': ('task', 30.0, 70.0)}
    assert by_task(found, sides, 'old-1')['row'] == ('new-tasks', 40.0, 70.0), 'the old ones have no values any more'


def test_without_values_of_new_tasks_the_service_is_compared():
    sides = TaskSides(frozenset({'old-1'}), frozenset({'new-1'}))
    assert by_task(rolling(), sides, 'new-1')['row'] == ('time', 40.0, 50.0)
    assert by_task(rolling(), TaskSides()) == {'tasks': None, 'row': ('time', 40.0, 50.0)}


def test_tasks_are_found_by_deployment_and_time():
    found, staged = rolling(), in_stages((OLD,), (NEW,))
    assert found is not None
    assert staged is not None
    assert found.key == ('ecs-svc/2', BEGUN, False)
    assert staged.key == ('ecs-svc/2', BEGUN, True)


def test_the_answer_has_both_times_and_both_images():
    found = rolling()
    assert found is not None
    shown = comparison_json(found, [], BEGUN + 8 * MINUTE)
    assert (shown['image_before'], shown['image'], shown['revision'], shown['ended_at']) == (
        'web:1',
        'web:2',
        'r2',
        None,
    )
    assert shown['begun_at'] == '2026-03-01T03:00:20.000+00:00'
    assert shown['before'] == {'from': '2026-03-01T02:00:00.000+00:00', 'to': '2026-03-01T03:00:00.000+00:00'}
    assert shown['since'] == {'from': '2026-03-01T03:01:00.000+00:00', 'to': '2026-03-01T03:08:00.000+00:00'}
    assert shown['metrics'] == []
