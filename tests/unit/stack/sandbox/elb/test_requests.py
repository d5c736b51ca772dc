"""Requests through an embedded load balancer, over HTTP."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.aws import Aws

FIXED = {'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '404', 'MessageBody': 'none'}}
TO_HTTPS = {'Type': 'redirect', 'RedirectConfig': {'Protocol': 'HTTPS', 'Port': '443', 'StatusCode': 'HTTP_301'}}


class Edge:
    """A load balancer with one listener and two target groups."""

    def __init__(self, aws: Aws):
        self.aws, self.elb = aws, aws.client('elbv2')
        ec2 = aws.client('ec2')
        vpc = ec2.create_vpc(CidrBlock='10.1.0.0/16')['Vpc']['VpcId']
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.1.{n}.0/24', AvailabilityZone=f'{aws.region}{letter}')
            for n, letter in enumerate('ab')
        ]
        name = f'edge-{vpc[-8:]}'
        made = self.elb.create_load_balancer(Name=name, Subnets=[each['Subnet']['SubnetId'] for each in subnets])
        self.balancer = made['LoadBalancers'][0]
        self.groups = [
            self.elb.create_target_group(Name=f'{name}-{n}', Protocol='HTTP', Port=80, VpcId=vpc, TargetType='ip')[
                'TargetGroups'
            ][0]['TargetGroupArn']
            for n in range(2)
        ]
        listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer['LoadBalancerArn'], Protocol='HTTP', Port=80, DefaultActions=[FIXED]
        )
        self.listener = listener['Listeners'][0]['ListenerArn']

    def rule(self, priority: int, path: str, action: dict[str, Any]) -> str:
        conditions = [{'Field': 'path-pattern', 'PathPatternConfig': {'Values': [path]}}]
        made = self.elb.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=conditions, Actions=[action]
        )
        return made['Rules'][0]['RuleArn']

    def send(self, path: str, **more: Any) -> dict[str, Any]:
        return ask(self.aws, {'url': f'http://{self.balancer["DNSName"]}{path}', **more})

    def targets(self, group: int, **states: str) -> None:
        from moto.elbv2 import elbv2_backends

        found = elbv2_backends[self.aws.account][self.aws.region].target_groups[self.groups[group]]
        vars(found)['ecs_target_states'] = {target: (state, '') for target, state in states.items()}


def ask(aws: Aws, body: Any) -> dict[str, Any]:
    request = urllib.request.Request(f'{aws.endpoint}/_nysa/requests', data=json.dumps(body).encode(), method='POST')
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


@pytest.fixture
def edge(aws: Aws) -> Edge:
    return Edge(aws)


def test_the_rule_with_the_lowest_number_counts_then_the_default_action(edge: Edge):
    edge.rule(20, '/*', FIXED | {'FixedResponseConfig': {'StatusCode': '200', 'MessageBody': 'all'}})
    edge.rule(10, '/old/*', TO_HTTPS)
    assert edge.send('/x')['body'] == 'all'
    assert edge.send('/old/a?b=c', host='example.com') == {
        'status': 301,
        'location': 'https://example.com:443/old/a?b=c',
    }


def test_without_a_rule_that_is_met_the_default_action_answers(edge: Edge):
    assert edge.send('/x') == {'status': 404, 'body': 'none'}


def test_targets_take_turns_in_proportion_to_the_weights(edge: Edge):
    weights = [{'TargetGroupArn': arn, 'Weight': weight} for arn, weight in zip(edge.groups, (3, 1), strict=True)]
    edge.rule(1, '/*', {'Type': 'forward', 'ForwardConfig': {'TargetGroups': weights}})
    edge.targets(0, a='healthy', b='healthy', c='draining', d='initial')
    edge.targets(1, e='healthy')
    sent = [edge.send('/')['target'] for _ in range(40)]
    assert {target: sent.count(target) for target in set(sent)} == {'a': 15, 'b': 15, 'e': 10}


def test_a_group_without_a_target_answers_503_and_one_with_only_unhealthy_ones_sends_to_them(edge: Edge):
    edge.rule(1, '/*', {'Type': 'forward', 'TargetGroupArn': edge.groups[0]})
    edge.targets(0, a='draining', b='initial')
    assert edge.send('/')['status'] == 503
    edge.targets(0, a='draining', b='unhealthy')
    assert edge.send('/')['target'] == 'b'


def test_a_port_without_a_listener_refuses(edge: Edge):
    assert ask(edge.aws, {'url': f'http://{edge.balancer["DNSName"]}:81/'})['status'] == 0
    assert ask(edge.aws, {'url': 'http://nothing.example.com/'})['status'] == 0


@pytest.mark.parametrize('body', [[], {}, {'url': 7}, {'url': 'ftp://x/'}, {'url': 'http://x:y/'}, None])
def test_what_is_no_request_is_refused(aws: Aws, body: Any):
    with pytest.raises(urllib.error.HTTPError, match='400') as refused:
        ask(aws, body)
    refused.value.close()


def test_target_groups_are_linked_to_what_leads_to_them(edge: Edge):
    def leading() -> list[str]:
        [group] = edge.elb.describe_target_groups(TargetGroupArns=[edge.groups[0]])['TargetGroups']
        return group['LoadBalancerArns']

    rule = edge.rule(1, '/*', {'Type': 'forward', 'TargetGroupArn': edge.groups[0]})
    assert leading() == [edge.balancer['LoadBalancerArn']]
    edge.elb.modify_rule(RuleArn=rule, Actions=[{'Type': 'forward', 'TargetGroupArn': edge.groups[1]}])
    assert leading() == []


def test_priorities_swap_in_one_call(edge: Edge):
    first, second = edge.rule(1, '/a', FIXED), edge.rule(2, '/b', FIXED)
    swapped = [{'RuleArn': first, 'Priority': 2}, {'RuleArn': second, 'Priority': 1}]
    edge.elb.set_rule_priorities(RulePriorities=swapped)
    found = edge.elb.describe_rules(RuleArns=[first, second])['Rules']
    assert {rule['RuleArn']: rule['Priority'] for rule in found} == {first: '2', second: '1'}
    with pytest.raises(edge.elb.exceptions.PriorityInUseException):
        edge.elb.set_rule_priorities(RulePriorities=[{'RuleArn': first, 'Priority': 1}])
