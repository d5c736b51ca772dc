"""Where a service's containers write their logs."""

from datetime import timedelta
from typing import Any

import pytest

from stack.errors import NotFound, Unprocessable
from stack.rollouts.observation import Observation
from stack.telemetry.log_sources import LogSource, container_logs, readable
from tests.unit.stack.rollouts.test_cluster_state import START, definition, revision, running, state


def awslogs(group: str, prefix: str | None = 'svc', region: str | None = None) -> dict[str, Any]:
    options = {'awslogs-group': group, 'awslogs-region': region, 'awslogs-stream-prefix': prefix}
    return {'logDriver': 'awslogs', 'options': {name: value for name, value in options.items() if value}}


def observed(*containers: dict[str, Any]) -> Any:
    """A state whose service `web` runs a task definition with these containers."""
    made = state(revision('r1', web={'image': 'web:1', 'desired_count': 2}))
    seen = definition(made)
    seen.body['containerDefinitions'] = list(containers)
    at = START + timedelta(minutes=2)
    made.look(Observation(at, {'web': running()}, {seen.arn: seen}))
    return made


def test_every_container_has_its_own_streams_the_main_one_first():
    made = observed(
        {'name': 'proxy', 'logConfiguration': awslogs('/ecs/proxy', region='us-east-1')},
        {'name': 'web', 'logConfiguration': awslogs('/ecs/web')},
    )
    logs = container_logs(made, 'web')
    assert [log.source for log in logs] == [
        LogSource('web', '/ecs/web', 'svc'),
        LogSource('proxy', '/ecs/proxy', 'svc', 'us-east-1'),
    ]
    assert readable(logs)[0].stream('t1') == 'svc/web/t1'
    assert readable(logs, 'proxy') == [LogSource('proxy', '/ecs/proxy', 'svc', 'us-east-1')]


@pytest.mark.parametrize(
    ('configuration', 'driver'),
    [
        (None, None),
        ({'logDriver': 'awsfirelens', 'options': {}}, 'awsfirelens'),
        (awslogs('/g', prefix=None), 'awslogs'),
    ],
)
def test_what_cloudwatch_does_not_have_is_named(configuration: Any, driver: str | None):
    logs = container_logs(observed({'name': 'web', 'logConfiguration': configuration}), 'web')
    assert [log.to_json() for log in logs] == [
        {'container': 'web', 'driver': driver, 'group': None, 'readable': False},
    ]
    with pytest.raises(Unprocessable, match=driver or 'no log driver'):
        readable(logs)


def test_a_container_that_the_service_has_not():
    logs = container_logs(observed({'name': 'web', 'logConfiguration': awslogs('/g')}), 'web')
    with pytest.raises(Unprocessable, match='the containers are web'):
        readable(logs, 'proxy')


def test_before_the_first_look_the_desired_state_decides():
    made = state(revision('r1', web={'image': 'web:1'}))
    assert [log.container for log in container_logs(made, 'web')] == ['web']


def test_a_service_that_is_not_there():
    with pytest.raises(NotFound):
        container_logs(state(revision('r1', web={'image': 'web:1'})), 'api')
