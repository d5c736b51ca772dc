"""What services have in common."""

from typing import Any

from tests.unit.stack.stackfile.examples import balanced, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes, warnings


def of(**services: dict[str, Any]) -> dict[str, Any]:
    return with_vpc({'services': [{name: {'image': 'a:1', **settings}} for name, settings in services.items()]})


def test_a_name_stands_once():
    document = {'services': [{'web': {'image': 'a:1'}}, {'other': {'image': 'a:1'}}, {'web': {'image': 'b:1'}}]}
    assert mistakes(document) == [('services[2].web', 'another service has this name')]


def test_two_load_balancers_of_one_name():
    document = with_vpc(
        {'services': [{'a-b': {'image': 'a:1', **balanced()}}, {'a': {'image': 'a:1', **balanced(name='b')}}]}
    )
    assert mistakes(document) == [('services[1].a.elb', 'the load balancer would have the name of the one of a-b')]


def test_one_host_port():
    message = 'host port 80/tcp is also used by a: never both on one instance'
    assert warnings(of(a={'ports': ['80:80']}, b={'ports': ['81:81', '80:80']})) == [('services[1].b.ports', message)]
    assert warnings(of(a={'ports': ['80:80']}, b={'ports': ['80:80/udp']})) == []
    own_address = {'ports': ['80:80'], 'dns_discovery': {'name': 'b'}}
    assert warnings(of(a={'ports': ['80:80']}, b=own_address)) == []


def test_one_dns_name():
    same = {'dns_discovery': {'name': 'user'}}
    assert warnings(of(a=same, b=same)) == [('services[1].b.dns_discovery.name', 'the name user is also used by a')]


def test_one_record():
    first, second = (
        {
            **balanced(dns={'hosted_zone_id': 'Z1', 'record_name': name}, ports={'public': 80, 'container': port}),
            'ports': [f'{port}:{port}'],
        }
        for name, port in (('x.example.com', 80), ('X.example.com', 81))
    )
    assert warnings(of(a=first, b=second)) == [
        ('services[1].b.elb.dns.record_name', 'the record X.example.com is also used by a')
    ]


def test_the_family_has_a_length():
    document = {'services': [{'x' * 200: {'image': 'a:1'}}]}
    assert mistakes(document) == mistakes(document, 'x' * 54) == []
    assert [message[-31:] for _, message in mistakes(document, 'x' * 55)] == ['256 characters, ECS accepts 255']
