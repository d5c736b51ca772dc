"""Weights and target groups of native deployments at their load balancers."""

from typing import Any

import pytest

from stack.sandbox.ecs.ports import TargetGroup
from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, GROUP, PORTS, REGION, VPC, Fleet, balancer, refused, stable
from tests.unit.stack.sandbox.ecs.strategies.native import (
    answer,
    blue_green,
    linear,
    newest,
    passed,
    pause,
    until,
)

OTHER = GROUP.replace('/web/', '/web-2/')
RULE = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/edge/1/2/production'
TEST = RULE.replace('production', 'test')
NLB = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/edge/1/2'
ROLE = 'arn:aws:iam::123456789012:role/shift'


def advanced(**fields: Any) -> dict[str, Any]:
    wiring = {'alternateTargetGroupArn': OTHER, 'productionListenerRule': RULE, 'roleArn': ROLE, **fields}
    return balancer(advancedConfiguration=wiring)


@pytest.fixture(autouse=True)
def groups(fleet: Fleet) -> None:
    fast = TargetGroup('ip', True, interval=10, healthy_threshold=2, unhealthy_threshold=3)
    fleet.targets.groups = {GROUP: fast, OTHER: fast}
    fleet.targets.rules = {RULE: {GROUP: 1, OTHER: 0}, TEST: {OTHER: 1}}
    fleet.machines(3)
    fleet.define(mode='awsvpc', portMappings=PORTS)


def begun(fleet: Fleet, configuration: dict[str, Any], **wiring: Any) -> None:
    fleet.create(deploymentConfiguration=configuration, networkConfiguration=VPC, **advanced(**wiring))
    list(passed(fleet))
    fleet.wait(10)
    assert stable(fleet.service())


def again(fleet: Fleet) -> None:
    fleet.define('2', mode='awsvpc', portMappings=PORTS)
    fleet.update(taskDefinition='web')


def resolved(fleet: Fleet, revision: dict[str, Any]) -> list[dict[str, Any]]:
    answer = fleet.aws.describe_service_revisions(serviceRevisionArns=[revision['arn']])['serviceRevisions'][0]
    return answer['resolvedConfiguration']['loadBalancers']


def test_groups_change_roles_at_each_deployment(fleet: Fleet):
    begun(fleet, blue_green(bake=1))
    assert fleet.targets.rules[RULE] == {GROUP: 100, OTHER: 0}
    for live, idle in ((OTHER, GROUP), (GROUP, OTHER)):
        again(fleet)
        until(fleet, 'POST_SCALE_UP')
        assert (fleet.targets.registered(live), fleet.targets.registered(idle)) == (2, 2)
        assert fleet.targets.rules[RULE] == {live: 0, idle: 100}
        until(fleet, 'BAKE_TIME')
        assert fleet.targets.rules[RULE] == {live: 100, idle: 0}
        found = newest(fleet)
        expected = [{'targetGroupArn': live, 'productionListenerRule': RULE}]
        assert resolved(fleet, found['targetServiceRevision']) == expected
        assert resolved(fleet, found['sourceServiceRevisions'][0])[0]['targetGroupArn'] == idle
        list(passed(fleet))
        fleet.wait(30)
        assert (fleet.targets.registered(live), fleet.targets.registered(idle)) == (2, 0)
        (facts,) = fleet.ecs.services(REGION, ACCOUNT)
        assert {group: facts.share(group, fleet.clock.now()) for group in facts.target_groups} == {live: 1, idle: 0}
    assert fleet.service()['loadBalancers'][0]['targetGroupArn'] == GROUP


def test_steps_and_test_traffic(fleet: Fleet):
    begun(fleet, linear(12.5, 1, lifecycleHooks=[]), testListenerRule=TEST)
    again(fleet)
    until(fleet, 'POST_TEST_TRAFFIC_SHIFT')
    assert fleet.targets.rules == {RULE: {GROUP: 100, OTHER: 0}, TEST: {GROUP: 0, OTHER: 100}}
    seen = [fleet.targets.rules[RULE][OTHER] for _ in passed(fleet)]
    assert list(dict.fromkeys(seen)) == [0, 125, 25, 375, 50, 625, 75, 875, 100]
    assert {sum(weights.values()) for weights in fleet.targets.rules.values()} == {100}


def test_rollback_gives_traffic_back_at_once(fleet: Fleet):
    begun(fleet, blue_green(lifecycleHooks=[]), testListenerRule=TEST)
    fleet.update(deploymentConfiguration={'lifecycleHooks': [pause('POST_PRODUCTION_TRAFFIC_SHIFT')]})
    again(fleet)
    until(fleet, 'POST_PRODUCTION_TRAFFIC_SHIFT')
    assert fleet.targets.rules[RULE] == {GROUP: 0, OTHER: 100}
    answer(fleet, 'ROLLBACK')
    fleet.wait(0.1)
    assert fleet.targets.rules[RULE] == {GROUP: 100, OTHER: 0}
    started = len(fleet.tasks())
    list(passed(fleet))
    fleet.wait(30)
    assert fleet.targets.rules[TEST] == {GROUP: 100, OTHER: 0}
    assert (started, len(fleet.tasks()), fleet.targets.registered(OTHER)) == (4, 2, 0)


def test_newer_deployment_in_a_shift(fleet: Fleet):
    begun(fleet, linear(50, 10))
    again(fleet)
    until(fleet, 'PRODUCTION_TRAFFIC_SHIFT')
    assert fleet.targets.rules[RULE] == {GROUP: 50, OTHER: 50}
    again(fleet)
    fleet.wait(1)
    assert fleet.targets.rules[RULE] == {GROUP: 100, OTHER: 0}
    list(passed(fleet))
    assert fleet.targets.rules[RULE] == {GROUP: 0, OTHER: 100}
    fleet.wait(30)
    assert (fleet.targets.registered(OTHER), fleet.targets.registered(GROUP)) == (2, 0)


def test_rolling_update_stays_in_the_live_group(fleet: Fleet):
    begun(fleet, linear(50, 10))
    again(fleet)
    list(passed(fleet))
    again(fleet)
    until(fleet, 'PRODUCTION_TRAFFIC_SHIFT')
    fleet.update(deploymentConfiguration={'strategy': 'ROLLING'}, forceNewDeployment=True)
    fleet.wait(600)
    assert newest(fleet)['status'] == 'SUCCESSFUL'
    assert fleet.targets.rules[RULE] == {GROUP: 0, OTHER: 100}
    assert (fleet.targets.registered(OTHER), fleet.targets.registered(GROUP)) == (2, 0)


def test_wrong_wiring_is_rolled_back(fleet: Fleet):
    begun(fleet, blue_green())
    fleet.targets.rules[RULE] = {GROUP: 1}
    again(fleet)
    list(passed(fleet))
    found = newest(fleet)
    assert found['status'] == 'ROLLBACK_SUCCESSFUL'
    assert found['statusReason'] == (
        'Service deployment rolled back because of invalid networking configuration. Both targetGroup and '
        'alternateTargetGroup must be associated with the productionListenerRule or testListenerRule.'
    )
    fleet.wait(10)
    assert stable(fleet.service())


def test_network_load_balancer_takes_ten_minutes_longer(fleet: Fleet):
    fleet.targets.rules = {NLB: {GROUP: 1, OTHER: 0}}
    begun(fleet, blue_green(bake=1), productionListenerRule=NLB)
    deploy_at = fleet.clock.now()
    again(fleet)
    list(passed(fleet))
    assert fleet.clock.now() - deploy_at > 2 * 600
    assert fleet.targets.rules[NLB] == {GROUP: 0, OTHER: 100}


def test_load_balancers_that_are_refused(fleet: Fleet):
    def create(**balancers: Any) -> tuple[str, str]:
        return refused(fleet.create, deploymentConfiguration=blue_green(), networkConfiguration=VPC, **balancers)

    assert 'require advancedConfiguration' in create(**balancer())[1]
    assert (
        'roleArn is required'
        in create(**balancer(advancedConfiguration={'alternateTargetGroupArn': OTHER, 'productionListenerRule': RULE}))[
            1
        ]
    )
    assert 'does not exist' in create(**advanced(alternateTargetGroupArn=OTHER + 'x'))[1]
    assert 'must be another one' in create(**advanced(alternateTargetGroupArn=GROUP))[1]
    fleet.roles.refused.add(ROLE)
    code, message = create(**advanced())
    assert (code, message[:22]) == ('InvalidParameterException', 'Unable to assume role ')
