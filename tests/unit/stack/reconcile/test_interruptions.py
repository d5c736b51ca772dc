"""Changes that interrupt requests: foretold from two documents, and marked in the plan."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from stack.reconcile.interruptions import interruptions
from stack.reconcile.planner import plan
from stack.reconcile.wanted import wanted_services
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, example, service_in, settled
from tests.unit.stack.reconcile.shifted import BLUE, GREEN, document, running

Edit = Callable[[dict[str, Any]], object]
OTHER_PORT = {'public': 8443, 'container': 8080}
PLAIN = {'protocol': 'HTTP', 'certificates': []}


def web(**fields: Any) -> Edit:
    return lambda found: service_in(found, 'web').update(fields)


def elb(**fields: Any) -> Edit:
    return lambda found: service_in(found, 'web')['elb'].update(fields)


def daemon(found: dict[str, Any]) -> None:
    del service_in(found, 'web')['desired_count']
    service_in(found, 'web')['scheduling_strategy'] = 'DAEMON'


INTERRUPTING: dict[str, tuple[Edit, str, set[str]]] = {
    'protocol': (elb(**PLAIN), 'elb.protocol HTTPS → HTTP', {'elbv2:ModifyListener'}),
    'scheme and protocol': (
        elb(type='private', **PLAIN),
        'elb.protocol HTTPS → HTTP',
        {'route53:ChangeResourceRecordSets'},
    ),
    'own addresses': (web(network_mode='awsvpc'), 'network_mode host → awsvpc', {'ecs:UpdateService'}),
    'daemon': (
        daemon,
        'scheduling_strategy REPLICA → DAEMON',
        {'ecs:UpdateService', 'ecs:DeleteService'},
    ),
}
GENTLE: dict[str, Edit] = {
    'image': web(image='registry/web:2'),
    'count': web(desired_count=3),
    'health check': elb(healthcheck={'path': '/alive'}),
    'container port': elb(ports={'public': 443, 'container': 9090}),
    'certificate': elb(certificates=['arn:aws:acm:us-east-1:123456789012:certificate/two']),
    'port': elb(ports=OTHER_PORT),
    'port and protocol': elb(ports=OTHER_PORT, **PLAIN),
    'scheme': elb(type='private'),
    'scheme and port': elb(type='private', ports=OTHER_PORT),
    'scheme, port and protocol': elb(type='private', ports=OTHER_PORT, **PLAIN),
    'version of HTTP': elb(protocol_version='HTTP2'),
    'record': elb(dns={'hosted_zone_id': 'Z1', 'record_name': 'other.example.com'}),
    'removal': lambda found: service_in(found, 'web').pop('elb'),
    'no tasks': web(desired_count=0, network_mode='awsvpc'),
    'another service': lambda found: service_in(found, 'mailer').update(network_mode='awsvpc'),
}


def edited(edit: Edit) -> dict[str, Any]:
    found = copy.deepcopy(example())
    edit(found)
    return found


def foretold(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = interruptions(wanted_services(CLUSTER, before), wanted_services(CLUSTER, after))
    return [each.message for each in found]


@pytest.mark.parametrize('name', INTERRUPTING)
def test_an_interrupting_change_is_foretold_and_its_steps_are_marked(name: str):
    edit, expected, kinds = INTERRUPTING[name]
    assert foretold(example(), edited(edit)) == [f'web: {expected}']
    steps = plan(edited(edit), settled(example()), revision=REVISION).steps
    assert {step.kind for step in steps if step.interrupts} == kinds
    assert [step.to_json()['interrupts'] for step in steps] == [step.interrupts for step in steps]


@pytest.mark.parametrize('name', GENTLE)
def test_any_other_change_interrupts_nothing(name: str):
    after = edited(GENTLE[name])
    assert foretold(example(), after) == []
    if name != 'no tasks':
        steps = plan(after, settled(example()), revision=REVISION).steps
        assert steps
        assert not [step for step in steps if step.interrupts]


def test_another_kind_of_load_balancer_interrupts_requests_though_the_port_changes():
    before = edited(elb(**PLAIN, ports={'public': 80, 'container': 8080}))
    after = edited(elb(**PLAIN, ports={'public': 81, 'container': 8080}))
    check_ = {'protocol': 'TCP', 'interval_seconds': 30}
    service_in(after, 'web')['elb'].update(protocol='TCP', healthcheck=check_)
    assert foretold(before, after) == ['web: elb.ports.public 80 → 81']
    steps = plan(after, settled(before), revision=REVISION).steps
    assert {step.kind for step in steps if step.interrupts} == {'route53:ChangeResourceRecordSets'}


def test_another_port_interrupts_requests_while_ecs_shifts_traffic():
    before = document()
    after = document(ports=OTHER_PORT)
    assert foretold(before, after) == ['web: elb.ports.public 443 → 8443']
    steps = plan(after, running({BLUE: 1, GREEN: 0}), revision=REVISION).steps
    assert {step.kind for step in steps if step.interrupts} == {'elbv2:ModifyListener'}


def test_a_service_that_comes_or_goes_interrupts_nothing():
    nothing = {**example(), 'services': []}
    assert foretold(nothing, example()) == foretold(example(), nothing) == []
    destroyed = plan(nothing, settled(example()), revision=REVISION, destroyed=['web']).steps
    assert not [step for step in destroyed if step.interrupts]


def test_back_to_the_network_of_the_instance_makes_the_service_again():
    before = edited(web(network_mode='awsvpc'))
    assert foretold(before, example()) == ['web: network_mode awsvpc → host']
    steps = plan(example(), settled(before), revision=REVISION).steps
    assert 'ecs:DeleteService' in {step.kind for step in steps if step.interrupts}
