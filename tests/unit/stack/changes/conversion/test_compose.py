"""Conversion of Compose files."""

from pathlib import Path
from typing import Any

import pytest

from stack.changes.conversion.compose import convert
from stack.changes.conversion.draft import Conversion
from stack.stackfile.check import check
from stack.stackfile.effective import services
from stack.stackfile.reading import read

FILE = Path(__file__).parent / 'files' / 'compose.yml'


def converted(**settings: Any) -> tuple[dict[str, Any], list[str]]:
    """The settings of one service, and its notes."""
    conversion = convert({'services': {'web': {'image': 'nginx:1', 'mem_limit': '1g', **settings}}})
    [(_, fields)] = services(conversion.document)
    return fields, [note.text for note in conversion.notes]


@pytest.fixture(scope='module')
def project() -> Conversion:
    return convert(read(FILE.read_bytes(), 'yaml').data)


def test_a_project_is_a_valid_stackfile(project: Conversion):
    assert check(project.document).mistakes == ()
    assert project.missing == ()
    web, api = (settings for _, settings in services(project.document))
    assert (web['image'], web['cpu'], web['memory'], web['memory_reservation']) == ('nginx:1.27', 512, 512, 128)
    assert web['desired_count'] == 3
    assert web['depends_on'] == ['api']
    assert web['environment'] == {'LOG_LEVEL': 'info', 'WORKERS': '4', 'DEBUG': 'false'}
    assert web['logging'] == {'log_driver': 'awslogs', 'options': {'awslogs-group': 'shop'}}
    assert web['healthcheck']['interval'] == 90
    assert api['command'] == ['python', '-m', 'shop.api', '--port', '8000']
    assert api['ulimits'] == {'nofile': {'soft': 1024, 'hard': 4096}, 'nproc': {'soft': 65535, 'hard': 65535}}
    assert (api['architecture'], api['stop_timeout'], api['shared_memory']) == ('arm64', 60, 64)


def test_what_has_no_counterpart_is_noted(project: Conversion):
    notes = '\n'.join(f'{note.service}: {note.text}' for note in project.notes)
    for text in (
        'web: The variable FROM_SHELL has its value from the shell',
        'web: The volume at /etc/nginx is not carried over',
        'web: The port 127.0.0.1:8443:443/tcp is not limited to 127.0.0.1',
        'web: deploy.update_config is not carried over',
        'api: build is not carried over',
        'api: env_file is not carried over',
        'api: secrets are not carried over',
        'api: It has no limit of memory in Compose',
    ):
        assert text in notes


@pytest.mark.parametrize(
    ('port', 'expected'),
    [
        ('80', {'container': 80}),
        (80, {'container': 80}),
        ('8080:80', {'container': 80, 'host': 8080}),
        ('53:53/udp', {'container': 53, 'host': 53, 'protocol': 'udp'}),
        ({'target': 80, 'published': '8080'}, {'container': 80, 'host': 8080}),
    ],
)
def test_ports(port: Any, expected: dict[str, Any]):
    fields, notes = converted(ports=[port])
    assert (fields['ports'], notes) == ([expected], [])


def test_a_range_of_ports_is_noted():
    fields, notes = converted(ports=['3000-3005:3000-3005'])
    assert 'ports' not in fields
    assert notes == ['The port 3000-3005:3000-3005 is not carried over: write it as a mapping with range.']


@pytest.mark.parametrize(
    ('volume', 'expected'),
    [
        ('/data', {'name': 'volume-0', 'mount': '/data'}),
        ('/srv:/data:ro', {'name': 'volume-0', 'mount': '/data', 'read_only': True, 'host': '/srv'}),
        ({'type': 'bind', 'source': '/srv', 'target': '/data'}, {'name': 'volume-0', 'mount': '/data', 'host': '/srv'}),
    ],
)
def test_volumes(volume: Any, expected: dict[str, Any]):
    assert converted(volumes=[volume])[0]['volumes'] == [expected]


def test_a_field_that_ecs_refuses_is_left_out_with_a_note():
    fields, notes = converted(healthcheck={'test': 'true', 'interval': '1s'}, user='app')
    assert 'healthcheck' not in fields
    assert fields['user'] == 'app'
    assert notes == ['healthcheck is left out: expected a whole number from 5 to 300; found 1.']


@pytest.mark.parametrize('check', [{'disable': True, 'test': 'x'}, {'test': ['NONE']}, {}])
def test_a_disabled_health_check_is_none(check: dict[str, Any]):
    assert 'healthcheck' not in converted(healthcheck=check)[0]


@pytest.mark.parametrize('source', [None, [], 'text', {'services': []}, {'services': {'web': None}}])
def test_odd_files(source: Any):
    convert(source)


def test_unknown_keys_are_noted():
    assert converted(gpus='all', **{'x-own': 1})[1] == ['gpus is not carried over: a stackfile has no counterpart.']
