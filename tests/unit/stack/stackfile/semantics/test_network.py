"""Ports, load balancers, discovery and the VPC."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import balanced, one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes

CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/abc'


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        ({'ports': ['80:80', '443:443', '53:53/udp']}, []),
        ({'ports': ['53:53/udp', '53:53']}, [('ports[1]', 'ECS accepts one protocol for port 53')]),
        ({'ports': ['80:8080']}, []),
        ({'ports': ['80:80', '80:80/tcp']}, [('ports[1]', 'port 80/tcp is repeated here')]),
    ],
)
def test_ports(settings: dict[str, Any], found: list):
    assert mistakes(with_vpc(one_service(**settings))) == found


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        (balanced(), []),
        (balanced(protocol='HTTPS', certificates=[CERTIFICATE]), []),
        (
            balanced(ports={'public': 80, 'container': 81}),
            [('elb.ports.container', 'the container does not expose 81: expected 80 in ports')],
        ),
        (
            {**balanced(), 'ports': ['80:80/udp']},
            [('elb.ports.container', 'the container does not expose 80: expected none in ports')],
        ),
        (
            {**balanced(ports={'public': 80, 'container': 1}), 'ports': ['90:90', '80:80']},
            [('elb.ports.container', 'the container does not expose 1: expected 80, 90 in ports')],
        ),
        (balanced(protocol='HTTPS'), [('elb.certificates', 'HTTPS needs exactly one certificate, found 0')]),
        (
            balanced(protocol='HTTPS', certificates=[CERTIFICATE, CERTIFICATE]),
            [('elb.certificates', 'HTTPS needs exactly one certificate, found 2')],
        ),
        (balanced(certificates=[CERTIFICATE]), [('elb.certificates', 'HTTP has no certificate')]),
        (
            balanced(healthcheck={'interval_seconds': 5}),
            [('elb.healthcheck.timeout_seconds', 'must be less than interval_seconds: 5 is not less than 5')],
        ),
    ],
)
def test_load_balancers(settings: dict[str, Any], found: list):
    assert mistakes(with_vpc(one_service(**settings))) == found


def test_what_has_mistakes_of_its_own_is_not_compared():
    assert mistakes(with_vpc(one_service(**{**balanced(), 'ports': ['80:x']}))) == [
        ('ports[0]', 'expected HOST:CONTAINER or HOST:CONTAINER/udp in quotes, ports from 1 to 65535; found "80:x"')
    ]
    assert [where for where, _ in mistakes({**one_service(**balanced()), 'vpc': {'subnet': {}}})] == ['vpc.subnet']


@pytest.mark.parametrize(
    ('service', 'name', 'cluster', 'found'),
    [
        ('web', 'x' * 32, None, None),
        ('web', '', 'prod', None),
        ('web', 'x' * 16, 'prod-eu', None),
        ('web', 'x' * 17, 'prod-eu-we', 'prod-eu-we-web-xxxxxxxxxxxxxxxxx-lb: 35 characters, AWS accepts 32'),
        (
            'a-service-of-many-words',
            '',
            'production',
            'production-a-service-of-many-words-lb: 37 characters, AWS accepts 32',
        ),
        ('my_web', '', None, '-my_web-lb: AWS accepts letters, digits and - there, no _'),
        ('web', '', 'my_cluster', 'my_cluster-web-lb: AWS accepts letters, digits and - there, no _'),
        ('web', '', 'internal', 'internal-web-lb: AWS accepts no name that starts so'),
    ],
)
def test_names_of_load_balancers(service: str, name: str, cluster: str | None, found: str | None):
    settings = {'image': 'a:1', **balanced(**({'name': name} if name else {}))}
    reported = [message for _, message in mistakes(with_vpc({'services': [{service: settings}]}), cluster)]
    assert reported == ([f'the load balancer would be named {found}'] if found else [])


@pytest.mark.parametrize(
    ('vpc', 'kind', 'found'),
    [
        (None, 'public', ['elb', 'elb.type']),
        ({}, 'private', ['elb', 'elb.type']),
        ({'id': 'vpc-1', 'subnets': {'private': ['subnet-1', 'subnet-2']}}, 'private', []),
        (
            {'id': 'vpc-1', 'subnets': {'private': ['subnet-1']}, 'security_groups': {'private': ['sg-1']}},
            'public',
            ['elb.type'],
        ),
        (
            {'id': 'vpc-1', 'subnets': {'private': ['subnet-1']}, 'security_groups': {'private': ['sg-1']}},
            'private',
            [],
        ),
    ],
)
def test_a_load_balancer_needs_its_network(vpc: dict | None, kind: str, found: list[str]):
    document = one_service(**balanced(type=kind))
    if vpc is not None:
        document['vpc'] = vpc
    assert [where for where, _ in mistakes(document)] == found


def test_discovery_needs_a_namespace():
    found = [('dns_discovery', 'needs service_discovery.namespace')]
    without = {
        key: part
        for key, part in with_vpc(one_service(dns_discovery={'name': 'web'})).items()
        if key != 'service_discovery'
    }
    assert mistakes(without) == found
    assert mistakes(with_vpc(one_service(dns_discovery={'name': 'web'}))) == []


def test_public_subnets_do_where_there_are_no_others():
    document = with_vpc(one_service(dns_discovery={'name': 'web'}))
    document['vpc'] = {'id': 'vpc-1', 'subnets': {'public': ['subnet-1']}}
    assert mistakes(document) == []


@pytest.mark.parametrize(
    ('vpc', 'found'),
    [
        (None, [('launch_type', 'FARGATE needs vpc.subnets.private or vpc.subnets.public')]),
        ({'id': 'vpc-1'}, [('launch_type', 'FARGATE needs vpc.subnets.private or vpc.subnets.public')]),
        ({'id': 'vpc-1', 'subnets': {'public': ['subnet-1']}}, []),
        ({'id': 'vpc-1', 'subnets': {'private': ['subnet-1']}}, []),
    ],
)
def test_fargate_has_subnets(vpc: dict[str, Any] | None, found: list):
    document = one_service(launch_type='FARGATE', cpu=256, memory=512)
    assert mistakes(document | ({'vpc': vpc} if vpc else {})) == found
