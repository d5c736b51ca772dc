"""Changes that interrupt requests: foretold from two documents, and marked in the plan."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from stack.reconcile.interruptions import interruptions
from stack.reconcile.planner import plan
from stack.reconcile.wanted import wanted_services
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, example, service_in, settled

Edit = Callable[[dict[str, Any]], object]
PLAIN = {'protocol': 'HTTP', 'certificates': []}


def web(**fields: Any) -> Edit:
    return lambda document: service_in(document, 'web').update(fields)


def elb(**fields: Any) -> Edit:
    return lambda document: service_in(document, 'web')['elb'].update(fields)


def daemon(document: dict[str, Any]) -> None:
    del service_in(document, 'web')['desired_count']
    service_in(document, 'web')['scheduling_strategy'] = 'DAEMON'


INTERRUPTING: dict[str, tuple[Edit, str, set[str]]] = {
    'port': (elb(ports={'public': 8443, 'container': 8080}), 'elb.ports.public 443 → 8443', {'elbv2:ModifyListener'}),
    'protocol': (elb(**PLAIN), 'elb.protocol HTTPS → HTTP', {'elbv2:ModifyListener'}),
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
    'scheme': elb(type='private'),
    'version of HTTP': elb(protocol_version='HTTP2'),
    'record': elb(dns={'hosted_zone_id': 'Z1', 'record_name': 'other.example.com'}),
    'removal': lambda document: service_in(document, 'web').pop('elb'),
    'no tasks': web(desired_count=0, network_mode='awsvpc'),
    'another service': lambda document: service_in(document, 'mailer').update(network_mode='awsvpc'),
}


def edited(edit: Edit) -> dict[str, Any]:
    document = copy.deepcopy(example())
    edit(document)
    return document


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
