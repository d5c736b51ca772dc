"""Rollouts with a service deployment: what each look shows, and the state, the verdict and its cause."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.rollouts.ecs_state import Service
from stack.rollouts.native_rollout import cause_in
from stack.rollouts.rollout import STALLED_AFTER_S, Rollout, announced_again, begin
from stack.rollouts.service_deployment import ServiceDeployment
from stack.rollouts.service_rollout import follow
from tests.ecs_looks import ALIEN, NEW, OLD, at, deployment, ending, goal, leaving, looks, new, old, service
from tests.service_deployments import (
    BLUE_GREEN,
    LINEAR,
    STRATEGIES,
    WITH_ALARMS,
    deploying,
    hours,
    native,
    pause,
)

TRIGGERED_ALARM = {'alarms': {'status': 'TRIGGERED', 'alarmNames': ['5xx'], 'triggeredAlarmNames': ['5xx']}}
TRIGGERED_BREAKER = {'deploymentCircuitBreaker': {'status': 'TRIGGERED', 'failureCount': 3, 'threshold': 3}}
ROLLBACK = {'rollback': {'reason': 'why', 'startedAt': at(40), 'serviceRevisionArn': 'rev/old'}}


def back() -> Service:
    """The service after a rollback: only the old deployment is left."""
    return service(deployment('ecs-svc/3', OLD, 2, 2, created_at=at(30)))


def ended(status: str, **changes: Any) -> Service:
    return replace(back(), native=native(status, **changes))


def cause(rollout: Rollout) -> str | None:
    return rollout.verdict.cause if rollout.verdict else None


@pytest.mark.parametrize(
    ('stage', 'more', 'state'),
    [
        ('SCALE_UP', {'running': 1}, 'rolling-out'),
        ('POST_TEST_TRAFFIC_SHIFT', {'hooks': [pause()]}, 'paused'),
        ('POST_TEST_TRAFFIC_SHIFT', {'hooks': [pause(status='IN_PROGRESS')]}, 'rolling-out'),
        ('PRODUCTION_TRAFFIC_SHIFT', {'traffic': 20.0, 'deploymentConfiguration': LINEAR}, 'shifting'),
        ('BAKE_TIME', {'traffic': 100.0}, 'baking'),
        ('A_STAGE_OF_TOMORROW', {}, 'rolling-out'),
    ],
)
def test_each_stage_is_a_state(stage: str, more: dict[str, Any], state: str):
    last = looks(deploying(native(stage=stage, **more)))[-1]
    assert (last.state, last.verdict, last.stages.stage) == (state, None, stage)


def test_the_percentage_follows_the_stages_and_never_goes_back():
    stages = [
        native(stage='PRE_SCALE_UP', running=0),
        native(stage='SCALE_UP', running=0),
        native(stage='SCALE_UP', running=1),
        native(stage='POST_SCALE_UP'),
        native(stage='TEST_TRAFFIC_SHIFT'),
        native(stage='POST_TEST_TRAFFIC_SHIFT'),
        native(stage='PRODUCTION_TRAFFIC_SHIFT', traffic=50.0),
        native(stage='POST_PRODUCTION_TRAFFIC_SHIFT', traffic=100.0),
        native(stage='BAKE_TIME', traffic=100.0),
        native(stage='CLEAN_UP', traffic=100.0),
    ]
    percents = [each.percent for each in looks(*(deploying(each) for each in stages))]
    assert percents == sorted(set(percents))
    assert percents[-1] < 100
    done = looks(deploying(stages[-1]), service(new(2, state='COMPLETED'), native=native('SUCCESSFUL')))[-1]
    assert (done.percent, ending(done), done.state) == (100, 'succeeded', 'steady')


def test_all_new_tasks_run_is_no_success_while_the_deployment_goes_on():
    seen = service(new(2, state='COMPLETED'), native=native(stage='BAKE_TIME', traffic=100.0))
    assert [each.verdict for each in looks(seen, seen)] == [None, None]


CAUSES: list[tuple[str, dict[str, Any], list[Any], str, str]] = [
    ('ROLLBACK_IN_PROGRESS', TRIGGERED_ALARM | ROLLBACK, [], 'rolled-back', 'alarm'),
    ('ROLLBACK_SUCCESSFUL', TRIGGERED_ALARM | ROLLBACK, [], 'rolled-back', 'alarm'),
    ('STOPPED', TRIGGERED_ALARM, [], 'aborted', 'alarm'),
    ('ROLLBACK_SUCCESSFUL', TRIGGERED_BREAKER | ROLLBACK, [], 'rolled-back', 'breaker'),
    ('ROLLBACK_FAILED', TRIGGERED_BREAKER, [], 'aborted', 'breaker'),
    ('STOPPED', TRIGGERED_BREAKER, [], 'aborted', 'breaker'),
    ('ROLLBACK_IN_PROGRESS', ROLLBACK | {'hooks': [pause(status='FAILED')]}, [], 'rolled-back', 'hook'),
    ('ROLLBACK_IN_PROGRESS', ROLLBACK | {'hooks': [pause(status='TIMED_OUT')]}, [], 'rolled-back', 'hook-timeout'),
    ('ROLLBACK_SUCCESSFUL', {'statusReason': 'hook execution failure(s) detected'}, [], 'rolled-back', 'hook'),
    ('ROLLBACK_SUCCESSFUL', ROLLBACK, [pause(until=at(35))], 'rolled-back', 'hook-timeout'),
    ('ROLLBACK_SUCCESSFUL', ROLLBACK, [pause(until=at(9000))], 'rolled-back', 'stopped'),
    ('ROLLBACK_REQUESTED', {}, [pause()], 'rolled-back', 'stopped'),
    ('ROLLBACK_SUCCESSFUL', {'statusReason': 'Service deployment stopped by user.'}, [], 'rolled-back', 'stopped'),
    ('STOPPED', {'statusReason': 'Service deployment stopped by user.'}, [], 'aborted', 'stopped'),
    ('ROLLBACK_SUCCESSFUL', ROLLBACK, [], 'rolled-back', 'stopped'),
]


@pytest.mark.parametrize('strategy', STRATEGIES)
@pytest.mark.parametrize(('status', 'more', 'hooks', 'verdict', 'why'), CAUSES)
def test_each_ending_has_its_cause(
    strategy: str, status: str, more: dict[str, Any], hooks: list[Any], verdict: str, why: str
):
    more = more | {'deploymentConfiguration': STRATEGIES[strategy]}
    going = deploying(
        native(stage='POST_TEST_TRAFFIC_SHIFT', hooks=hooks, deploymentConfiguration=STRATEGIES[strategy])
    )
    last = looks(going, ended(status, **more))[-1]
    assert (ending(last), cause(last), last.verdict.failed) == (verdict, why, True)
    assert last.verdict.reason
    # … and stays so, at whatever comes next.
    later = follow(last, ended('ROLLBACK_SUCCESSFUL', **more), {NEW}, at(9000))
    assert (ending(later), cause(later)) == (verdict, why)
    after = follow(last, back(), {NEW}, at(9999))
    assert (ending(after), cause(after)) == (verdict, why)


def test_an_ending_that_no_look_saw_has_its_cause():
    last = looks(ended('ROLLBACK_SUCCESSFUL', **TRIGGERED_ALARM), first=600)[-1]
    assert (ending(last), cause(last)) == ('rolled-back', 'alarm')
    assert last.verdict.by == OLD


def test_a_rollback_that_fails_is_no_rollback():
    rollouts = looks(
        deploying(native(stage='BAKE_TIME')),
        ended('ROLLBACK_IN_PROGRESS', **TRIGGERED_ALARM),
        ended('ROLLBACK_FAILED', **TRIGGERED_ALARM),
    )
    assert [ending(each) for each in rollouts] == [None, 'rolled-back', 'aborted']
    assert rollouts[-1].verdict.reason.endswith('ECS could not roll it back.')


def test_a_deployment_that_ecs_stops_for_an_unknown_reason_may_have_been_replaced():
    rollouts = looks(deploying(native(stage='SCALE_UP')), deploying(native('STOP_REQUESTED', stage='SCALE_UP')))
    assert ending(rollouts[-1]) is None


def test_a_deployment_by_hand_takes_its_place():
    alien = native(targetServiceRevision={'arn': 'rev/alien'})
    by_hand = service(deployment('ecs-svc/9', ALIEN, 0, 2, rollout_state='IN_PROGRESS'), leaving(2), native=alien)
    last = looks(deploying(native(stage='POST_SCALE_UP')), by_hand)[-1]
    assert (ending(last), cause(last)) == ('superseded', 'by-hand')


def test_scaled_to_zero_by_hand_and_deleted_in_ecs():
    going = deploying(native(stage='SCALE_UP'))
    zero = service(new(0, 0, state='COMPLETED'), desired=0, native=native('SUCCESSFUL'))
    last = looks(going, zero)[-1]
    assert (ending(last), cause(last), last.verdict.failed) == ('scaled-to-zero', 'by-hand', True)
    last = looks(going, None)[-1]
    assert (ending(last), cause(last)) == ('aborted', 'by-hand')


def test_a_deployment_from_before_the_revision_is_none_of_its_own():
    former = native('ROLLBACK_SUCCESSFUL', createdAt=at(-900), **TRIGGERED_ALARM)
    assert looks(replace(service(old()), native=former))[-1].state == 'queued'


def test_a_retry_is_not_judged_by_the_deployment_that_failed():
    failed = looks(deploying(native(stage='BAKE_TIME')), ended('ROLLBACK_SUCCESSFUL', **TRIGGERED_ALARM))[-1]
    again = announced_again(failed, at(60), ended('ROLLBACK_SUCCESSFUL', **TRIGGERED_ALARM))
    assert follow(again, ended('ROLLBACK_SUCCESSFUL', **TRIGGERED_ALARM), {NEW}, at(65)).verdict is None


def test_what_ecs_rolls_back_to_is_rolling_out_and_succeeds_once_it_is_back():
    """The revision of a stop wants what the rollback brings."""
    stopped = native('ROLLBACK_IN_PROGRESS', stage='BAKE_TIME', createdAt=at(-60), **ROLLBACK)
    before = deploying(native(stage='BAKE_TIME', createdAt=at(-60)))
    going = follow(begin(goal(), before), replace(deploying(stopped)), {OLD}, at(5))
    assert (going.state, going.verdict) == ('rolling-out', None)
    done = follow(going, replace(back(), native=native('ROLLBACK_SUCCESSFUL', createdAt=at(-60))), {OLD}, at(10))
    assert ending(done) == 'succeeded'


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('deployment failed: tasks failed to start.', 'breaker'),
        ('deployment failed: alarm detected.', 'alarm'),
        ('hook timed out', 'hook-timeout'),
        ('ECS deployment ecs-svc/1 stopped by user.', 'stopped'),
        ('', None),
    ],
)
def test_causes_in_texts_of_ecs(text: str, expected: str | None):
    assert cause_in(text) == expected


# Progress and stalls, by a clock that the test turns


def stand_still(seen: Service, seconds: float, every: float = 50.0) -> Rollout:
    """The rollout after a service has looked the same for so long."""
    rollout, elapsed = looks(seen)[-1], 5.0
    while elapsed < seconds:
        elapsed += every
        rollout = follow(rollout, seen, {NEW}, at(5 + elapsed))
    return rollout


@pytest.mark.parametrize(
    ('seen', 'allowed'),
    [
        pytest.param(deploying(native(stage='BAKE_TIME', traffic=100.0)), 1800, id='bake'),
        pytest.param(deploying(native(stage='POST_SCALE_UP', hooks=[pause(until=at(hours(3)))])), hours(3), id='pause'),
        pytest.param(
            deploying(native(stage='POST_SCALE_UP', hooks=[pause(status='IN_PROGRESS', until=at(7200))])),
            7200,
            id='hook',
        ),
        pytest.param(
            deploying(
                native(stage='PRODUCTION_TRAFFIC_SHIFT', traffic=20.0, deploymentConfiguration=LINEAR),
            ),
            600,
            id='step',
        ),
        pytest.param(
            deploying(native(stage='SCALE_UP', running=1), description={'healthCheckGracePeriodSeconds': 1200}),
            1200,
            id='grace',
        ),
        pytest.param(
            deploying(
                native(
                    deploymentConfiguration=WITH_ALARMS | {'bakeTimeInMinutes': 60}, alarms={'status': 'MONITORING'}
                ),
                old=0,
            ),
            3600,
            id='alarms',
        ),
        pytest.param(
            deploying(
                native(stage='TEST_TRAFFIC_SHIFT'),
                description={
                    'loadBalancers': [{'advancedConfiguration': {'productionListenerRule': 'arn:x:listener/net/n/1/2'}}]
                },
            ),
            600,
            id='network load balancer',
        ),
        pytest.param(deploying(native(stage='POST_SCALE_UP')), 0, id='nothing'),
    ],
)
def test_a_stage_stalls_only_after_it_ought_to_have_moved(seen: Service, allowed: float):
    assert stand_still(seen, allowed + STALLED_AFTER_S - 70).verdict is None
    assert ending(stand_still(seen, allowed + STALLED_AFTER_S + 120)) == 'stalled'


def schedule(chance: random.Random) -> Iterator[tuple[float, ServiceDeployment]]:
    """A healthy deployment of a random strategy: how long each look stays true, and the service deployment."""
    strategy = chance.choice(['blue_green', 'linear', 'canary'])
    step, bake = chance.randint(0, 1440), chance.randint(0, 1440)
    configuration: dict[str, Any] = {'strategy': strategy.upper(), 'bakeTimeInMinutes': bake}
    configuration['linearConfiguration'] = {'stepPercent': 25.0, 'stepBakeTimeInMinutes': step}
    configuration['canaryConfiguration'] = {'canaryPercent': 5.0, 'canaryBakeTimeInMinutes': step}
    weights = {'blue_green': [100.0], 'linear': [25.0, 50.0, 75.0, 100.0], 'canary': [5.0, 100.0]}[strategy]
    now, number = 5.0, 0

    def show(lasts: float, stage: str, **more: Any) -> Iterator[tuple[float, ServiceDeployment]]:
        nonlocal now
        now += lasts
        yield lasts, native(stage=stage, deploymentConfiguration=configuration, **more)

    def maybe_pause(stage: str, traffic: float) -> Iterator[tuple[float, ServiceDeployment]]:
        nonlocal number
        if chance.random() < 0.4:
            number += 1
            length = chance.uniform(60, hours(14 * 24))
            hook = pause(f'pause-{number}', until=at(now + length))
            yield from show(length * chance.choice([0.1, 0.5, 1.0]), stage, hooks=[hook], traffic=traffic)

    yield from show(chance.uniform(5, 600), 'PRE_SCALE_UP', running=0)
    for running in (0, 1, 2):
        yield from show(chance.uniform(5, 800), 'SCALE_UP', running=running)
    yield from maybe_pause('POST_SCALE_UP', 0.0)
    yield from show(chance.uniform(5, 800), 'TEST_TRAFFIC_SHIFT')
    yield from maybe_pause('POST_TEST_TRAFFIC_SHIFT', 0.0)
    before = 0.0
    for weight in weights:
        yield from maybe_pause('PRE_PRODUCTION_TRAFFIC_SHIFT', before)
        rest = step * 60 if weight < 100 else 0
        yield from show(chance.uniform(5, 800) + rest, 'PRODUCTION_TRAFFIC_SHIFT', traffic=weight)
        before = weight
    yield from maybe_pause('POST_PRODUCTION_TRAFFIC_SHIFT', 100.0)
    yield from show(bake * 60 + chance.uniform(5, 800), 'BAKE_TIME', traffic=100.0)
    yield from show(chance.uniform(5, 800), 'CLEAN_UP', traffic=100.0)


def play(chance: random.Random, stages: list[tuple[float, ServiceDeployment]]) -> Iterator[Rollout]:
    """The rollout at looks in random intervals, closer together towards the end of a stage."""
    rollout, now = begin(goal(), service(old())), 5.0
    for lasts, deployed in stages:
        end = now + lasts
        running = deployed.target.running
        while now < end:
            rollout = follow(rollout, deploying(deployed, running=running), {NEW}, at(now))
            yield rollout
            left = end - now
            now += min(left, chance.uniform(2, 50) if left < 1000 else chance.uniform(left / 10, left / 2))


@pytest.mark.parametrize('seed', range(100))
def test_no_healthy_schedule_is_reported_as_stalled(seed: int):
    chance = random.Random(seed)
    rollout = None
    for rollout in play(chance, list(schedule(chance))):
        assert rollout.verdict is None, (rollout.verdict, rollout.stages)
    done = service(new(2, state='COMPLETED'), native=native('SUCCESSFUL'))
    assert rollout is not None
    assert ending(follow(rollout, done, {NEW}, rollout.observed_at + timedelta(seconds=5))) == 'succeeded'


@pytest.mark.parametrize('seed', range(40))
def test_no_schedule_that_stands_still_too_long_is_missed(seed: int):
    chance = random.Random(seed)
    stages = list(schedule(chance))
    broken = chance.randrange(len(stages))
    stages = stages[: broken + 1]
    lasts, deployed = stages[broken]
    # Longer than the longest step, hook or bake.
    hook = deployed.waits_for
    allowed = max(lasts, hours(24), (hook[0].expires_at - at(0)).total_seconds() if hook else 0.0)
    stages[broken] = (allowed + 2000, deployed)
    assert [ending(each) for each in play(chance, stages)][-1] == 'stalled'


def test_a_setting_of_the_service_decides_when_it_stalls():
    seen, rollout = deploying(native(stage='POST_SCALE_UP')), None
    for seconds in range(5, 205, 50):
        rollout = follow(rollout or begin(goal(), service(old())), seen, {NEW}, at(seconds), stalled_after=120)
    assert ending(rollout) == 'stalled'


def test_stage_times_survive_a_look_that_shows_the_same():
    one, two = looks(deploying(native(stage='BAKE_TIME')), deploying(native(stage='BAKE_TIME')))
    assert one.stages == two.stages
    assert two.stages.until == one.stages.since + timedelta(minutes=BLUE_GREEN['bakeTimeInMinutes'])
