"""The listener of a service's own load balancer moves to another port, and its clients after it."""

import asyncio
from typing import Any

import pytest

from stack.reconcile.handover import GRACE_S
from tests.balancer_edits import BalancerEdits
from tests.integration.test_random_balancers import Run
from tests.model_aws import ModelAws


def ports(aws: ModelAws, service: str = 'own') -> list[int]:
    """The ports that the load balancers of a service listen on."""
    own = {arn for arn in aws.elb.balancers if aws.elb.tags[arn].get('nysa:service') == service}
    return sorted(one['Port'] for one in aws.elb.listeners.values() if one['LoadBalancerArn'] in own)


def begun(scenario: Any) -> Run:
    """Run a scenario on services that are reached."""
    run = Run(0)

    async def whole() -> None:
        await run.begin()
        await scenario(run)

    asyncio.run(whole())
    return run


async def one_pass(run: Run) -> None:
    outcome = await run.aws.reconcile(run.edits.document)
    assert outcome.failed == []
    assert [step.text for step in outcome.plan.steps if step.interrupts] == []


def state_port(edits: BalancerEdits, port: int, **fields: Any) -> None:
    edits.elb('own').update(ports={'public': port}, **fields)


def test_both_ports_serve_for_a_while():
    async def scenario(run: Run) -> None:
        state_port(run.edits, 8443)
        await one_pass(run)
        assert ports(run.aws) == [443, 8443]
        run.aws.advance(GRACE_S - 20)
        await one_pass(run)
        assert ports(run.aws) == [443, 8443]
        run.aws.advance(20)
        await one_pass(run)
        assert ports(run.aws) == [8443]
        await run.passes()

    assert begun(scenario).clients.failures == []


def test_back_to_a_port_that_still_serves():
    async def scenario(run: Run) -> None:
        for port in (8443, 443):
            state_port(run.edits, port)
            await one_pass(run)
        assert ports(run.aws) == [443, 8443]
        await run.passes()
        assert ports(run.aws) == [443]

    assert begun(scenario).clients.failures == []


def test_a_successor_serves_the_previous_port_until_clients_have_its_address():
    async def scenario(run: Run) -> None:
        state_port(run.edits, 8443, type='private')
        await one_pass(run)
        assert ports(run.aws) == [443, 443, 8443]
        await run.passes()
        assert ports(run.aws) == [8443]

    assert begun(scenario).clients.failures == []


def test_a_listener_of_others_on_the_load_balancer_stays():
    async def scenario(run: Run) -> None:
        [listener] = [one for one in run.aws.elb.listeners.values() if one['Port'] == 9000]
        actions = {name: listener[name] for name in ('LoadBalancerArn', 'Protocol', 'DefaultActions')}
        run.aws.elb.call('CreateListener', {**actions, 'Port': 9999})
        run.edits.elb('net')['ports'] = {'public': 9001}
        await run.passes()
        assert ports(run.aws, 'net') == [9001, 9999]

    begun(scenario)


def test_a_previous_listener_with_a_rule_of_others_stays():
    async def scenario(run: Run) -> None:
        state_port(run.edits, 8443)
        await one_pass(run)
        [listener] = [one for one in run.aws.elb.listeners.values() if one['Port'] == 443 and is_own(run, one)]
        fixed = [{'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '200'}}]
        conditions = [{'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/theirs']}}]
        rule = {'ListenerArn': listener['ListenerArn'], 'Priority': 1, 'Conditions': conditions, 'Actions': fixed}
        made = run.aws.elb.call('CreateRule', rule)['Rules'][0]['RuleArn']
        await run.passes()
        assert ports(run.aws) == [443, 8443]
        run.aws.elb.call('DeleteRule', {'RuleArn': made})
        await run.passes()
        assert ports(run.aws) == [8443]

    begun(scenario)


def is_own(run: Run, listener: dict[str, Any]) -> bool:
    return bool(run.aws.elb.tags[listener['LoadBalancerArn']].get('nysa:service') == 'own')


@pytest.mark.parametrize('lives', range(1, 6))
def test_a_pass_that_is_killed_anywhere_is_finished_by_the_next_ones(lives: int):
    async def scenario(run: Run) -> None:
        state_port(run.edits, 8443, type='private', protocol_version='HTTP2')
        await run.killed_pass(lives)
        await run.passes()
        assert ports(run.aws) == [8443]

    assert begun(scenario).clients.failures == []
