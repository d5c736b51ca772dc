"""What the containers of a task must have in common, and where tasks run."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import one_service
from tests.unit.stack.stackfile.semantics.checking import mistakes

SIDE = {'image': 'x:1', 'memory': 8}


def side(name: str = 'side', **settings: Any) -> dict[str, Any]:
    return {name: {**SIDE, **settings}}


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        ({'containers': [side()]}, []),
        ({'containers': [side('web')]}, [('containers[0].web', 'another container of the task is named web')]),
        ({'containers': [side(), 'web']}, []),
        (
            {'containers': ['side']},
            [('containers[0]', 'side has no settings; only the main container may be a name alone')],
        ),
        ({'containers': ['web', 'web']}, [('containers[1]', 'web is above already')]),
        ({'essential': False}, [('essential', 'at least one container of a task must be essential')]),
        ({'essential': False, 'containers': [side()]}, []),
        ({'depends_on': {'side': 'start'}}, [('depends_on.side', 'the task has no other container side')]),
        ({'depends_on': {'side': 'healthy'}, 'containers': [side()]}, [('depends_on.side', 'side has no healthcheck')]),
        ({'depends_on': {'side': 'healthy'}, 'containers': [side(healthcheck={'command': 'true'})]}, []),
        (
            {'depends_on': {'side': 'success'}, 'containers': [side()]},
            [('depends_on.side', 'side is essential: the task ends with it')],
        ),
        ({'depends_on': {'side': 'success'}, 'containers': [side(essential=False)]}, []),
        (
            {'depends_on': {'side': 'start'}, 'containers': [side(depends_on={'web': 'start'})]},
            [
                ('depends_on.side', 'side depends on web'),
                ('containers[0].side.depends_on.web', 'web depends on side'),
            ],
        ),
        ({'network_mode': 'bridge', 'links': ['side']}, [('links[0]', 'the task has no other container side')]),
        ({'volumes_from': ['side:ro']}, [('volumes_from[0]', 'the task has no other container side')]),
        ({'mounts': ['data:/x']}, [('mounts[0]', 'the task has no volume data')]),
        ({'mounts': ['data:/x'], 'volumes': [{'name': 'data'}]}, []),
        ({'mounts': ['data:/x'], 'ecs': {'task_definition': {'volumes': [{'name': 'data'}]}}}, []),
        (
            {'volumes': [{'name': 'a', 'efs': {'file_system': 'fs-1', 'iam': True}}]},
            [('volumes[0].efs', 'access_point and iam need encryption: true')],
        ),
        (
            {'volumes': [{'name': 'a', 'host': '/x', 'docker': {}}]},
            [('volumes[0]', 'expected one kind of storage; found host, docker')],
        ),
        (
            {'logging': {'log_driver': 'awsfirelens'}},
            [('logging', 'the log driver awsfirelens needs a container with firelens')],
        ),
        ({'logging': {'log_driver': 'awsfirelens'}, 'containers': [side(firelens={'type': 'fluentbit'})]}, []),
        (
            {'containers': [side(logging={'options': {'a': 'b'}})]},
            [('containers[0].side.logging', 'the options need a log_driver')],
        ),
        ({'ports': [{'host': 80}]}, [('ports[0]', 'expected container or range')]),
        ({'ports': [{'container': 80, 'range': '80-90'}]}, [('ports[0]', 'expected container or range')]),
        (
            {'ports': ['80:80'], 'containers': [side(ports=['80:80'])]},
            [('containers[0].side.ports[0]', 'port 80 is used by the container web')],
        ),
        ({'ports': ['80:80'], 'containers': [side(ports=['8080:80'])], 'network_mode': 'bridge'}, []),
        ({'memory': 64, 'memory_reservation': 65}, [('memory_reservation', 'must be at most memory: 64')]),
        ({'memory': 64, 'memory_reservation': 64}, []),
        ({'memory_reservation': 64}, []),
        (
            {'containers': [{'side': {'image': 'x'}}]},
            [('containers[0].side', 'side needs memory or memory_reservation, or the task its task.memory')],
        ),
        ({'containers': [{'side': {'image': 'x'}}], 'task': {'memory': 512}}, []),
        (
            {'task': {'memory': 512}, 'memory': 512, 'containers': [side()]},
            [('task.memory', 'its containers take 520, more than the 512 of the task')],
        ),
        (
            {'launch_type': 'EC2', 'capacity_providers': [{'a': {'weight': 1}}]},
            [('launch_type', 'capacity_providers take the place of launch_type: leave one out')],
        ),
        ({'capacity_providers': [{'a': {}}]}, [('capacity_providers', 'at least one provider needs a weight')]),
        (
            {'capacity_providers': [{'a': {'weight': 1, 'base': 1}}, {'b': {'base': 1}}]},
            [('capacity_providers', 'one provider alone may have a base')],
        ),
        ({'network': {'public_ip': True}}, [('network', 'tasks in network mode host have no network of their own')]),
        (
            {'network_mode': 'awsvpc', 'network': {'subnets': 'public'}},
            [('network.subnets', 'needs vpc.subnets.public')],
        ),
        ({'network_mode': 'awsvpc', 'network': {'subnets': ['subnet-1']}}, []),
        ({'placement_strategy': [{'type': 'spread'}]}, [('placement_strategy[0]', 'spread needs a field')]),
        ({'ecs': {'container': {'memory': 64}}}, []),
        (
            {'memory': 64, 'ecs': {'container': {'memory': 64}}},
            [('ecs.container.memory', 'is set by the field memory already')],
        ),
        (
            {'init': True, 'ecs': {'container': {'linuxParameters': {'initProcessEnabled': True, 'swappiness': 1}}}},
            [('ecs.container.linuxParameters.initProcessEnabled', 'is set by the field init already')],
        ),
        (
            {'ecs': {'task_definition': {'networkMode': 'bridge'}}},
            [('ecs.task_definition.networkMode', 'is set by the field network_mode already')],
        ),
        (
            {'containers': [side(user='1', ecs={'container': {'user': '2'}})]},
            [('containers[0].side.ecs.container.user', 'is set by the field user already')],
        ),
    ],
    ids=str,
)
def test_rules(settings: dict[str, Any], found: list):
    assert mistakes(one_service(**settings)) == found


@pytest.mark.parametrize(
    ('key', 'field'),
    [
        ('sidecars', 'containers'),
        ('healthCheckGracePeriodSeconds', 'grace_period'),
        ('working_dir', 'working_directory'),
        ('env_file', 'env_files'),
        ('replicas', 'desired_count'),
        ('readonlyRootFilesystem', 'read_only_root'),
        ('assignPublicIp', 'network'),
    ],
)
def test_a_key_of_another_tool_gets_its_name_here(key: str, field: str):
    assert mistakes(one_service(**{key: 'x'})) == [(key, f'unknown key: here it is "{field}"')]
