"""Series of a service: what is asked of CloudWatch, how often, and what is shown of it."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import AwsFailed, NotFound
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task, task
from stack.telemetry.compared_tasks import SETTING_KEPT_S
from stack.telemetry.metric_queries import SeriesQuery, TimeRange, time_range
from stack.telemetry.service_metrics import CACHED_S, ServiceMetrics, marks
from tests.places import InOnePlace
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
GROUP = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/prod-web/73e2d6bc24d8a067'
BALANCER = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/prod/50dc6c495c0c9188'
NETWORK = BALANCER.replace('/app/', '/net/')


class CloudWatch:
    """Has the value 1.5 at the end of every range, for each metric but those in `silent`."""

    def __init__(self) -> None:
        self.calls: list[tuple[Sequence[SeriesQuery], TimeRange]] = []
        self.silent: set[str] = set()
        self.value = 1.5

    async def series(self, queries: Sequence[SeriesQuery], span: TimeRange) -> list[Mapping[datetime, float]]:
        self.calls.append((queries, span))
        return [{} if query.metric.name in self.silent else {span.times()[-1]: self.value} for query in queries]


class Tasks:
    """The tasks of a service, and the cluster's setting; counts how often each was asked for."""

    def __init__(self) -> None:
        self.setting = 'disabled'
        self.tasks: tuple[Task, ...] = ()
        self.asked: Counter[str] = Counter()

    async def container_insights(self, cluster: str) -> str:
        self.asked['setting'] += 1
        return self.setting

    async def running(self, cluster: str, service: str) -> tuple[Task, ...]:
        self.asked['running'] += 1
        return self.tasks

    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]:
        return ()


class Scene:
    def __init__(self, *balancers: str, failure: AwsFailed | None = None):
        self.cloudwatch = CloudWatch()
        self.clock = 0.0
        self.lookups = 0
        self.balancers, self.failure = balancers, failure
        self.now, self.tasks = NOW, Tasks()
        self.metrics = ServiceMetrics(
            InOnePlace(self.cloudwatch),
            InOnePlace(self.lookup),
            InOnePlace(self.tasks),
            now=lambda: self.now,
            clock=lambda: self.clock,
        )

    async def lookup(self, groups: Sequence[str]) -> Mapping[str, Sequence[str]]:
        self.lookups += 1
        if self.failure:
            raise self.failure
        return {group: list(self.balancers) for group in groups}

    def of(self, made: ClusterState, range: str = '1h', step: int = 60) -> dict[str, Any]:
        return asyncio.run(self.metrics.of_service(made, 'web', range, step))


def deployed(**changes: Any) -> ClusterState:
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2}))
    look(made, running(**changes))
    return made


def balanced() -> ClusterState:
    return deployed(loadBalancers=[{'targetGroupArn': GROUP}])


def test_a_range_ends_where_points_can_be_expected_and_is_aligned_to_the_step():
    assert time_range('1h', 300, NOW) == TimeRange(
        datetime(2026, 3, 1, 10, 55, tzinfo=UTC), datetime(2026, 3, 1, 11, 55, tzinfo=UTC), 300
    )


def test_cpu_and_memory_with_their_units_one_point_a_step():
    shown = Scene().of(deployed())
    assert [(each['name'], each['unit'], each['statistic']) for each in shown['series']] == [
        ('cpu', 'Percent', 'Average'),
        ('memory', 'Percent', 'Average'),
    ]
    points = shown['series'][0]['points']
    assert (len(points), points[0], points[-1]) == (
        60,
        ['2026-03-01T10:58:00.000+00:00', None],
        ['2026-03-01T11:57:00.000+00:00', 1.5],
    )
    assert (shown['from'], shown['to']) == ('2026-03-01T10:58:00.000+00:00', '2026-03-01T11:58:00.000+00:00')


def test_a_service_behind_a_load_balancer_shows_its_requests():
    scene = Scene(BALANCER)
    shown = scene.of(balanced())
    names = [each['name'] for each in shown['series']]
    assert names == ['cpu', 'memory', 'requests', 'errors', 'latency', 'latency_p95', 'healthy_targets']
    query = scene.cloudwatch.calls[0][0][-1]
    assert dict(query.dimensions) == {
        'LoadBalancer': 'app/prod/50dc6c495c0c9188',
        'TargetGroup': 'targetgroup/prod-web/73e2d6bc24d8a067',
    }


def test_a_gap_of_a_count_is_zero_and_of_a_time_unknown():
    shown = {each['name']: each['points'][0][1] for each in Scene(BALANCER).of(balanced())['series']}
    assert (shown['requests'], shown['errors'], shown['latency_p95'], shown['cpu']) == (0.0, 0.0, None, None)


def test_a_count_without_any_point_is_unknown():
    scene = Scene(BALANCER)
    scene.cloudwatch.silent = {'requests'}
    shown = {each['name']: each['points'][0][1] for each in scene.of(balanced())['series']}
    assert shown['requests'] is None


@pytest.mark.parametrize(
    'scene', [Scene(), Scene(NETWORK), Scene(failure=AwsFailed('gone', 'x', 'TargetGroupNotFound'))]
)
def test_without_an_application_load_balancer_there_are_no_requests(scene: Scene):
    assert [each['name'] for each in scene.of(balanced())['series']] == ['cpu', 'memory']


def test_the_counts_of_two_load_balancers_are_added_and_the_slower_one_is_shown():
    shown = {each['name']: each['points'][-1][1] for each in Scene(BALANCER, f'{BALANCER}x').of(balanced())['series']}
    assert (shown['requests'], shown['latency_p95']) == (3.0, 1.5)


def test_cloudwatch_is_read_once_a_minute_however_many_look():
    scene, made = Scene(BALANCER), balanced()

    async def many() -> list[dict[str, Any]]:
        return await asyncio.gather(*(scene.metrics.of_service(made, 'web', '1h', 60) for _ in range(20)))

    first = asyncio.run(many())
    assert (len(scene.cloudwatch.calls), len(first)) == (1, 20)
    scene.clock = CACHED_S - 1
    scene.cloudwatch.value = 2.5
    assert scene.of(made)['series'] == first[0]['series']
    scene.clock = CACHED_S
    assert scene.of(made)['series'][0]['points'][-1][1] == 2.5
    assert (len(scene.cloudwatch.calls), scene.lookups) == (2, 1)


def test_the_services_of_a_cluster_are_read_by_one_call():
    made = state(revision('r1', web={'image': 'web:1'}, api={'image': 'api:1'}))
    scene = Scene()
    shown = asyncio.run(scene.metrics.of_cluster(made, '1h'))
    assert len(scene.cloudwatch.calls) == 1
    assert {name: list(series) for name, series in shown['content'].items()} == {
        'web': ['cpu', 'memory'],
        'api': ['cpu', 'memory'],
    }
    assert shown['content']['web']['cpu'][-1] == 1.5
    assert len(shown['content']['web']['cpu']) == 60


def test_a_service_that_is_not_there():
    with pytest.raises(NotFound):
        asyncio.run(Scene().metrics.of_service(deployed(), 'other', '1h', 60))


def replacing_tasks() -> tuple[Scene, ClusterState]:
    """A rollout by a new deployment, with eleven new tasks, in a cluster with enhanced Container Insights."""
    begun = START + timedelta(hours=3)
    made = deployed()
    made.take_revision(revision('r2', at=begun, web={'image': 'web:2', 'desired_count': 2}), begun)
    made.rollouts['web'] = replace(made.rollouts['web'], deployment='ecs-svc/2')
    scene = Scene()
    scene.now, scene.tasks.setting = begun + timedelta(minutes=9), 'enhanced'
    scene.tasks.tasks = tuple(
        task({'taskArn': f'arn/{n:02}', 'startedBy': 'ecs-svc/2', 'startedAt': begun + timedelta(minutes=1)})
        for n in range(11)
    )
    return scene, made


def test_new_tasks_are_read_a_sample_of_them_where_the_cluster_has_metrics_of_tasks():
    scene, made = replacing_tasks()
    comparison = scene.of(made)['comparison']
    assert comparison['tasks'] == {'old': 0, 'new': 10}
    assert [row['by'] for row in comparison['metrics']] == ['new-tasks', 'new-tasks']
    queries = scene.cloudwatch.calls[-1][0]
    assert [query.metric.name for query in queries] == ['cpu', 'memory', *['task_cpu', 'task_memory'] * 10]
    assert {query.metric.metric for query in queries[2:]} == {'TaskCpuUtilization', 'TaskMemoryUtilization'}
    assert queries[2].metric.namespace == 'ECS/ContainerInsights'
    assert dict(queries[2].dimensions) == {'ClusterName': made.name, 'ServiceName': 'web', 'TaskId': '00'}


def test_tasks_are_looked_up_once_a_minute_and_the_setting_more_rarely():
    scene, made = replacing_tasks()
    for clock in (0.0, CACHED_S - 1, CACHED_S, SETTING_KEPT_S):
        scene.clock = clock
        scene.of(made)
    assert scene.tasks.asked == {'setting': 2, 'running': 3}


@pytest.mark.parametrize('setting', ['enabled', 'disabled', ''])
def test_without_metrics_of_tasks_none_is_looked_up(setting: str):
    scene, made = replacing_tasks()
    scene.tasks.setting = setting
    comparison = scene.of(made)['comparison']
    assert (comparison['tasks'], [row['by'] for row in comparison['metrics']]) == (None, ['time', 'time'])
    assert scene.tasks.asked == {'setting': 1}


def test_each_rollout_is_a_mark():
    made = deployed()
    later = START + timedelta(minutes=9)
    made.take_revision(revision('r2', at=later, web={'image': 'web:2', 'desired_count': 2}), later)
    assert [(mark['revision'], mark['image'], mark['ending'], mark['failed']) for mark in marks(made, 'web')] == [
        ('r1', 'web:1', 'succeeded', False),
        ('r2', 'web:2', None, False),
    ]
    assert marks(made, 'web')[0]['ended_at'] is not None
