"""The observer: how many calls it makes, when, and what it does when AWS refuses."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.careful import CarefulConnection
from stack.aws.ecs_look import EcsLook
from stack.errors import AwsFailed, Throttled, Unavailable
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import task
from stack.rollouts.observation import Observation
from stack.rollouts.rollout import Verdict, end
from stack.runtime.observers import Observers
from stack.runtime.token_bucket import Limit, TokenBucket
from stack.state.revision_store import serialise
from stack.state.revisions import Revision
from stack.watch import watcher
from stack.watch.look_schedule import WITH_EVENTS, Intervals
from stack.watch.watcher import POLLED, Watcher
from tests.places import InOnePlace

START = datetime(2026, 3, 1, tzinfo=UTC)


class Sky:
    """AWS on a clock of the test: services that are steady unless set otherwise, and limits that are enforced.

    `others` is the part of the limits that other clients eat up.
    """

    def __init__(self, services: int, others: float = 0.0):
        self.region = 'us-east-1'
        self.now = 1000.0
        self.services = services
        self.calls: list[tuple[float, str]] = []
        self.throttled = 0
        self.failure: AwsFailed | None = None
        self.moving: set[str] = set()
        self.failed_tasks: Counter[str] = Counter()
        self._others = others
        self._bucket = TokenBucket(Limit(100, 20), self.now)
        self._eaten_at = self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict:
        self.calls.append((self.now, f'{service}:{operation}'))
        if self.failure is not None:
            raise self.failure
        if operation in ('DescribeServices', 'ListServices'):
            self._count()
        return getattr(self, operation)(**arguments)

    def _count(self) -> None:
        while self._eaten_at < self.now:
            self._eaten_at += 1 / (20 * self._others) if self._others else 1.0
            if self._others:
                self._bucket.reserve(self._eaten_at)
        if self._bucket.reserve(self.now) > 0:
            self.throttled += 1
            raise Throttled('Rate exceeded', 'ecs:DescribeServices', 'ThrottlingException')

    def DescribeServices(self, cluster: str, services: list[str]) -> dict:
        return {'services': [self.service(cluster, name) for name in services]}

    def service(self, cluster: str, name: str) -> dict[str, Any]:
        moving = name in self.moving
        deployment = {
            'id': f'ecs-svc/{name}',
            'status': 'PRIMARY',
            'taskDefinition': f'arn:td/{cluster}-{name}:1',
            'desiredCount': 1,
            'runningCount': 0 if moving else 1,
            'failedTasks': self.failed_tasks[name],
            'createdAt': START,
            'rolloutState': 'IN_PROGRESS' if moving else 'COMPLETED',
        }
        counts = {'desiredCount': 1, 'runningCount': deployment['runningCount'], 'deployments': [deployment]}
        head = {'serviceName': name, 'serviceArn': f'arn:service/{cluster}/{name}', 'status': 'ACTIVE'}
        return {**head, 'taskDefinition': deployment['taskDefinition'], **counts}

    def DescribeTaskDefinition(self, taskDefinition: str, **_: Any) -> dict:
        name = taskDefinition.rpartition('-')[2].partition(':')[0]
        container = {'name': name, 'image': f'{name}:1', 'memory': 1024}
        body = {'taskDefinitionArn': taskDefinition, 'family': f'prod-{name}', 'networkMode': 'host'}
        return {'taskDefinition': {**body, 'containerDefinitions': [container]}}

    def ListServices(self, cluster: str, **_: Any) -> dict:
        return {'serviceArns': [f'arn:service/{cluster}/s{number}' for number in range(self.services)]}

    def ListTasks(self, **_: Any) -> dict:
        return {'taskArns': []}

    def count(self, operation: str, since: float = 0.0) -> int:
        return sum(at >= since and name == f'ecs:{operation}' for at, name in self.calls)


class Cared:
    """One cluster, which has a subscriber or none."""

    def __init__(self, sky: Sky):
        self.sky = sky
        self.wishes: Observers[[]] = Observers()
        self.cared = True
        self.looks: list[Observation] = []
        self.failing: list[str] = []
        services = [{f's{number}': {'image': f's{number}:1'}} for number in range(sky.services)]
        body = serialise({'services': services})
        self.states = {'prod': ClusterState(Revision('prod', '"e"', 'r1', body, START), START)}

    is_loading = False

    def is_asked_for(self, name: str) -> bool:
        return False

    def of_interest(self) -> list[str]:
        return ['prod'] if self.cared or self.states['prod'].moving() else []

    def loaded(self, cluster: str) -> ClusterState | None:
        return self.states.get(cluster)

    def is_subscribed(self, name: str) -> bool:
        return self.cared

    async def see(self, cluster: str, observation: Observation) -> None:
        self.looks.append(observation)
        self.states[cluster].look(observation)

    async def define(self, cluster: str, found: Mapping[str, TaskDefinition | None]) -> None:
        for observation in self.states[cluster].unread.looks_with(found):
            self.states[cluster].look(observation)

    def unseen(self, cluster: str, failed: AwsFailed) -> None:
        self.failing.append(failed.code)


class Scene:
    def __init__(self, services: int, others: float = 0.0, intervals: Intervals = POLLED):
        self.sky = Sky(services, others)
        self.live = Cared(self.sky)
        connection = CarefulConnection(self.sky, clock=lambda: self.sky.now, sleep=self.sky.sleep)
        self.watcher = Watcher(
            self.live,
            InOnePlace(EcsLook(connection)),
            intervals,
            clock=lambda: self.sky.now,
            now=lambda: START + timedelta(seconds=self.sky.now),
            chance=lambda: 1.0,
        )

    async def go(self, seconds: float, step: float = 1 / 16) -> None:
        end = self.sky.now + seconds
        while self.sky.now < end:
            if self.watcher.start_one():
                await self.watcher.settle()
            else:
                self.sky.now += step


def play(story: Any) -> None:
    asyncio.run(story())


def test_a_thousand_services_stay_within_a_quarter_of_the_limits():
    async def story() -> None:
        scene = Scene(1000)
        await scene.go(300)
        start = scene.sky.now
        await scene.go(300)
        assert scene.sky.count('DescribeServices', start) <= 300 * 5 + 5
        assert scene.sky.count('DescribeServices', start) >= 300 / 30 * 100, 'each is looked at twice a minute'
        assert scene.sky.throttled == 0

    play(story)


@pytest.mark.parametrize('services', [600, 1500])
def test_with_events_a_steady_fleet_of_any_size_costs_less_than_two_calls_a_second(services: int):
    async def story() -> None:
        scene = Scene(services, intervals=WITH_EVENTS)
        while scene.sky.count('DescribeTaskDefinition') < services:
            await scene.go(10)
        start, looks = scene.sky.now, len(scene.live.looks)
        await scene.go(300)
        assert sum(at >= start for at, _ in scene.sky.calls) <= 300 / WITH_EVENTS.spacing + 1 <= 600
        assert scene.sky.count('ListServices', start) >= 1, 'listings are not crowded out'
        seen = {name for look in scene.live.looks[looks:] for name in look.services}
        assert len(seen) == services, 'a large fleet is looked at less often, and all of it'

    play(story)


def test_no_call_is_refused_though_others_eat_four_fifths_of_the_limits():
    async def story() -> None:
        scene = Scene(1000, others=0.8)
        await scene.go(400)
        assert scene.sky.throttled == 0

    play(story)


def test_others_that_eat_everything_are_given_way_to():
    async def story() -> None:
        scene = Scene(1000, others=1.05)
        await scene.go(600)
        start, refused = scene.sky.now, scene.sky.throttled
        await scene.go(300)
        assert 0 < scene.sky.throttled - refused < 40
        assert scene.sky.count('DescribeServices', start) < 80
        assert 'aws_throttled' in scene.live.failing

    play(story)


def test_what_rolls_out_is_looked_at_every_two_seconds_and_comes_first():
    async def story() -> None:
        scene = Scene(400)
        await scene.go(120)
        scene.sky.moving = {'s7'}
        await scene.go(30)
        start = len(scene.live.looks)
        await scene.go(60)
        looks = [each for each in scene.live.looks[start:] if 's7' in each.services]
        assert len(looks) >= 25

    play(story)


def test_nobody_cares_and_nothing_moves():
    async def story() -> None:
        scene = Scene(10)
        await scene.go(60)
        scene.live.cared = False
        await scene.go(5)
        calls = len(scene.sky.calls)
        await scene.go(300)
        assert len(scene.sky.calls) == calls

    play(story)


def test_nobody_cares_but_something_moves():
    async def story() -> None:
        scene = Scene(10)
        scene.live.cared = False
        scene.sky.moving = {'s3'}
        await scene.go(60)
        assert scene.live.states['prod'].moving()
        scene.sky.moving = set()
        await scene.go(60)
        assert not scene.live.states['prod'].moving()
        calls = len(scene.sky.calls)
        await scene.go(300)
        assert len(scene.sky.calls) == calls

    play(story)


def test_a_task_definition_is_asked_for_once():
    async def story() -> None:
        scene = Scene(30)
        await scene.go(300)
        assert scene.sky.count('DescribeTaskDefinition') == 30

    play(story)


def test_looks_are_spaced_while_a_subscriber_waits_for_a_cluster(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watcher, 'LOADING_PAUSE_S', 3600.0)

    async def story() -> None:
        scene = Scene(40)
        scene.live.is_loading = True
        running = asyncio.create_task(scene.watcher.run())
        for _ in range(100):
            await asyncio.sleep(0)
        assert scene.sky.count('DescribeServices') == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    play(story)


def test_a_hint_is_followed_at_once():
    async def story() -> None:
        scene = Scene(10, intervals=WITH_EVENTS)
        await scene.go(120)
        before = len(scene.live.looks)
        await scene.go(5)
        assert len(scene.live.looks) == before
        stopped = task({'taskArn': 'arn:task/1', 'lastStatus': 'STOPPED', 'stoppedAt': START})
        for _ in range(3):
            scene.watcher.hint('prod', 's4', stopped)
        await scene.go(1)
        assert len(scene.live.looks) == before + 1
        assert scene.live.states['prod'].ecs.stopped['s4'] == (stopped,)
        assert scene.sky.count('ListTasks') == 0, 'the event has reported it'

    play(story)


def test_failing_tasks_are_asked_for_and_not_too_often():
    async def story() -> None:
        scene = Scene(10)
        scene.sky.moving = {'s3'}
        for _ in range(30):
            scene.sky.failed_tasks['s3'] += 1
            await scene.go(2)
        assert 5 <= scene.sky.count('ListTasks') <= 7

    play(story)


@pytest.mark.parametrize(
    'failure',
    [
        Unavailable('ECS does not answer.', 'ecs:DescribeServices', '503'),
        AwsFailed('Denied.', 'ecs:DescribeServices', 'AccessDeniedException'),
    ],
)
def test_an_ecs_that_fails_is_polled_ever_less_often_and_the_age_is_reported(failure: AwsFailed):
    async def story() -> None:
        scene = Scene(10)
        await scene.go(30)
        scene.sky.failure = failure
        start = scene.sky.now
        await scene.go(300)
        assert 10 < scene.sky.count('DescribeServices', start) < 40
        assert scene.live.failing
        scene.sky.failure = None
        looks = len(scene.live.looks)
        await scene.go(30)
        assert len(scene.live.looks) > looks

    play(story)


def test_a_cluster_that_is_gone_has_no_services():
    async def story() -> None:
        scene = Scene(3)
        await scene.go(10)
        scene.sky.failure = AwsFailed('Gone.', 'ecs:DescribeServices', 'ClusterNotFoundException')
        await scene.go(30)
        assert scene.live.states['prod'].ecs.services == {}

    play(story)


def test_counts_do_not_wait_for_task_definitions_which_are_read_first_of_what_moves():
    async def story() -> None:
        scene, go = Scene(300), asyncio.Event()
        call, asked = scene.sky.call, []

        async def held(service: str, operation: str, /, **arguments: Any) -> dict:
            if operation == 'DescribeTaskDefinition':
                asked.append(arguments['taskDefinition'])
                await go.wait()
            return await call(service, operation, **arguments)

        scene.sky.call = held
        scene.sky.moving = {'s299'}
        state = scene.live.states['prod']
        for name, rollout in state.rollouts.items():
            state.rollouts[name] = end(rollout, Verdict('succeeded', '', START))
        while len(state.ecs.services) < 300:
            if not scene.watcher.start_one():
                scene.sky.now += 1 / 16
            await asyncio.sleep(0)
        assert len(asked) == 1
        assert not state.ecs.definitions
        go.set()
        await scene.watcher.settle()
        assert asked[1] == 'arn:td/prod-s299:1'
        assert not state.unread

    play(story)


def test_what_rests_and_only_waits_for_its_task_definition_is_not_looked_at_closely():
    async def story() -> None:
        scene, go = Scene(100), asyncio.Event()
        call = scene.sky.call

        async def held(service: str, operation: str, /, **arguments: Any) -> dict:
            if operation == 'DescribeTaskDefinition':
                await go.wait()
            return await call(service, operation, **arguments)

        async def pass_time(seconds: float) -> None:
            end = scene.sky.now + seconds
            while scene.sky.now < end:
                if not scene.watcher.start_one():
                    scene.sky.now += 1 / 16
                for _ in range(10):
                    await asyncio.sleep(0)

        scene.sky.call = held
        scene.sky.moving = {'s7'}
        state = scene.live.states['prod']
        await pass_time(5)
        assert len(state.ecs.services) == len(state.unread) == len(state.moving_services()) == 100
        start = len(scene.live.looks)
        await pass_time(30)
        looks = scene.live.looks[start:]
        assert sum('s7' in each.services for each in looks) >= 12, 'it moves'
        assert len(looks) <= 40
        go.set()
        await scene.watcher.settle()
        assert {name for name, each in state.rollouts.items() if each.open} == {'s7'}

    play(story)


def test_task_definitions_that_cannot_be_read_are_reported_with_the_counts():
    denied = AwsFailed('No.', 'ecs:DescribeTaskDefinition', 'AccessDeniedException')

    async def story() -> None:
        scene = Scene(1)

        def refuse(**_: Any) -> dict:
            raise denied

        scene.watcher._reads._sleep = scene.sky.sleep
        scene.sky.DescribeTaskDefinition = refuse
        await scene.go(60)
        assert scene.live.looks[0].hindered is None
        assert scene.live.looks[-1].hindered is denied
        assert scene.live.states['prod'].ecs.services['s0'].running == 1
        assert scene.live.failing == []

    play(story)
