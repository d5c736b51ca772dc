"""Services whose traffic ECS shifts between two target groups: what Nysa wires, and what it leaves to ECS."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile import names
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer, Rule
from stack.reconcile.plan import Plan, ResultOf, Step
from stack.reconcile.planner import plan
from stack.stackfile.check import check
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, service_in, settled
from tests.unit.stack.reconcile.shifted import (
    BALANCER,
    BLUE,
    DEFAULT_RULE,
    GREEN,
    LISTENER,
    OWNER,
    ROLE,
    attachment,
    document,
    group,
    running,
)

CREATE_GROUP, CREATE_LISTENER = 'elbv2:CreateTargetGroup', 'elbv2:CreateListener'
MODIFY_LISTENER, MODIFY_RULE, LOOK_UP = 'elbv2:ModifyListener', 'elbv2:ModifyRule', 'elbv2:DescribeRules'
CREATE, UPDATE = 'ecs:CreateService', 'ecs:UpdateService'


def planned(wanted: dict[str, Any], observed: Observed) -> Plan:
    return plan(wanted, observed, revision=REVISION)


def kinds(found: Plan) -> list[str]:
    return [step.kind for step in found.steps]


def writes_of_traffic(steps: Iterable[Step]) -> list[str]:
    """The ids of steps that write the actions of a listener or rule that exists, or targets."""
    writing = ('elbv2:ModifyListener', 'elbv2:ModifyRule', 'elbv2:RegisterTargets', 'elbv2:DeregisterTargets')
    return [step.id for step in steps if step.kind in writing and {'Actions', 'DefaultActions'} & set(step.arguments)]


def test_a_new_service_gets_both_target_groups_before_its_first_deployment():
    found = planned(document(), Observed(CLUSTER, container_instances=2))
    made = [step for step in found.steps if step.kind == CREATE_GROUP]
    assert [step.arguments['Name'] for step in made] == ['staging-web-lb', 'staging-web-l2']
    [listener] = [step for step in found.steps if step.kind == CREATE_LISTENER]
    arns = [ResultOf(step.id, 'TargetGroups.0.TargetGroupArn') for step in made]
    [action] = listener.arguments['DefaultActions']
    assert action['ForwardConfig']['TargetGroups'] == [
        {'TargetGroupArn': arns[0], 'Weight': 1},
        {'TargetGroupArn': arns[1], 'Weight': 0},
    ]
    [look] = [step for step in found.steps if step.kind == LOOK_UP]
    [service] = [step for step in found.steps if step.kind == CREATE]
    [attached] = service.arguments['loadBalancers']
    assert attached['targetGroupArn'] == arns[0]
    assert attached['advancedConfiguration'] == {
        'alternateTargetGroupArn': arns[1],
        'productionListenerRule': ResultOf(look.id, 'Rules.?IsDefault.RuleArn'),
        'roleArn': ROLE,
    }


@pytest.mark.parametrize(
    'weights',
    [{BLUE: 1, GREEN: 0}, {BLUE: 0, GREEN: 100}, {BLUE: 95, GREEN: 5}, {GREEN: 100, BLUE: 0}],
    ids=['first', 'other', 'shifting', 'reordered'],
)
def test_the_weights_of_ecs_are_no_difference(weights: dict[str, int]):
    assert planned(document(), running(weights)).is_empty


@pytest.mark.parametrize('weights', [{BLUE: 1, GREEN: 0}, {BLUE: 0, GREEN: 100}, {BLUE: 95, GREEN: 5}])
def test_another_image_and_another_port_leave_the_traffic_to_ecs(weights: dict[str, int]):
    wanted = document(ports={'public': 8443, 'container': 8080})
    service_in(wanted, 'web')['image'] = 'registry/web:2'
    found = planned(wanted, running(weights))
    assert MODIFY_LISTENER in kinds(found)
    assert writes_of_traffic(found.steps) == []
    [update] = [step for step in found.steps if step.kind == UPDATE]
    assert 'loadBalancers' not in update.arguments


class TestToShifting:
    """From a rolling strategy to another one."""

    def found(self) -> Plan:
        return planned(document(), running({BLUE: 1}, strategy='rolling', attached=attachment()))

    def test_the_alternate_is_wired_before_the_service_changes(self):
        found = self.found()
        assert kinds(found) == [CREATE_GROUP, MODIFY_LISTENER, LOOK_UP, UPDATE]
        modify, update = found.steps[1], found.steps[3]
        assert [each['Weight'] for each in modify.arguments['DefaultActions'][0]['ForwardConfig']['TargetGroups']] == [
            1,
            0,
        ]
        assert modify.id in update.depends_on

    def test_what_serves_stays_the_first(self):
        modify, update = self.found().steps[1], self.found().steps[3]
        groups = modify.arguments['DefaultActions'][0]['ForwardConfig']['TargetGroups']
        assert groups[0] == {'TargetGroupArn': BLUE, 'Weight': 1}
        assert update.arguments['loadBalancers'][0]['targetGroupArn'] == BLUE
        assert update.arguments['deploymentConfiguration']['strategy'] == 'BLUE_GREEN'


class TestToRolling:
    """Back to a rolling strategy: the service stays where the traffic is."""

    @pytest.mark.parametrize(('serving', 'idle'), [(BLUE, GREEN), (GREEN, BLUE)])
    def test_the_target_group_that_serves_stays(self, serving: str, idle: str):
        found = planned(document('rolling'), running({serving: 100, idle: 0}))
        [update] = [step for step in found.steps if step.kind == UPDATE]
        assert update.arguments['loadBalancers'] == [
            {'targetGroupArn': serving, 'containerName': 'web', 'containerPort': 8080}
        ]
        assert update.arguments['deploymentConfiguration']['strategy'] == 'ROLLING'
        [modify] = [step for step in found.steps if step.kind == MODIFY_LISTENER]
        assert modify.arguments['DefaultActions'] == [{'Type': 'forward', 'TargetGroupArn': serving}]
        [delete] = [step for step in found.steps if step.kind == 'elbv2:DeleteTargetGroup']
        assert delete.arguments == {'TargetGroupArn': idle}
        order = [step.id for step in found.steps]
        assert order.index(update.id) < order.index(modify.id) < order.index(delete.id)
        assert modify.id in delete.depends_on

    def test_it_waits_while_ecs_shifts_the_traffic(self):
        found = planned(document('rolling'), running({BLUE: 95, GREEN: 5}))
        assert found.is_empty
        assert 'ECS shifts its traffic now' in found.notes[0].text

    def test_an_interrupted_return_goes_on(self):
        observed = running({BLUE: 100, GREEN: 0}, strategy='rolling', attached=attachment())
        found = planned(document('rolling'), observed)
        assert MODIFY_LISTENER in kinds(found)
        assert 'elbv2:DeleteTargetGroup' in kinds(found)
        assert UPDATE not in kinds(found)


def test_a_removed_service_takes_both_target_groups_along():
    found = plan({**document(), 'services': []}, running({BLUE: 0, GREEN: 100}), revision=REVISION, destroyed=('web',))
    deleted = [step.arguments['TargetGroupArn'] for step in found.steps if step.kind == 'elbv2:DeleteTargetGroup']
    assert sorted(deleted) == sorted([BLUE, GREEN])


def test_its_load_balancer_is_not_replaced_under_way():
    found = planned(document(type='private'), running({BLUE: 1, GREEN: 0}))
    assert found.is_empty
    assert 'cannot be replaced while ECS shifts traffic' in found.notes[0].text


def test_a_network_load_balancer_has_its_listener_as_production_rule():
    found = planned(
        document(protocol='TCP', certificates=[], healthcheck={'port': 8080}),
        Observed(CLUSTER, container_instances=2),
    )
    assert LOOK_UP not in kinds(found)
    [service] = [step for step in found.steps if step.kind == CREATE]
    [listener] = [step for step in found.steps if step.kind == CREATE_LISTENER]
    advanced = service.arguments['loadBalancers'][0]['advancedConfiguration']
    assert advanced['productionListenerRule'] == ResultOf(listener.id, 'Listeners.0.ListenerArn')


class TestRules:
    """A service behind a rule of a listener that others made."""

    RULE = Rule(
        f'{DEFAULT_RULE}0',
        5,
        ({'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/a/*']}},),
        {BLUE: 0, GREEN: 100},
        tags=OWNER.tags,
    )

    def wanted(self, strategy: str = 'canary', path: str = '/a/*') -> dict[str, Any]:
        found = document('rolling')
        web = service_in(found, 'web')
        web['elb'] = {'listener': LISTENER, 'rules': [{'path': [path]}], 'ports': {'container': 8080}}
        web['deployment'] = {'strategy': strategy, **({} if strategy == 'rolling' else {'role_arn': ROLE})}
        assert check(found, cluster=CLUSTER).mistakes == ()
        return found

    def observed(self, forwards: dict[str, int], attached: Any = None, strategy: str = 'canary') -> Observed:
        rule = replace(self.RULE, forwards=forwards)
        listener = Listener(LISTENER, 443, 'HTTPS', action='fixed-response', rules=(rule,))
        balancer = LoadBalancer(
            BALANCER, 'edge', 'edge.elb', 'Z', 'internal', 'vpc-1', 'application', listeners=(listener,)
        )
        seen = settled(self.wanted(strategy))
        advanced = {'alternateTargetGroupArn': GREEN, 'productionListenerRule': rule.arn, 'roleArn': ROLE}
        attached = attached or attachment(**advanced)
        service = seen.services['web']
        members = {**service.members, 'loadBalancers': [attached]}
        tags = {**service.tags, names.WHOLE_TAG: 'true'}
        service = replace(service, members=members, load_balancers=(attached,), tags=tags)
        groups = tuple(
            replace(group(arn, f'staging-web-{name}'), health=settled_health(self.wanted()))
            for arn, name in ((BLUE, 'lb'), (GREEN, 'l2'))
            if arn in forwards
        )
        return replace(seen, load_balancers=(balancer,), target_groups=groups, services={'web': service})

    @pytest.mark.parametrize('forwards', [{BLUE: 1, GREEN: 0}, {BLUE: 0, GREEN: 100}, {BLUE: 95, GREEN: 5}])
    def test_the_weights_of_ecs_are_no_difference(self, forwards: dict[str, int]):
        assert planned(self.wanted(), self.observed(forwards)).is_empty

    @pytest.mark.parametrize('forwards', [{BLUE: 1, GREEN: 0}, {BLUE: 0, GREEN: 100}, {BLUE: 95, GREEN: 5}])
    def test_conditions_change_without_the_actions(self, forwards: dict[str, int]):
        found = planned(self.wanted(path='/b/*'), self.observed(forwards))
        assert kinds(found) == [MODIFY_RULE]
        assert set(found.steps[0].arguments) == {'RuleArn', 'Conditions'}

    def test_a_rule_gets_the_alternate_before_the_service_changes(self):
        found = planned(self.wanted(), self.observed({BLUE: 1}, attachment(), 'rolling'))
        assert kinds(found) == [CREATE_GROUP, MODIFY_RULE, UPDATE]
        assert found.steps[1].id in found.steps[2].depends_on
        advanced = found.steps[2].arguments['loadBalancers'][0]['advancedConfiguration']
        assert advanced['productionListenerRule'] == self.RULE.arn

    def test_the_way_back_leaves_the_traffic_where_it_is(self):
        found = planned(self.wanted('rolling'), self.observed({BLUE: 0, GREEN: 100}))
        [update] = [step for step in found.steps if step.kind == UPDATE]
        assert [each['targetGroupArn'] for each in update.arguments['loadBalancers']] == [GREEN]
        [modify] = [step for step in found.steps if step.kind == MODIFY_RULE]
        assert modify.arguments['Actions'] == [{'Type': 'forward', 'TargetGroupArn': GREEN}]
        [delete] = [step for step in found.steps if step.kind == 'elbv2:DeleteTargetGroup']
        assert delete.arguments == {'TargetGroupArn': BLUE}


def settled_health(wanted: dict[str, Any]) -> dict[str, Any]:
    found = planned(wanted, Observed(CLUSTER, load_balancers=(balancer_of_others(),)))
    [first, *_] = [step for step in found.steps if step.kind == CREATE_GROUP]
    return {name: value for name, value in first.arguments.items() if name.startswith(('Health', 'Unhealthy'))}


def balancer_of_others() -> LoadBalancer:
    listener = Listener(LISTENER, 443, 'HTTPS', action='fixed-response')
    return LoadBalancer(BALANCER, 'edge', 'edge.elb', 'Z', 'internal', 'vpc-1', 'application', listeners=(listener,))


class TestOfOthers:
    """Target groups that others made: the stackfile states all of their wiring."""

    def test_they_are_attached_as_they_are_stated(self):
        wanted = document('rolling')
        web = service_in(wanted, 'web')
        web['elb'] = {
            'target_group': BLUE,
            'alternate_target_group': GREEN,
            'production_rule': DEFAULT_RULE,
            'test_rule': f'{DEFAULT_RULE}1',
            'ports': {'container': 8080},
        }
        web['deployment'] = {'strategy': 'linear', 'role_arn': ROLE}
        assert check(wanted, cluster=CLUSTER).mistakes == ()
        groups = tuple(replace(group(arn, name), tags={}) for arn, name in ((BLUE, 'blue'), (GREEN, 'green')))
        found = planned(wanted, Observed(CLUSTER, container_instances=2, target_groups=groups))
        [service] = [step for step in found.steps if step.kind == CREATE]
        assert service.arguments['loadBalancers'] == [
            attachment(
                alternateTargetGroupArn=GREEN,
                productionListenerRule=DEFAULT_RULE,
                testListenerRule=f'{DEFAULT_RULE}1',
                roleArn=ROLE,
            )
        ]
        assert not [step for step in found.steps if step.kind.startswith('elbv2:')]
