"""What the container is given."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import one_service
from tests.unit.stack.stackfile.semantics.checking import mistakes

NO_ROOM = 'maximum_percent {} and minimum_healthy_percent {} leave a rollout no room to move'


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        (
            {'secrets': {'A': 'name'}, 'environment': ['A=1', 'B=2'], 'task_execution_role_arn': 'role'},
            [('secrets', 'A is in environment, too')],
        ),
        ({'secrets': {'A': 'name'}, 'task_execution_role_arn': 'role'}, []),
        ({'logging': {'options': {'a': 'b'}}}, [('logging', 'the options need a log_driver')]),
        (
            {'logging': {'log_driver': 'awslogs', 'options': {'awslogs-region': 'x'}}},
            [('logging', 'the log driver awslogs needs the option awslogs-group')],
        ),
        ({'logging': {'log_driver': 'gelf'}}, []),
        ({'volumes': ['a:/a:/x', 'b:/b:/x']}, [('volumes[1]', '/x is mounted above already')]),
        ({'volumes': ['a:/a:/x', 'a:/b:/y']}, [('volumes[1]', 'a is another volume above')]),
        ({'volumes': ['a:/a:/x', 'a:/a:/y:ro']}, []),
        (
            {'deployment_configuration': {'maximum_percent': 100}},
            [('deployment_configuration', NO_ROOM.format(100, 100))],
        ),
        ({'deployment_configuration': {'maximum_percent': 100, 'minimum_healthy_percent': 99}}, []),
        ({'deployment_configuration': {'minimum_healthy_percent': 100}}, []),
        ({'deployment_configuration': {'maximum_percent': 100}, 'scheduling_strategy': 'DAEMON'}, []),
        (
            {'placement_constraints': [{'type': 'memberOf'}, {'type': 'distinctInstance', 'expression': 'a == b'}]},
            [
                ('placement_constraints[0]', 'memberOf needs an expression'),
                ('placement_constraints[1].expression', 'distinctInstance has no expression'),
            ],
        ),
        (
            {'scheduling_strategy': 'DAEMON', 'desired_count': 1},
            [('desired_count', 'a DAEMON runs one task on each instance: leave desired_count out')],
        ),
        ({'scheduling_strategy': 'DAEMON'}, []),
    ],
)
def test_rules(settings: dict[str, Any], found: list):
    assert mistakes(one_service(**settings)) == found
