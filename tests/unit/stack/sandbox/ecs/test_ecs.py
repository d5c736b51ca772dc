"""The whole of it: regions apart, states kept, the same seed the same story, and cheap while nothing moves."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore import loaders

from stack.sandbox.ecs import Ecs, ManualClock, Ports
from stack.sandbox.ecs.ecs import ACTIONS
from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, BREAKER, REGION, Fleet

CONTAINER = {'name': 'web', 'image': 'acme/web:1', 'memory': 64}


def call(ecs: Ecs, action: str, region: str = REGION, account: str = ACCOUNT, **body: Any) -> dict[str, Any]:
    status, answer = ecs.handle(action, body, region, account)
    assert status == 200, answer
    return answer


def eventful(clock: ManualClock, **options: Any) -> Ecs:
    """Two services in the middle of things: one rolls back, one drains; one task runs by itself."""
    ecs = Ecs(clock, **options)
    call(ecs, 'CreateCluster', clusterName='prod')
    for _ in range(3):
        ecs.register_container_instance('prod', region=REGION, account=ACCOUNT)
    for tag in ('1', '2-broken'):
        call(ecs, 'RegisterTaskDefinition', family='web', containerDefinitions=[{**CONTAINER, 'image': f'web:{tag}'}])
    breaker = {'deploymentCircuitBreaker': BREAKER}
    for name in ('web', 'gone'):
        service = {'cluster': 'prod', 'serviceName': name, 'taskDefinition': 'web:1', 'desiredCount': 2}
        call(ecs, 'CreateService', **service, deploymentConfiguration=breaker)
    clock.advance(120)
    call(ecs, 'UpdateService', cluster='prod', service='web', taskDefinition='web:2')
    call(ecs, 'DeleteService', cluster='prod', service='gone', force=True)
    clock.advance(7)
    call(ecs, 'RunTask', cluster='prod', taskDefinition='web:1')
    return ecs


def everything(ecs: Ecs) -> dict[str, Any]:
    services = call(ecs, 'DescribeServices', cluster='prod', services=['web', 'gone'])
    arns = [
        arn
        for status in ('RUNNING', 'STOPPED')
        for arn in call(ecs, 'ListTasks', cluster='prod', desiredStatus=status)['taskArns']
    ]
    return {'services': services, 'tasks': call(ecs, 'DescribeTasks', cluster='prod', tasks=arns)}


@pytest.mark.parametrize('seconds', [0, 1, 3, 10, 50, 200, 4000])
def test_a_restored_state_goes_on_exactly_as_the_one_that_was_kept(seconds: float):
    clock, other_clock = ManualClock(), ManualClock()
    ecs = eventful(clock)
    other_clock.advance(clock.now() - other_clock.now())
    kept = json.loads(json.dumps(ecs.state()))
    again = Ecs(other_clock, seed='another')
    again.restore(kept)
    assert again.state() == kept
    assert everything(again) == everything(ecs)
    for each in (clock, other_clock):
        each.advance(seconds)
    assert everything(again) == everything(ecs)
    assert again.state() == ecs.state()


def test_a_state_is_not_changed_by_what_happens_later():
    clock = ManualClock()
    ecs = eventful(clock)
    kept = ecs.state()
    before = json.dumps(kept)
    clock.advance(4000)
    ecs.advance()
    call(ecs, 'TagResource', resourceArn=f'arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod', tags=[{'key': 'a'}])
    assert json.dumps(kept) == before


def test_what_came_due_while_nothing_ran_happens_at_its_own_time():
    clock = ManualClock()
    ecs = eventful(clock)
    kept = ecs.state()
    clock.advance(300)
    expected = everything(ecs)
    later = Ecs(clock)
    later.restore(kept)
    assert everything(later) == expected


def test_one_long_step_and_many_short_ones_are_the_same():
    clocks = ManualClock(), ManualClock()
    once, often = (eventful(clock) for clock in clocks)
    clocks[0].advance(600)
    for _ in range(1200):
        clocks[1].advance(0.5)
        often.advance()
    assert everything(once) == everything(often)


def test_the_seed_decides():
    stories = [everything(eventful(ManualClock(), seed=seed)) for seed in ('a', 'a', 'b')]
    assert stories[0] == stories[1] != stories[2]


def test_listening_changes_nothing():
    assert everything(eventful(ManualClock())) == everything(eventful(ManualClock(), on_event=lambda event: None))


def test_regions_and_accounts_are_apart():
    ecs = Ecs(ManualClock())
    call(ecs, 'CreateCluster', clusterName='prod')
    for region, account in ((REGION, '210987654321'), ('eu-west-1', ACCOUNT)):
        assert call(ecs, 'ListClusters', region, account)['clusterArns'] == []
    call(ecs, 'CreateCluster', 'eu-west-1', clusterName='prod')
    (arn,) = call(ecs, 'ListClusters', 'eu-west-1')['clusterArns']
    assert arn == f'arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod'


def test_ports_are_those_of_the_account_and_region():
    asked = []

    def ports(account: str, region: str) -> Ports:
        asked.append((account, region))
        return Ports()

    ecs = Ecs(ManualClock(), ports)
    call(ecs, 'ListClusters', 'eu-west-1')
    assert asked == [(ACCOUNT, 'eu-west-1')]


def test_changed_grows_with_changes_only(fleet: Fleet):
    def grew(act: Callable[..., Any], *args: Any, **fields: Any) -> bool:
        before = fleet.ecs.changed
        act(*args, **fields)
        return fleet.ecs.changed > before

    fleet.machines(1)
    fleet.define()
    assert not grew(fleet.aws.list_services, cluster='prod')
    assert grew(fleet.create, count=1)
    assert not grew(fleet.wait, 0)
    assert grew(fleet.wait, 30)
    assert not grew(fleet.service)
    assert grew(fleet.wait, 600)
    assert not grew(fleet.wait, 600)


def test_nothing_moves_in_a_steady_fleet():
    """A thousand steady services cost a tick nothing: no thing is looked at, none is due."""
    clock = ManualClock()
    ecs = Ecs(clock)
    call(ecs, 'CreateCluster', clusterName='prod')
    for _ in range(20):
        ecs.register_container_instance('prod', region=REGION, account=ACCOUNT, memory=1_000_000)
    call(ecs, 'RegisterTaskDefinition', family='web', containerDefinitions=[CONTAINER])
    for number in range(1000):
        service = {'cluster': 'prod', 'serviceName': f's{number}', 'taskDefinition': 'web', 'desiredCount': 2}
        call(ecs, 'CreateService', **service)
    clock.advance(300)
    ecs.advance()
    (cluster,) = call(ecs, 'DescribeClusters', clusters=['prod'])['clusters']
    assert cluster['runningTasksCount'] == 2000
    before = ecs.changed
    clock.advance(3600)
    ecs.advance()
    assert ecs.changed == before


@pytest.mark.parametrize(
    'action',
    sorted(set(loaders.Loader().load_service_model('ecs', 'service-2')['operations']) - set(ACTIONS)),
)
def test_actions_that_are_missing_are_refused(action: str):
    status, answer = Ecs(ManualClock()).handle(action, {}, REGION, ACCOUNT)
    assert (status, answer['__type']) == (400, 'UnsupportedFeatureException')
    assert action in answer['message']


def test_threads_that_call_and_tick_at_once():
    clock = ManualClock()
    ecs = eventful(clock)

    def work(number: int) -> int:
        for turn in range(20):
            name = f's{number}-{turn}'
            service = {'cluster': 'prod', 'serviceName': name, 'taskDefinition': 'web:1', 'desiredCount': 1}
            call(ecs, 'CreateService', **service)
            clock.advance(0.1)
            ecs.advance()
            call(ecs, 'DescribeServices', cluster='prod', services=[name, 'web'])
            json.dumps(ecs.state())
        return turn + 1

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [20] * 4
    clock.advance(600)
    (cluster,) = call(ecs, 'DescribeClusters', clusters=['prod'])['clusters']
    assert cluster['runningTasksCount'] == 4 * 20 + 2
