"""Listeners for tests of load balancers that Nysa made, with strategies by which ECS shifts traffic."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stack.reconcile import names
from stack.sandbox.elb.matching import ClientRequest
from tests.integration.test_random_balancers import Run

Wire = dict[str, Any]

OPEN = ('PENDING', 'IN_PROGRESS')
ROLE = 'arn:aws:iam::123456789012:role/traffic'
STRATEGIES: dict[str, Wire] = {
    'blue_green': {'bake_time': '1m'},
    'linear': {'linear': {'step_percent': 50, 'step_bake_time': '1m'}},
    'canary': {'canary': {'percent': 10, 'bake_time': '1m'}},
}


class Shop:
    """One service with a load balancer of its own and a listener for tests, among others."""

    def __init__(self, run: Run, service: str):
        self.run, self.aws, self.name = run, run.aws, service

    @property
    def settings(self) -> Wire:
        return self.run.edits.service(self.name)

    def listeners(self) -> dict[int, Wire]:
        own = {arn for arn in self.aws.elb.balancers if self.aws.elb.tags[arn].get('nysa:service') == self.name}
        return {one['Port']: one for one in self.aws.elb.listeners.values() if one['LoadBalancerArn'] in own}

    def tag(self) -> str:
        [balancer] = {one['LoadBalancerArn'] for one in self.listeners().values()}
        return self.aws.elb.tags[balancer].get(names.TEST_TAG, '')

    def attachment(self) -> Wire:
        [service] = self.aws.ecs('DescribeServices', cluster=self.aws.cluster, services=[self.name])['services']
        [attachment] = service['loadBalancers']
        return dict(attachment)

    def stage(self) -> str:
        """The stage of the deployment that is open; empty where none is."""
        return str(self.open_deployment().get('lifecycleStage', ''))

    def open_deployment(self) -> Wire:
        found = self.aws.ecs('ListServiceDeployments', cluster=self.aws.cluster, service=self.name)
        arns = [each['serviceDeploymentArn'] for each in found['serviceDeployments'] if each['status'] in OPEN]
        if not arns:
            return {}
        described = self.aws.ecs('DescribeServiceDeployments', serviceDeploymentArns=arns[:1])
        return dict(described['serviceDeployments'][0])

    def groups(self, port: int) -> list[str]:
        """The target groups that a request gets to, all of them with a healthy target."""
        balancer = self.aws.elb.balancers[self.listeners()[port]['LoadBalancerArn']]
        return self.aws.elb.ask(balancer['DNSName'], port, ClientRequest('example.com'))

    async def settled(self) -> None:
        """Make passes until nothing is left to do and no deployment is open."""
        for _ in range(6):
            await self.run.passes()
            self.aws.advance(900)
            if not self.stage():
                break
        await self.run.passes()


def shop(scenario: Callable[[Shop], Awaitable[None]], service: str = 'own') -> Run:
    run = Run(0)

    async def whole() -> None:
        await run.begin()
        await scenario(Shop(run, service))

    asyncio.run(whole())
    return run


def shift(found: Shop, strategy: str = 'blue_green', port: int | None = 8444, **fields: Any) -> None:
    found.settings['deployment'] = {'strategy': strategy, 'role_arn': ROLE, **STRATEGIES[strategy], **fields}
    found.settings['elb']['ports'].pop('test', None)
    if port:
        found.settings['elb']['ports']['test'] = port


@pytest.mark.parametrize('strategy', STRATEGIES)
def test_a_new_revision_gets_the_requests_for_tests_first(strategy: str):
    async def scenario(own: Shop) -> None:
        shift(own, strategy, pause=['post_test_traffic_shift'])
        await own.run.passes()
        await answered(own)
        for _ in range(2):
            before = own.groups(443)
            own.settings['image'] += '0'
            await own.run.aws.reconcile(own.run.edits.document)
            for _ in range(100):
                if own.stage() == 'POST_TEST_TRAFFIC_SHIFT':
                    break
                own.aws.advance(5)
            assert own.groups(443) == before
            [tested] = own.groups(8444)
            assert tested not in before
            await own.run.passes()
            await answered(own)
            assert own.groups(443) == own.groups(8444) == [tested]
        assert own.tag() == '8444'

    assert shop(scenario).clients.failures == []


async def answered(own: Shop) -> None:
    """Continue the pause, and let the deployment end."""
    for _ in range(60):
        found = own.open_deployment()
        if not found:
            return
        for hook in found.get('lifecycleHookDetails', ()):
            if hook['status'] == 'AWAITING_ACTION':
                arn = found['serviceDeploymentArn']
                own.aws.ecs('ContinueServiceDeployment', serviceDeploymentArn=arn, hookId=hook['hookId'])
        own.aws.advance(30)
    raise AssertionError(f'not done: {own.stage()}')


@pytest.mark.parametrize('service', ['own', 'net'])
def test_from_nothing_to_another_port_to_nothing(service: str):
    async def scenario(found: Shop) -> None:
        production = found.run.edits.port(service)
        shift(found)
        await found.settled()
        assert found.listeners().keys() == {production, 8444}
        rule = found.attachment()['advancedConfiguration']['testListenerRule']
        arn = found.listeners()[8444]['ListenerArn']
        assert rule == (arn if service == 'net' else f'{arn.replace(":listener/", ":listener-rule/")}/default')
        shift(found, port=9444)
        await found.settled()
        assert (found.listeners().keys(), found.tag()) == ({production, 9444}, '9444')
        shift(found, port=None)
        await found.settled()
        assert (found.listeners().keys(), found.tag()) == ({production}, '')
        assert 'testListenerRule' not in found.attachment()['advancedConfiguration']

    assert shop(scenario, service).clients.failures == []


def test_a_new_service_has_one_and_back_to_rolling_it_goes():
    async def scenario(own: Shop) -> None:
        own.run.clients.ports = {}
        document = own.run.edits.document
        before = document['services']
        document['services'] = [each for each in before if 'own' not in each]
        await own.run.passes(destroyed=frozenset({'own'}))
        document['services'] = before
        shift(own)
        await own.settled()
        assert own.listeners().keys() == {443, 8444}
        del own.settings['deployment'], own.settings['elb']['ports']['test']
        await own.settled()
        assert own.listeners().keys() == {443}
        groups = [arn for arn in own.aws.elb.groups if own.aws.elb.tags[arn].get('nysa:service') == 'own']
        assert groups == [own.attachment()['targetGroupArn']]
        shift(own)
        await own.settled()
        document['services'] = [each for each in before if 'own' not in each]
        await own.run.passes(destroyed=frozenset({'own'}))
        assert not any(tags.get('nysa:service') == 'own' for tags in own.aws.elb.tags.values())

    shop(scenario)


@pytest.mark.parametrize('port', [9444, None])
@pytest.mark.parametrize('lives', range(1, 5))
def test_a_pass_that_is_killed_anywhere_is_finished_by_the_next_ones(lives: int, port: int | None):
    async def scenario(own: Shop) -> None:
        shift(own)
        await own.run.killed_pass(lives)
        await own.settled()
        assert own.listeners().keys() == {443, 8444}
        shift(own, port=port)
        await own.run.killed_pass(lives)
        await own.settled()
        assert own.listeners().keys() == {443, *([port] if port else [])}

    assert shop(scenario).clients.failures == []


@pytest.mark.parametrize(('ports', 'found'), [({'public': 8444}, 'remove ports.test'), ({'test': 9999}, 'another')])
def test_a_port_of_another_listener_blocks_the_plan(ports: dict[str, int], found: str):
    async def scenario(own: Shop) -> None:
        shift(own)
        await own.settled()
        actions = {name: own.listeners()[443][name] for name in ('LoadBalancerArn', 'DefaultActions')}
        own.aws.elb.call('CreateListener', {**actions, 'Port': 9999, 'Protocol': 'HTTP'})
        own.settings['elb']['ports'] = {'public': 443, 'test': 9444, **ports}
        outcome = await own.aws.reconcile(own.run.edits.document)
        [note] = [note.text for note in outcome.plan.notes if note.blocks]
        assert found in note

    shop(scenario)
