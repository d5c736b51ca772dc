"""The configuration of one service with its addresses."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stack.errors import NotFound, Unavailable
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.rollouts.service_configuration import service_configuration
from tests.places import InOnePlace
from tests.unit.stack.rollouts.test_cluster_state import look, revision, running, state

WEB = {'image': 'web:1', 'memory': 256}
GROUP = 'arn:group'
BALANCER = LoadBalancer(
    *('arn:lb', 'lb', 'lb.elb.amazonaws.com', 'Z1', 'internal', 'vpc-1', 'application'),
    listeners=(Listener('arn:1', 80, 'HTTP', target_group=GROUP),),
)


def configuration(balancers: Sequence[LoadBalancer] | Exception = (), **seen: Any) -> dict[str, Any]:
    async def balancers_of(groups: Sequence[str]) -> Sequence[LoadBalancer]:
        assert list(groups) == [GROUP]
        if isinstance(balancers, Exception):
            raise balancers
        return balancers

    current = state(revision('r1', web=WEB))
    look(current, running(**seen))
    return asyncio.run(service_configuration(current, 'web', InOnePlace(balancers_of)))


def test_settings_and_addresses_are_together():
    content = configuration([BALANCER], loadBalancers=[{'targetGroupArn': GROUP}])
    assert (content['service'], content['revision'], content['failing']) == ('web', 'r1', None)
    assert content['fields']['memory'] == {'value': 256, 'origin': 'service'}
    assert [address['url'] for address in content['addresses']] == ['http://lb.elb.amazonaws.com']


def test_a_service_without_target_groups_asks_nothing_of_aws():
    assert configuration(AssertionError('no call'))['addresses'] == []


def test_settings_are_shown_while_aws_does_not_answer():
    content = configuration(
        Unavailable('No answer', 'elbv2:DescribeTargetGroups', 'Timeout'), loadBalancers=[{'targetGroupArn': GROUP}]
    )
    assert content['failing']['message'].startswith('No answer')
    assert content['fields']['image']['value'] == 'web:1'


def test_an_unmanaged_service_has_no_configuration():
    async def balancers_of(groups: Sequence[str]) -> Sequence[LoadBalancer]:
        raise AssertionError(groups)

    with pytest.raises(NotFound):
        asyncio.run(service_configuration(state(revision('r1', web=WEB)), 'other', InOnePlace(balancers_of)))
