"""Normal form: spellings that mean the same to ECS are equal, others are not."""

from typing import Any

import pytest

from stack.stackfile.normal_form import normalised, normalised_service


def container(**members: Any) -> dict[str, Any]:
    return {'containerDefinitions': [{'name': 'app', 'image': 'app:1', **members}]}


@pytest.mark.parametrize(
    ('stated', 'returned'),
    [
        ({'cpu': '1 vCPU', 'memory': '3GB'}, {'cpu': '1024', 'memory': '3072'}),
        ({'cpu': '.5 vcpu', 'memory': ' 0.5 gb '}, {'cpu': '512', 'memory': '512'}),
        (container(linuxParameters={}), container()),
        (container(linuxParameters={'capabilities': {}}), container(linuxParameters={'initProcessEnabled': False})),
        ({'taskRoleArn': 'reader'}, {'taskRoleArn': 'arn:aws:iam::123456789012:role/path/reader'}),
        ({'networkMode': 'bridge', 'requiresCompatibilities': ['EC2']}, {}),
    ],
)
def test_equal_definitions(stated: dict[str, Any], returned: dict[str, Any]):
    assert normalised(stated) == normalised(returned)


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        ({'cpu': '1 vCPU'}, {'cpu': '1'}),
        ({'memory': '1 MB'}, {'memory': '1'}),
        (container(linuxParameters={'sharedMemorySize': 1}), container()),
        ({'volumes': [{'name': 'a', 'dockerVolumeConfiguration': {'scope': 'task'}}]}, {'volumes': [{'name': 'a'}]}),
    ],
)
def test_different_definitions(one: dict[str, Any], other: dict[str, Any]):
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    ('stated', 'returned'),
    [
        ({'platformVersion': 'LATEST'}, {}),
        ({'serviceConnectConfiguration': {'enabled': False}}, {}),
        (
            {'schedulingStrategy': 'DAEMON'},
            {'schedulingStrategy': 'DAEMON', 'deploymentConfiguration': {'maximumPercent': 100}},
        ),
    ],
)
def test_equal_services(stated: dict[str, Any], returned: dict[str, Any]):
    assert normalised_service(stated) == normalised_service(returned)
