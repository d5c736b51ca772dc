"""Load balancers of a service: their kinds, ports, certificates, names and networks."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import balanced, one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes

GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef'
SIDE = {'containers': [{'side': {'image': 'team/side:1', 'memory': 64, 'ports': ['90:90']}}]}
NOT_OF_OTHERS = 'has no effect with target_group, which is never changed: remove it'

CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/abc'


def attached(**elb: Any) -> dict[str, Any]:
    return {'ports': ['80:80'], 'elb': {'target_group': GROUP, **elb}}


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        (attached(), []),
        (attached(ports={'container': 80}), []),
        ({**attached(), 'ports': ['80:80', '81:81/udp']}, []),
        (
            {**attached(), 'ports': ['80:80', '81:81']},
            [('elb.ports.container', 'is missing: expected the port that gets the requests, 80, 81 in ports')],
        ),
        (attached(ports={'public': 443}), [('elb.ports.public', NOT_OF_OTHERS)]),
        (attached(type='public', name='x'), [('elb.type', NOT_OF_OTHERS), ('elb.name', NOT_OF_OTHERS)]),
        (attached(healthcheck={'path': '/'}), [('elb.healthcheck', NOT_OF_OTHERS)]),
        (attached(container='side', ports={'container': 90}) | SIDE, []),
        (attached(container='side') | SIDE, []),
        (attached(container='side'), [('elb.container', 'the service has no container side')]),
        (
            attached(container='side', ports={'container': 80}) | SIDE,
            [('elb.ports.container', 'the container does not expose 80: expected 90 in ports')],
        ),
    ],
)
def test_a_target_group_of_others(settings: dict[str, Any], found: list):
    assert mistakes(one_service(**settings)) == found


def test_a_load_balancer_of_its_own_has_a_type_and_a_port():
    found = [
        ('elb.type', 'is missing: expected public or private'),
        ('elb.ports.public', 'is missing: expected a whole number from 1 to 65535'),
    ]
    assert sorted(mistakes(with_vpc(one_service(ports=['80:80'], elb={})))) == sorted(found)


def test_each_of_several_is_checked():
    own = balanced()['elb']
    listed = [own, {**own, 'protocol': 'HTTPS'}, {'target_group': GROUP, 'ports': {'container': 7}}]
    assert mistakes(with_vpc(one_service(ports=['80:80'], elb=listed))) == [
        ('elb[1].certificates', 'HTTPS needs exactly one certificate, found 0'),
        ('elb[1].name', 'another load balancer of the service is named -web-lb: give each a name of its own'),
        ('elb[2].ports.container', 'the container does not expose 7: expected 80 in ports'),
    ]


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
