"""The addresses of a service."""

from typing import Any

import pytest

from stack.reconcile.addresses import Address, Kind, balancer_addresses, declared_addresses
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.wanted import wanted_services

GROUP = 'arn:group'


def declared(**settings: Any) -> list[Address]:
    document = {
        'vpc': {'id': 'vpc-1'},
        'service_discovery': {'namespace': 'Prod.local'},
        'services': [{'web': {'image': 'web:1', 'ports': ['80:8080'], **settings}}],
    }
    return declared_addresses(wanted_services('prod', document)['web'])


def elb(protocol: str, port: int, dns: dict[str, str] | None = None, type: str = 'public') -> dict[str, Any]:
    settings = {'type': type, 'protocol': protocol, 'ports': {'public': port, 'container': 8080}}
    return settings | ({'dns': dns} if dns else {})


RECORD = {'hosted_zone_id': '/hostedzone/Z1', 'record_name': 'Web.Example.com.'}


@pytest.mark.parametrize(
    ('protocol', 'port', 'url'),
    [
        ('HTTP', 80, 'http://web.example.com'),
        ('HTTPS', 443, 'https://web.example.com'),
        ('HTTP', 8000, 'http://web.example.com:8000'),
        ('HTTPS', 80, 'https://web.example.com:80'),
    ],
)
def test_a_record_has_a_url_with_the_port_that_is_not_the_default(protocol: str, port: int, url: str):
    assert declared(elb=elb(protocol, port, RECORD)) == [Address('web.example.com', port, url, Kind.RECORD, True)]


def test_a_private_load_balancer_is_not_public():
    [address] = declared(elb=elb('HTTP', 80, RECORD, 'private'))
    assert not address.public


def test_a_load_balancer_without_a_record_declares_no_address():
    assert declared(elb=elb('HTTP', 80)) == []


def test_service_discovery_has_a_name_in_its_namespace():
    assert declared(dns_discovery={'name': 'web'}) == [Address('web.prod.local', None, None, Kind.DISCOVERY, False)]


def balancer(*listeners: Listener, scheme: str = 'internet-facing') -> LoadBalancer:
    return LoadBalancer(
        'arn:lb', 'lb', 'lb.elb.amazonaws.com', 'Z1', scheme, 'vpc-1', 'application', listeners=listeners
    )


def test_each_listener_that_forwards_to_the_service_is_an_address():
    listeners = [
        Listener('arn:1', 80, 'HTTP', target_group=GROUP),
        Listener('arn:2', 443, 'HTTPS', target_group=GROUP),
        Listener('arn:3', 81, 'HTTP', target_group='arn:another'),
        Listener('arn:4', 5432, 'TCP', target_group=GROUP),
    ]
    assert [(each.port, each.url) for each in balancer_addresses([balancer(*listeners)], [GROUP])] == [
        (80, 'http://lb.elb.amazonaws.com'),
        (443, 'https://lb.elb.amazonaws.com'),
        (5432, None),
    ]


def test_a_load_balancer_with_rules_has_its_host_alone():
    [address] = balancer_addresses([balancer(Listener('arn:1', 80, 'HTTP'), scheme='internal')], [GROUP])
    assert address == Address('lb.elb.amazonaws.com', None, None, Kind.LOAD_BALANCER, False)
