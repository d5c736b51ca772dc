"""Service Connect: its namespace, its differences, and its removal."""

from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile import names
from stack.reconcile.connect import in_known_namespace
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Plan
from stack.reconcile.planner import plan
from stack.reconcile.wanted import wanted_services
from tests.unit.stack.reconcile.settled import CLUSTER, REVISION, example, service_in, settled

REGISTER, UPDATE, TAG = 'ecs:RegisterTaskDefinition', 'ecs:UpdateService', 'ecs:TagResource'
CREATE, WAIT = 'servicediscovery:CreateHttpNamespace', 'servicediscovery:GetOperation'
ARN = 'arn:aws:servicediscovery:us-east-1:1:namespace/ns-1'


def document() -> dict[str, Any]:
    found = example()
    for name in ('web', 'users'):
        settings = service_in(found, name)
        settings['ports'] = [*settings['ports'], {'container': 9999, 'name': f'{name}-http', 'app_protocol': 'http'}]
        settings['service_connect'] = {
            'namespace': 'prod',
            'services': [{'port': f'{name}-http', 'aliases': [{'port': 80, 'name': name}]}],
        }
    service_in(found, 'mailer')['service_connect'] = {'namespace': 'prod'}
    return found


def there(found: dict[str, Any], **changes: Any) -> Observed:
    return replace(settled(found), connect_namespaces={ARN: 'prod'}, **changes)


def planned(found: dict[str, Any], state: Observed) -> Plan:
    return plan(found, state, revision=REVISION)


def kinds(found: Plan) -> list[str]:
    return [step.kind for step in found.steps]


def test_a_missing_namespace_is_created_once_before_all_services():
    found = planned(document(), replace(settled(document()), services={}))
    assert kinds(found).count(CREATE) == 1
    ready = next(step.id for step in found.steps if step.kind == WAIT and 'connect' in step.id)
    connected = [step for step in found.steps if 'serviceConnectConfiguration' in step.arguments]
    assert {step.service for step in connected} == {'web', 'users', 'mailer'}
    assert all(ready in step.depends_on for step in connected)


def test_what_is_made_is_complete():
    assert planned(document(), there(document())).is_empty


@pytest.mark.parametrize(
    ('edit', 'service', 'steps'),
    [
        (lambda connect: connect.update(namespace=ARN.replace('ns-1', 'ns-2')), 'web', [UPDATE]),
        (lambda connect: connect['services'][0].update(discovery_name='site'), 'web', [UPDATE]),
        (lambda connect: connect['services'][0]['aliases'][0].update(port=81), 'web', [UPDATE]),
        (lambda connect: connect['services'][0].update(timeout={'idle': 9, 'request': 3}), 'web', [UPDATE]),
        (lambda connect: connect['services'][0].update(ingress_port=8088), 'web', [UPDATE]),
        (lambda connect: connect['services'][0].update(tls={'authority': 'arn:aws:acm-pca:a'}), 'web', [UPDATE]),
        (lambda connect: connect.update(logging={'log_driver': 'json-file'}), 'web', [UPDATE]),
        (lambda connect: connect.pop('services'), 'web', [UPDATE]),
        (lambda connect: connect['services'][0].update(discovery_name='web-http'), 'web', []),
    ],
)
def test_an_edit_takes_exactly_its_steps_and_then_none(edit, service, steps):
    changed = document()
    edit(service_in(changed, service)['service_connect'])
    found = planned(changed, there(document()))
    assert kinds(found) == steps
    assert {row.service for row in found.rows if row.action != 'nothing'} == ({service} if steps else set())
    assert planned(changed, there(changed)).is_empty


def test_removed_it_is_turned_off():
    changed = document()
    service_in(changed, 'mailer').pop('service_connect')
    found = planned(changed, there(document()))
    assert kinds(found) == [UPDATE]
    assert found.steps[0].arguments['serviceConnectConfiguration'] == {'enabled': False}


def test_what_another_program_connected_stays():
    """A service whose stackfile never stated it, as Nysa made services before it had the field."""
    changed = document()
    service_in(changed, 'mailer').pop('service_connect')
    state = there(document())
    mailer = state.services['mailer']
    tags = {key: value for key, value in mailer.tags.items() if key != names.CONNECT_TAG}
    untagged = replace(state, services={**state.services, 'mailer': replace(mailer, tags=tags)})
    assert planned(changed, untagged).is_empty


def without_namespace() -> dict[str, Any]:
    found = document()
    for name in ('web', 'users', 'mailer'):
        service_in(found, name)['service_connect'].pop('namespace')
    return found


def test_the_default_namespace_of_the_cluster_is_used():
    found = planned(without_namespace(), replace(settled(document()), services={}, connect_default=ARN))
    assert CREATE not in kinds(found)
    assert planned(without_namespace(), there(document(), connect_default=ARN)).is_empty


def test_without_any_namespace_nothing_is_planned_for_the_service():
    found = planned(without_namespace(), replace(settled(document()), services={}))
    assert not [step for step in found.steps if step.service == 'mailer']
    assert any('It has no namespace' in note.text and note.blocks for note in found.notes)


@pytest.mark.parametrize(
    ('stated', 'described', 'known', 'same'),
    [
        ('prod', ARN, {ARN: 'prod'}, True),
        ('prod', ARN, {ARN: 'other'}, False),
        (ARN, 'prod', {ARN: 'prod'}, True),
        ('prod', ARN, {}, True),
        ('prod', 'other', {}, False),
        (None, 'other', {}, True),
    ],
)
def test_a_namespace_may_be_described_in_another_form(stated, described, known, same):
    changed = document()
    service_in(changed, 'mailer')['service_connect'] = {'namespace': stated} if stated else {}
    wanted = wanted_services(CLUSTER, changed)['mailer']
    mailer = settled(document()).services['mailer']
    connect = {'enabled': True, 'namespace': described}
    service = replace(mailer, members={**mailer.members, 'serviceConnectConfiguration': connect})
    assert (in_known_namespace(wanted, service, known).connect == connect) is same


def test_an_adopted_service_is_marked_with_its_take_over():
    state = there(document())
    foreign = {name: replace(service, tags={}) for name, service in state.services.items()}
    found = planned(document(), replace(state, services=foreign))
    steps = [step for step in found.steps if step.service == 'mailer']
    assert [step.id for step in steps] == ['mailer/service/take-over']
    assert {'key': names.CONNECT_TAG, 'value': 'true'} in steps[0].arguments['tags']
