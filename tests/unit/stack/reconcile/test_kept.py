"""What a stackfile leaves to other programs stays as it runs, and everything else is Nysa's."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile.observed import Observed
from stack.reconcile.plan import Plan
from stack.reconcile.planner import plan
from tests.unit.stack.reconcile.settled import REVISION, example, service_in, settled

EMPTY: Mapping[str, Any] = {}
PORT = {'name': 'SERVER_PORT', 'value': '80'}
AGENT = {'name': 'datadog', 'image': 'datadog:7', 'essential': False}


def document(**fields: Any) -> dict[str, Any]:
    changed = copy.deepcopy(example())
    service_in(changed, 'mailer').update(fields)
    return changed


def edited(
    *, sidecars: tuple = (), members: Any = EMPTY, count: int = 1, task: Any = EMPTY, **container: Any
) -> Observed:
    """The example as it runs, with the service `mailer` edited by another program."""
    observed = settled(example())
    service = observed.services['mailer']
    definition = observed.definitions[service.task_definition]
    (own,) = definition.body['containerDefinitions']
    body = {**definition.body, **task, 'containerDefinitions': [{**own, **container}, *sidecars]}
    changed = replace(definition, body=body)
    service = replace(service, members={**service.members, **members}, desired_count=count)
    return replace(
        observed,
        services={**observed.services, 'mailer': service},
        definitions={**observed.definitions, definition.arn: changed},
        newest={**observed.newest, definition.family: changed},
    )


def planned(wanted: dict[str, Any], observed: Observed) -> Plan:
    return plan(wanted, observed, revision=REVISION)


def registered(found: Plan) -> dict[str, Any]:
    (step,) = [step for step in found.steps if step.kind == 'ecs:RegisterTaskDefinition']
    return dict(step.arguments)


@pytest.mark.parametrize(
    ('ignore', 'observed'),
    [
        ('desired_count', edited(count=7)),
        ('image', edited(image='registry/mailer:9')),
        ('memory', edited(memory=2000)),
        ('environment', edited(environment=[{'name': 'LEVEL', 'value': 'debug'}])),
        (
            'environment.LEVEL',
            edited(environment=[PORT, {'name': 'LEVEL', 'value': 'x'}]),
        ),
        ('containers', edited(sidecars=(AGENT,))),
        ('containers.datadog', edited(sidecars=(AGENT,))),
        ('ecs.container.systemControls', edited(systemControls=[{'namespace': 'net.core.somaxconn', 'value': '1'}])),
        ('init', edited(linuxParameters={'initProcessEnabled': True})),
        ('architecture', edited(task={'runtimePlatform': {'cpuArchitecture': 'ARM64'}})),
        ('ecs.task_definition.pidMode', edited(task={'pidMode': 'task'})),
        ('labels.team', edited(dockerLabels={'team': 'mail'})),
        ('placement_constraints', edited(members={'placementConstraints': [{'type': 'distinctInstance'}]})),
    ],
)
def test_an_ignored_field_stays_as_it_runs(ignore: str, observed: Observed):
    assert not planned(document(), observed).is_empty
    assert planned(document(ignore=[ignore]), observed).is_empty


def test_a_change_beside_an_ignored_field_carries_it_over():
    observed = edited(sidecars=(AGENT,), memory=2000)
    found = registered(planned(document(ignore=['containers', 'memory'], image='registry/mailer:2'), observed))
    main, sidecar = found['containerDefinitions']
    assert (main['image'], main['memory'], sidecar) == ('registry/mailer:2', 2000, AGENT)


def test_what_is_not_declared_is_kept():
    observed = edited(
        sidecars=(AGENT,),
        memory=2000,
        user='1000',
        environment=[{'name': 'LEVEL', 'value': 'debug'}],
        task={'pidMode': 'task'},
        members={'enableExecuteCommand': True},
        count=5,
    )
    assert not planned(document(), observed).is_empty
    kept = document(undeclared='keep')
    assert planned(kept, observed).is_empty
    found = registered(planned(document(undeclared='keep', image='registry/mailer:2'), observed))
    main, sidecar = found['containerDefinitions']
    assert (main['image'], main['memory'], main['user'], sidecar) == ('registry/mailer:2', 2000, '1000', AGENT)
    assert (found['pidMode'], found['family']) == ('task', 'staging-mailer')


def test_what_is_declared_is_changed_although_the_rest_is_kept():
    observed = edited(sidecars=(AGENT,), memory=2000)
    found = planned(document(undeclared='keep', desired_count=3, memory=512), observed)
    main, _ = registered(found)['containerDefinitions']
    assert main['memory'] == 512
    assert [step.arguments['desiredCount'] for step in found.steps if step.kind == 'ecs:UpdateService'] == [3]


def test_a_restart_keeps_other_labels():
    observed = edited(dockerLabels={'team': 'mail'})
    restarted = document(undeclared='keep', restarted_at='2030-01-31T18:00:00Z')
    (main,) = registered(planned(restarted, observed))['containerDefinitions']
    assert main['dockerLabels'] == {'team': 'mail', 'nysa.restarted-at': '2030-01-31T18:00:00Z'}


def test_a_new_service_is_made_as_declared():
    observed = settled(example())
    document = copy.deepcopy(example())
    document['services'].append({'new': {'image': 'registry/new:1', 'undeclared': 'keep', 'ignore': ['desired_count']}})
    assert [row.action for row in planned(document, observed).rows if row.service == 'new'] == ['create']
