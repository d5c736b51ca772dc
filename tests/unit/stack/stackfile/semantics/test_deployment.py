"""Rules for the deployments of a service."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes

FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:smoke'
ROLE = 'arn:aws:iam::123456789012:role/traffic'
NATIVE = {'strategy': 'blue_green'}


def pause(*stages: str, **settings: Any) -> dict[str, Any]:
    return {'type': 'pause', 'stages': list(stages or ('pre_scale_up',)), **settings}


def function(**settings: Any) -> dict[str, Any]:
    return {'type': 'lambda', 'arn': FUNCTION, 'role_arn': ROLE, 'stages': ['post_scale_up'], **settings}


REFUSED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({'canary': {}}, [('canary', 'needs strategy: canary; found rolling')]),
    ({**NATIVE, 'linear': {}}, [('linear', 'needs strategy: linear; found blue_green')]),
    (
        {**NATIVE, 'circuit_breaker': {'enable': True}},
        [('circuit_breaker', 'needs strategy: rolling; found blue_green')],
    ),
    (
        {**NATIVE, 'early_success': {'healthy_percent': 100}},
        [('early_success', 'needs strategy: rolling; found blue_green')],
    ),
    (
        {'early_success': {'healthy_percent': 80}},
        [('early_success.healthy_percent', 'expected at least minimum_healthy_percent, which is 100; found 80')],
    ),
    ({'early_success': {'healthy_percent': 80}, 'minimum_healthy_percent': 80}, []),
    (
        {'hooks': [pause('test_traffic_shift')]},
        [('hooks[0].stages', 'no deployment can pause at test_traffic_shift, which a rollback passes too')],
    ),
    (
        {'hooks': [pause('production_traffic_shift')]},
        [('hooks[0].stages', 'no deployment can pause at production_traffic_shift, which a rollback passes too')],
    ),
    ({'hooks': [pause(timeout='14d'), function(timeout='24h')]}, []),
    ({'hooks': [pause(timeout='15d')]}, [('hooks[0].timeout', 'a pause hook lasts at most 14d; found 15d')]),
    ({'hooks': [function(timeout='1d1m')]}, [('hooks[0].timeout', 'a lambda hook lasts at most 1d; found 1d1m')]),
    ({'hooks': [pause(arn=FUNCTION)]}, [('hooks[0].arn', 'a pause hook has none')]),
    ({'hooks': [function(message='x')]}, [('hooks[0].message', 'a lambda hook has none')]),
    (
        {'hooks': [{'type': 'lambda', 'stages': ['pre_scale_up']}]},
        [
            ('hooks[0].arn', 'is missing: expected the ARN of the function'),
            ('hooks[0].role_arn', 'is missing: expected the role with which ECS calls it'),
        ],
    ),
    ({'hooks': [{'type': 'pause', 'stages': []}]}, [('hooks[0].stages', 'expected at least one stage')]),
    ({'hooks': [pause()] * 10}, []),
    (
        {'hooks': [pause()] * 10, 'pause': ['post_scale_up']},
        [('hooks', 'ECS accepts 10 hooks of type pause; found 11')],
    ),
    ({'hooks': [function()] * 11}, [('hooks', 'ECS accepts 10 hooks of type lambda; found 11')]),
    (
        {'circuit_breaker': {'enable': True, 'threshold': 3}},
        [('circuit_breaker.threshold_type', 'is missing: expected count, bounded_percent or unbounded_percent')],
    ),
    (
        {'circuit_breaker': {'enable': True, 'threshold_type': 'count'}},
        [('circuit_breaker.threshold', 'is missing: count needs a value')],
    ),
    (
        {'circuit_breaker': {'enable': True, 'threshold': 101, 'threshold_type': 'bounded_percent'}},
        [('circuit_breaker.threshold', 'expected a percentage from 1 to 100; found 101')],
    ),
    ({'circuit_breaker': {'enable': True, 'threshold': 101, 'threshold_type': 'count'}}, []),
    ({'alarms': {'names': []}}, [('alarms.names', 'expected at least one alarm')]),
    (
        {'maximum_percent': 100},
        [('', 'maximum_percent 100 and minimum_healthy_percent 100 leave a rollout no room to move')],
    ),
]


@pytest.mark.parametrize(('deployment', 'expected'), REFUSED)
def test_deployments_that_ecs_refuses(deployment: dict[str, Any], expected: list[tuple[str, str]]):
    found = mistakes(one_service(deployment=deployment))
    assert found == [(f'deployment.{path}'.removesuffix('.'), message) for path, message in expected]


OF_SERVICE: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (
        {'deployment': NATIVE, 'scheduling_strategy': 'DAEMON'},
        [('deployment.strategy', 'a DAEMON has strategy: rolling alone; found blue_green')],
    ),
    (
        {'deployment': NATIVE, 'controller': 'external'},
        [('deployment.strategy', 'needs controller: ecs; found external')],
    ),
    (
        {'deployment': {'pause': ['pre_scale_up']}, 'controller': 'code_deploy'},
        [('deployment.pause', 'needs controller: ecs; found code_deploy')],
    ),
    ({'deployment': {}, 'type': 'task'}, [('deployment', 'needs a service: a task has no deployment')]),
    (
        {'deployment': {'maximum_percent': 150}, 'deployment_configuration': {'maximum_percent': 200}},
        [
            (
                'deployment_configuration.maximum_percent',
                'contradicts deployment.maximum_percent, which is 150: state it there alone',
            )
        ],
    ),
    ({'deployment': {'maximum_percent': 150}, 'deployment_configuration': {'maximum_percent': 150}}, []),
    (
        {
            'deployment': {'circuit_breaker': {'enable': True}},
            'deployment_circuit_breaker': {'enable': True, 'rollback': True},
        },
        [('deployment_circuit_breaker', 'contradicts deployment.circuit_breaker: state it there alone')],
    ),
    (
        {'deployment': NATIVE, 'deployment_circuit_breaker': {'enable': True}},
        [('deployment_circuit_breaker', 'needs strategy: rolling; found blue_green')],
    ),
    ({'deployment': NATIVE, 'deployment_circuit_breaker': {'enable': False}}, []),
]


@pytest.mark.parametrize(('settings', 'expected'), OF_SERVICE)
def test_services_that_ecs_refuses(settings: dict[str, Any], expected: list[tuple[str, str]]):
    assert mistakes(one_service(**settings)) == expected


def test_a_task_may_inherit_a_strategy():
    document = {**one_service(type='task'), 'defaults': {'deployment': NATIVE}}
    assert mistakes(document) == []


GROUP = 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{}/0123456789abcdef'
RULE = 'arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/edge/1/2/3'
SHIFTED = {'strategy': 'canary', 'role_arn': ROLE}
OTHERS = {'target_group': GROUP.format('blue'), 'ports': {'container': 80}}
IP = {'network_mode': 'awsvpc', 'ports': ['80:80'], 'network': {'subnets': ['subnet-1', 'subnet-2']}}

BALANCED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (
        {'deployment': SHIFTED},
        [('deployment.strategy', 'canary needs traffic to shift: elb, or an endpoint of service_connect')],
    ),
    ({'deployment': {'strategy': 'blue_green'}}, []),
    (
        {
            **IP,
            'deployment': {'strategy': 'blue_green'},
            'elb': {**OTHERS, 'alternate_target_group': GROUP.format('b')},
        },
        [
            (
                'deployment.role_arn',
                'is missing: expected the role with which ECS shifts the traffic of the load balancer',
            ),
            ('elb.production_rule', 'is missing: blue_green needs the rule or listener that leads to both'),
        ],
    ),
    (
        {
            **IP,
            'deployment': SHIFTED,
            'elb': {**OTHERS, 'alternate_target_group': GROUP.format('blue'), 'production_rule': RULE},
        },
        [('elb.alternate_target_group', 'is target_group: expected another one')],
    ),
    (
        {**IP, 'elb': {**OTHERS, 'production_rule': RULE}},
        [('elb.production_rule', 'needs a deployment.strategy other than rolling')],
    ),
    (
        {
            'ports': ['80:80'],
            'deployment': SHIFTED,
            'elb': {**OTHERS, 'alternate_target_group': GROUP.format('green'), 'production_rule': RULE},
        },
        [
            (
                'deployment.strategy',
                'canary with a load balancer needs network_mode: awsvpc, since ECS shifts traffic between targets of '
                'type ip; found host',
            )
        ],
    ),
    (
        {
            **IP,
            'deployment': SHIFTED,
            'elb': {
                'listener': 'arn:aws:elasticloadbalancing:us-east-1:1:listener/app/edge/1/2',
                'rules': [{'path': ['/a']}, {'path': ['/b']}],
                'ports': {'container': 80},
            },
        },
        [('elb.rules', 'canary shifts the traffic of one rule; found 2')],
    ),
    (
        {
            **IP,
            'deployment': SHIFTED,
            'elb': {
                'listener': 'arn:aws:elasticloadbalancing:us-east-1:1:listener/app/edge/1/2',
                'rules': [{'path': ['/a']}],
                'ports': {'container': 80, 'test': 8443},
            },
        },
        [('elb.ports.test', 'has no effect with listener: remove it')],
    ),
]

OWN: list[tuple[dict[str, Any], int, list[tuple[str, str]]]] = [
    (SHIFTED, 8443, []),
    (SHIFTED, 443, [('elb.ports.test', 'is ports.public: expected another port')]),
    ({'strategy': 'rolling'}, 8443, [('elb.ports.test', 'needs a deployment.strategy other than rolling')]),
]


@pytest.mark.parametrize(('settings', 'expected'), BALANCED)
def test_load_balancers_whose_traffic_cannot_be_shifted(settings: dict[str, Any], expected: list[tuple[str, str]]):
    assert mistakes(one_service(**settings)) == expected


@pytest.mark.parametrize(('deployment', 'port', 'expected'), OWN)
def test_a_listener_for_tests(deployment: dict[str, Any], port: int, expected: list[tuple[str, str]]):
    elb = {'type': 'public', 'ports': {'public': 443, 'test': port, 'container': 80}}
    settings = {name: value for name, value in IP.items() if name != 'network'}
    assert mistakes(with_vpc(one_service(**settings, deployment=deployment, elb=elb))) == expected
