"""What is asked of ECS at a look: no more than it takes to understand what it shows."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.errors import AwsFailed
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_snapshot import MOST_STOPPED
from stack.rollouts.ecs_state import EVENTS_AT_REST, Service, Task, task
from stack.rollouts.observation import Observation
from stack.rollouts.pass_outcome import PassOutcome
from stack.rollouts.service_deployment import ServiceDeployment
from stack.watch.observer import (
    AUTOSCALED_EVERY_S,
    OUTCOME_EVERY_S,
    RESTING_EVERY_S,
    STOPPED_EVERY_S,
    TARGETS_EVERY_S,
    UNKNOWN_EVERY_S,
    Observer,
)
from tests.places import InOnePlace
from tests.service_deployments import BLUE_GREEN, WITH_ALARMS, pause
from tests.unit.stack.rollouts.test_cluster_state import START, definition, revision, running, state
from tests.unit.stack.rollouts.test_stage_view import native

WEB = {'image': 'web:1', 'desired_count': 2}
EVENTS = [{'id': '1', 'createdAt': START, 'message': '(service web) has started 1 tasks: (task x).'}]


class Ecs:
    """Shows what it was last given, and counts what it is asked."""

    def __init__(self, made: ClusterState):
        self.seen: dict[str, Service | None] = {}
        self.tasks: tuple[Task, ...] = ()
        self.refusal: AwsFailed | None = None
        self.denied = False
        self.deployments: dict[str, ServiceDeployment] = {}
        self.asked: Counter[str] = Counter()
        self._made = made

    async def services(self, cluster: str, names: Sequence[str]) -> dict[str, Service | None]:
        self.asked['services'] += 1
        if self.refusal:
            raise self.refusal
        return {name: self.seen.get(name) for name in names}

    async def service_deployments(
        self, cluster: str, services: Mapping[str, str | None]
    ) -> dict[str, ServiceDeployment]:
        self.asked['service_deployments'] += 1
        if self.denied:
            raise AwsFailed('No.', 'ecs:DescribeServiceDeployments', 'AccessDeniedException')
        return {name: self.deployments[name] for name in services if name in self.deployments}

    async def definition(self, arn: str) -> TaskDefinition | None:
        self.asked['definition'] += 1
        return replace(definition(self._made), arn=arn)

    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]:
        self.asked['stopped'] += 1
        return self.tasks

    async def targets(self, groups: Sequence[str]) -> Mapping[str, int]:
        self.asked['targets'] += 1
        return {'healthy': 2}

    async def autoscaled(self, cluster: str, services: Sequence[str]) -> frozenset[str]:
        self.asked['autoscaled'] += 1
        return frozenset()


class Scene:
    def __init__(self) -> None:
        self.state = state(revision('r1', web=WEB))
        self.ecs = Ecs(self.state)
        self.now = 0.0
        self.observer = Observer(
            InOnePlace(self.ecs), lambda: self.now, lambda: START + timedelta(minutes=2, seconds=self.now)
        )

    def look(self, seen: Service | None, after: float = 1.0) -> Observation:
        self.now += after
        self.ecs.seen = {'web': seen}
        observation = asyncio.run(self.observer.observe(self.state, ['web']))
        self.state.look(observation)
        self.define()
        return observation

    def define(self) -> None:
        """Have the task definitions read that a look left out."""
        found = {arn: asyncio.run(self.ecs.definition(arn)) for arn in self.state.unread.of('web')}
        for observation in self.state.unread.looks_with(found):
            self.state.look(observation)

    def asked(self, *kinds: str) -> Collection[int]:
        return [self.ecs.asked[kind] for kind in kinds]


def stopped(number: int = 1) -> Task:
    return task({'taskArn': f'arn:task/{number}', 'stoppedAt': START + timedelta(seconds=number)})


def failed(tasks: int, **changes: Any) -> Service:
    seen = running(running=0, **changes)
    return replace(seen, deployments=(replace(seen.deployments[0], failed=tasks),))


def test_a_refusal_is_passed_on():
    scene = Scene()
    scene.ecs.refusal = AwsFailed('Denied.', 'ecs:DescribeServices', 'AccessDeniedException')
    with pytest.raises(AwsFailed):
        scene.look(running())


def test_the_first_definitions_of_a_service_are_left_out_unless_they_are_in_the_cache():
    scene = Scene()
    scene.ecs.seen = {'web': running()}
    first = asyncio.run(scene.observer.observe(scene.state, ['web']))
    assert (dict(first.definitions), scene.ecs.asked) == ({}, {'services': 1})
    scene.state.look(first)
    assert dict(asyncio.run(scene.observer.observe(scene.state, ['web'])).definitions) == {}, 'nor in the next look'
    scene.observer._definitions.put(definition(scene.state))
    found = asyncio.run(scene.observer.observe(scene.state, ['web']))
    assert list(found.definitions) == ['arn:td/web:1']
    assert scene.ecs.asked['definition'] == 0


def test_the_definition_of_another_deployment_is_read_with_the_look_at_it():
    scene = Scene()
    scene.look(running())
    later = running(taskDefinition='arn:td/web:2')
    later = replace(later, deployments=(replace(later.deployments[0], task_definition='arn:td/web:2'),))
    assert list(scene.look(later).definitions) == ['arn:td/web:2']


def test_a_cluster_that_ecs_does_not_have_has_none_of_the_services():
    scene = Scene()
    scene.ecs.refusal = AwsFailed('Gone.', 'ecs:DescribeServices', 'ClusterNotFoundException')
    assert scene.look(running()).services == {'web': None}


@pytest.mark.parametrize('seen', [None, running(status='INACTIVE')])
def test_of_a_service_that_is_not_there_nothing_else_is_asked(seen: Service | None):
    scene = Scene()
    scene.look(seen)
    assert scene.ecs.asked == {'services': 1}


def test_of_a_service_that_is_well_nothing_is_asked_but_its_definition_and_that_once():
    scene = Scene()
    for _ in range(3):
        scene.look(running())
    assert scene.ecs.asked == {'services': 3, 'definition': 1}


def test_tasks_that_fail_are_asked_for_now_and_then():
    scene = Scene()
    scene.ecs.tasks = tuple(stopped(number) for number in range(MOST_STOPPED + 5))
    assert len(scene.look(failed(1)).stopped['web']) == MOST_STOPPED
    scene.look(failed(2))
    assert scene.asked('stopped') == [1]
    scene.look(failed(3), after=STOPPED_EVERY_S)
    assert scene.asked('stopped') == [2]


def test_tasks_that_an_event_reported_are_not_requested():
    scene = Scene()
    scene.observer.report_stopped('prod', 'web', stopped(1))
    scene.observer.report_stopped('prod', 'web', stopped(2))
    assert [each.id for each in scene.look(failed(1)).stopped['web']] == ['2', '1']
    scene.observer.report_stopped('prod', 'web', stopped(3))
    assert [each.id for each in scene.look(failed(2)).stopped['web']] == ['3', '2', '1']
    assert scene.asked('stopped') == [0]


def test_a_task_that_goes_away_without_a_rollout_is_asked_for():
    scene = Scene()
    scene.look(running())
    scene.look(running(running=1))
    assert scene.asked('stopped') == [1]


def test_so_is_one_that_was_replaced_between_two_looks():
    scene = Scene()
    scene.look(running())
    scene.look(running(events=EVENTS))
    assert scene.asked('stopped') == [1]


def test_events_that_were_not_kept_while_a_service_rested_are_not_new():
    old = [
        {'id': f'{n}', 'createdAt': START - timedelta(minutes=n), 'message': '(service web) has started 1 tasks: (x).'}
        for n in range(EVENTS_AT_REST + 10)
    ]
    scene = Scene()
    scene.look(running(events=old))
    assert len(scene.state.ecs.services['web'].events) == EVENTS_AT_REST
    scene.look(running(pendingCount=1, events=old))
    assert scene.asked('stopped') == [0]
    new = {'id': 'new', 'createdAt': START, 'message': '(service web) has started 1 tasks: (task y).'}
    scene.look(running(pendingCount=1, events=[new, *old]))
    assert scene.asked('stopped') == [1]


def test_an_event_of_a_rollout_is_nothing_to_ask_about():
    scene = Scene()
    scene.look(running(running=1))
    scene.look(running(running=1, events=EVENTS))
    assert scene.asked('stopped') == [0]


def test_target_groups_are_asked_more_often_while_something_moves():
    scene = Scene()
    behind = {'loadBalancers': [{'targetGroupArn': 'arn:tg/web'}]}
    for _ in range(2):
        scene.look(running(running=1, **behind), after=TARGETS_EVERY_S)
    assert scene.asked('targets') == [2]
    for _ in range(3):
        scene.look(running(**behind), after=TARGETS_EVERY_S)
    assert scene.asked('targets') == [3]


def test_another_count_than_the_wanted_one_may_be_an_autoscalers():
    scene = Scene()
    for _ in range(3):
        scene.look(running(running=3, desiredCount=3))
    assert scene.asked('autoscaled') == [1]
    scene.look(running(running=3, desiredCount=3), after=AUTOSCALED_EVERY_S)
    scene.observer.forget()
    assert scene.asked('autoscaled') == [2]


def test_the_outcome_of_the_last_pass_is_read_at_each_look_at_what_rolls_out_and_seldom_otherwise():
    scene = Scene()
    read: list[str] = []

    async def outcome(cluster: str) -> PassOutcome:
        read.append(cluster)
        assert scene.ecs.asked['services'] >= len(read), 'after ECS was asked'
        return PassOutcome(1, 'r1', START, START)

    scene.observer = Observer(InOnePlace(scene.ecs), lambda: scene.now, lambda: START + timedelta(minutes=2), outcome)
    for _ in range(2):
        assert scene.look(running(running=1)).outcome == PassOutcome(1, 'r1', START, START)
    assert len(read) == 2
    scene.look(running())
    for _ in range(3):
        scene.look(running(), after=OUTCOME_EVERY_S / 2)
    assert len(read) == 5


def test_the_outcome_is_read_seldom_while_only_a_task_definition_is_awaited():
    scene = Scene()
    read: list[str] = []

    async def outcome(cluster: str) -> PassOutcome:
        read.append(cluster)
        return PassOutcome(1, 'r1', START, START)

    scene.observer = Observer(InOnePlace(scene.ecs), lambda: scene.now, lambda: START + timedelta(minutes=2), outcome)

    def look(seen: Service) -> None:
        scene.now += 1
        scene.ecs.seen = {'web': seen}
        scene.state.look(asyncio.run(scene.observer.observe(scene.state, ['web'])))

    for _ in range(4):
        look(running())
    assert len(read) == 1 + 1, 'when nothing is known of the service, and when it is time'
    look(running(running=1))
    assert len(read) == 2
    look(running(running=1))
    assert len(read) == 3, 'it moves'


def test_a_look_that_fails_leaves_what_it_asked_to_the_next_one():
    """What EventBridge reported, and what is asked now and then, is no less due because another call failed."""
    scene = Scene()
    scene.ecs.seen['web'] = running(running=1, loadBalancers=[{'targetGroupArn': 'arn:tg', 'containerPort': 80}])
    refusal = AwsFailed('throttled', 'elbv2:DescribeTargetHealth', 'Throttling')

    async def refuse(groups: Sequence[str]) -> Mapping[str, int]:
        raise refusal

    answer, scene.ecs.targets = scene.ecs.targets, refuse
    stopped = task({'taskArn': 'arn:task/t1', 'stoppedAt': START})
    scene.observer.report_stopped('prod', 'web', stopped)
    with pytest.raises(AwsFailed):
        asyncio.run(scene.observer.observe(scene.state, ['web']))
    scene.ecs.targets = answer
    found = asyncio.run(scene.observer.observe(scene.state, ['web']))
    assert (found.stopped, found.targets) == ({'web': (stopped,)}, {'web': {'healthy': 2}})
    assert asyncio.run(scene.observer.observe(scene.state, ['web'])).stopped == {}


# Service deployments


def beyond(running_tasks: int = 1, **changes: Any) -> Service:
    return running(running=running_tasks, **({'deploymentConfiguration': BLUE_GREEN} | changes))


def test_of_a_plain_rolling_service_no_deployment_is_asked_for():
    scene = Scene()
    for tasks in (0, 1, 2):
        scene.look(running(running=tasks, currentServiceDeployment='arn:1'))
    assert scene.asked('service_deployments') == [0]


@pytest.mark.parametrize('configuration', [BLUE_GREEN, WITH_ALARMS, {'lifecycleHooks': [{'targetType': 'PAUSE'}]}])
def test_of_a_service_beyond_that_it_is_asked_for_while_it_rolls_out(configuration: dict[str, Any]):
    scene = Scene()
    scene.ecs.deployments = {'web': native('SCALE_UP')}
    for _ in range(3):
        scene.look(beyond(deploymentConfiguration=configuration))
    assert scene.asked('service_deployments') == [3]
    assert scene.state.rollouts['web'].stages.arn == scene.ecs.deployments['web'].arn


def test_of_one_at_rest_it_is_asked_for_once_and_again_for_another_deployment():
    scene = Scene()
    scene.ecs.deployments = {'web': native('', 'SUCCESSFUL')}
    for _ in range(3):
        scene.look(beyond(2))
    assert (scene.asked('service_deployments'), scene.state.rollouts['web'].open) == ([1], False)
    scene.look(beyond(2, currentServiceDeployment='arn:another'))
    assert scene.asked('service_deployments') == [2]


def test_of_one_at_rest_that_ecs_does_not_give_it_is_asked_for_seldom_until_another_begins():
    scene = Scene()
    for _ in range(4):
        scene.look(beyond(2))
    assert (scene.asked('service_deployments'), scene.state.rollouts['web'].open) == ([2], False)
    scene.look(beyond(2), after=UNKNOWN_EVERY_S)
    assert scene.asked('service_deployments') == [3]
    scene.look(beyond(2, currentServiceDeployment='arn:another'))
    scene.look(beyond(2, currentServiceDeployment='arn:another'))
    assert scene.asked('service_deployments') == [4]


def test_a_pause_is_looked_at_less_often():
    scene = Scene()
    scene.ecs.deployments = {'web': native('POST_SCALE_UP', hooks=[pause()])}
    scene.look(beyond())
    assert scene.state.rollouts['web'].state == 'paused'
    for _ in range(3):
        scene.look(beyond())
    assert scene.asked('service_deployments') == [2]
    assert scene.state.rollouts['web'].state == 'paused'
    scene.look(beyond(), after=RESTING_EVERY_S)
    assert scene.asked('service_deployments') == [3]


def test_a_deployment_that_may_not_be_read_leaves_the_rest_of_the_look(caplog: pytest.LogCaptureFixture):
    scene = Scene()
    scene.ecs.denied = True
    scene.look(beyond())
    assert scene.state.rollouts['web'].state == 'rolling-out'
    assert 'service deployments cannot be read' in caplog.text
    caplog.clear()
