"""Target groups: which port their health checks use."""

from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile.observed import Observed
from stack.reconcile.planner import plan
from tests.unit.stack.reconcile.settled import REVISION, example, service_in, settled


def document(port: int | None = None, **web: Any) -> dict[str, Any]:
    found = example()
    balancer = service_in(found, 'web')['elb']
    balancer['healthcheck'] = {'path': '/health', **({'port': port} if port else {})}
    service_in(found, 'web').update(web)
    return found


def checked_at(port: str, wanted: dict[str, Any]) -> Observed:
    """What runs as wanted, with health checks at a port."""
    observed = settled(wanted)
    [group] = observed.target_groups
    return replace(observed, target_groups=(replace(group, health={**group.health, 'HealthCheckPort': port}),))


def changed_port(wanted: dict[str, Any], there: str) -> str | None:
    steps = plan(wanted, checked_at(there, wanted), revision=REVISION).steps
    if not steps:
        return None
    [step] = steps
    assert step.kind == 'elbv2:ModifyTargetGroup'
    return str(step.arguments['HealthCheckPort'])


DYNAMIC = {'network_mode': 'bridge', 'ports': [{'container': 8080}]}
MAPPED = {'network_mode': 'bridge', 'ports': ['80:8080']}
SAME = {'network_mode': 'bridge', 'ports': ['8080:8080']}


@pytest.mark.parametrize('there', ['traffic-port', '8080'])
@pytest.mark.parametrize('port', [None, 8080])
@pytest.mark.parametrize('web', [{}, SAME])
def test_the_container_port_is_that_of_the_target_where_both_are_equal(web: dict, port: int | None, there: str):
    assert changed_port(document(port, **web), there) is None


@pytest.mark.parametrize(
    ('web', 'port', 'there', 'changed'),
    [
        (DYNAMIC, None, '8080', 'traffic-port'),
        (MAPPED, None, '8080', 'traffic-port'),
        (MAPPED, 8080, 'traffic-port', '8080'),
        ({}, 9000, 'traffic-port', '9000'),
        ({}, None, '9000', 'traffic-port'),
    ],
)
def test_another_port_is_changed(web: dict, port: int | None, there: str, changed: str):
    assert changed_port(document(port, **web), there) == changed
