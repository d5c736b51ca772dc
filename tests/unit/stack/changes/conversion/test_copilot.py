"""Conversion of Copilot manifests."""

from pathlib import Path
from typing import Any

import pytest

from stack.changes.conversion.copilot import convert
from stack.changes.conversion.draft import Conversion
from stack.stackfile.check import check
from stack.stackfile.effective import services
from stack.stackfile.reading import read

FILE = Path(__file__).parent / 'files' / 'copilot.yml'
VPC = {
    'id': 'vpc-01234567',
    'subnets': {'public': ['subnet-01234567'], 'private': ['subnet-76543210']},
    'security_groups': {'public': ['sg-01234567'], 'private': ['sg-76543210']},
}


def manifest() -> Any:
    return read(FILE.read_bytes(), 'yaml').data


def settings(conversion: Conversion) -> dict[str, Any]:
    [(_, fields)] = services(conversion.document)
    return fields


def test_a_manifest_needs_nothing_but_a_network_and_a_role():
    conversion = convert([manifest()])
    assert set(conversion.missing) == {
        'api.launch_type: FARGATE needs vpc.subnets.private or vpc.subnets.public',
        'api.elb: a load balancer needs vpc.id',
        'api.elb.type: a public load balancer needs vpc.subnets.public',
        'api.secrets: ECS needs task_execution_role_arn to read secrets',
    }
    role = {'task_execution_role_arn': 'arn:aws:iam::123456789012:role/execution'}
    assert check({'vpc': VPC, 'defaults': role, **conversion.document}).mistakes == ()


def test_its_fields():
    fields = settings(convert([manifest()]))
    assert (fields['launch_type'], fields['cpu'], fields['architecture'], fields['exec']) == (
        'FARGATE',
        512,
        'arm64',
        True,
    )
    assert fields['secrets'] == {'DB_PASSWORD': '/copilot/shop/prod/secrets/DB_PASSWORD'}
    assert fields['volumes'] == [
        {'name': 'data', 'mount': '/data', 'efs': {'file_system': 'fs-12345678', 'root': '/shop'}}
    ]
    assert fields['elb'] == {
        'type': 'public',
        'ports': {'public': 80, 'container': 8080},
        'healthcheck': {'path': '/health', 'interval_seconds': 10},
    }
    [sidecar] = fields['containers']
    assert sidecar['envoy'] == {'image': 'envoyproxy/envoy:v1.30', 'essential': False, 'ports': [{'container': 9901}]}


def test_overrides_of_an_environment():
    plain, prod = convert([manifest()]), convert([manifest()], 'prod')
    assert (settings(plain)['desired_count'], settings(prod)['desired_count']) == (2, 4)
    assert settings(prod)['environment'] == {'LOG_LEVEL': 'warn'}
    assert any('environments (prod) are not merged' in note.text for note in plain.notes)
    assert not any('environments' in note.text for note in prod.notes)


@pytest.mark.parametrize('kind', ['Scheduled Job', 'Static Site', None])
def test_other_manifests_are_noted(kind: str | None):
    conversion = convert([{'name': 'nightly', 'type': kind}])
    assert conversion.document == {'services': []}
    assert [note.service for note in conversion.notes] == ['nightly']


@pytest.mark.parametrize(
    ('count', 'expected'), [(0, 0), (3, 3), ({'range': '3-9'}, 3), ({'range': {'min': 4}}, 4), ({'spot': 2}, 2)]
)
def test_counts(count: Any, expected: int):
    fields = settings(convert([{'name': 'jobs', 'type': 'Worker Service', 'image': 'jobs:1', 'count': count}]))
    assert fields.get('desired_count', 1) == expected


def test_values_of_other_stacks_are_noted():
    source = {'name': 'jobs', 'type': 'Worker Service', 'image': 'jobs:1', 'subscribe': {'topics': []}}
    source |= {'variables': {'QUEUE': {'from_cfn': 'queue'}}, 'secrets': {'KEY': {'secretsmanager': 'key'}}}
    conversion = convert([source])
    assert [note.text.split(' ')[2] for note in conversion.notes if note.text.startswith('The ')] == ['QUEUE', 'KEY']
    assert any(note.text.startswith('subscribe is not carried over') for note in conversion.notes)
