"""Ports, discovery and the VPC."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import balanced, one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        ({'ports': ['80:80', '443:443', '53:53/udp']}, []),
        ({'ports': ['53:53/udp', '53:53']}, [('ports[1]', 'ECS accepts one protocol for port 53')]),
        ({'ports': ['80:8080']}, []),
        ({'ports': ['80:80', '80:80/tcp']}, [('ports[1]', 'port 80/tcp is repeated here')]),
        ({'ports': [{'container': 80}, {'container': 90}]}, []),
        ({'ports': [{'container': 80}, {'container': 80}]}, [('ports[1]', 'port 80/tcp is repeated here')]),
    ],
)
def test_ports(settings: dict[str, Any], found: list):
    assert mistakes(with_vpc(one_service(**settings))) == found


def test_what_has_mistakes_of_its_own_is_not_compared():
    assert mistakes(with_vpc(one_service(**{**balanced(), 'ports': ['80:x']}))) == [
        ('ports[0]', 'expected HOST:CONTAINER or HOST:CONTAINER/udp in quotes, ports from 1 to 65535; found "80:x"')
    ]
    assert [where for where, _ in mistakes({**one_service(**balanced()), 'vpc': {'subnet': {}}})] == ['vpc.subnet']


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
