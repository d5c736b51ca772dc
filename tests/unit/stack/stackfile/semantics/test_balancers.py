"""Load balancers of a service: their kinds, ports, certificates, names and networks."""

from typing import Any

import pytest

from stack.stackfile.check import check
from tests.unit.stack.stackfile.examples import balanced, one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes

GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef'
SIDE = {'containers': [{'side': {'image': 'team/side:1', 'memory': 64, 'ports': ['90:90']}}]}
NOT_OF_OTHERS = 'has no effect with target_group: remove it'

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


def test_records_have_to_fit_into_a_tag():
    several = [{'hosted_zone_id': 'Z1', 'record_name': f'{n}.{"a" * 60}.example.com'} for n in range(4)]
    assert mistakes(with_vpc(one_service(**balanced(dns=several[:3])))) == []
    found = mistakes(with_vpc(one_service(**balanced(dns=several))))
    assert found == [('elb.dns', 'the records have 311 characters: AWS accepts 256 in the tag for them')]


def test_each_of_several_is_checked():
    own = balanced()['elb']
    listed = [own, {**own, 'protocol': 'HTTPS'}, {'target_group': GROUP, 'ports': {'container': 7}}]
    assert mistakes(with_vpc(one_service(ports=['80:80'], elb=listed))) == [
        ('elb[1].certificates', 'HTTPS needs a certificate'),
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
        (balanced(protocol='HTTPS'), [('elb.certificates', 'HTTPS needs a certificate')]),
        (balanced(protocol='HTTPS', certificates=[CERTIFICATE, f'{CERTIFICATE}2'], ssl_policy='P', idle_timeout=5), []),
        (
            balanced(ssl_policy='P'),
            [('elb.ssl_policy', 'HTTP has no encryption: it needs protocol: HTTPS or TLS')],
        ),
        (balanced(protocol='TCP', idle_timeout=5), [('elb.idle_timeout', 'has no effect with protocol: TCP')]),
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


def routed(*rules: dict[str, Any], **elb: Any) -> dict[str, Any]:
    listed = [
        {'port': 443, 'protocol': 'HTTPS', 'certificates': [CERTIFICATE]},
        {'port': 80, 'redirect': 'https'},
    ]
    document = with_vpc(
        one_service(ports=['80:80'], elb={'load_balancer': 'edge', **({'rules': list(rules)} if rules else {}), **elb})
    )
    return {**document, 'load_balancers': [{'edge': {'type': 'public', 'listeners': listed}}]}


LISTENER = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/0123456789abcdef/0123456789abcdef'


@pytest.mark.parametrize(
    ('document', 'found'),
    [
        (routed(), []),
        (routed({'path': '/a/*', 'host': 'A.example.com', 'source_ip': '10.0.0.0/8'}), []),
        (routed({'headers': {'X-A': ['b', 'c']}, 'query': {'v': '1'}, 'methods': ['GET']}), []),
        (routed(load_balancer='other'), [('elb.load_balancer', 'load_balancers has no other: it has edge')]),
        (routed(port=8080), [('elb.port', 'edge has no listener on port 8080: expected one of 443, 80')]),
        (routed({}), [('elb.rules[0]', 'needs a condition: host, path, methods, headers, query or source_ip')]),
        (
            routed({'path': ['/a', '/b', '/c'], 'host': ['a.example.com', 'b.example.com', 'c.example.com']}),
            [('elb.rules[0]', 'has 6 values: AWS accepts 5 in the conditions of a rule')],
        ),
        (
            routed({'path': ['/*/*/*/*', '/?/?/?']}),
            [('elb.rules[0]', 'has 7 wildcards: AWS accepts 6 in a rule')],
        ),
        (
            routed({'path': '/a', 'priority': 7}, {'path': '/b', 'priority': 7}),
            [('elb.rules[1].priority', '7 is also the priority of web, rule 1')],
        ),
        (routed(type='public'), [('elb.type', 'has no effect with load_balancer: remove it')]),
        (
            routed(listener=LISTENER),
            [
                ('elb.load_balancer', 'listener and load_balancer exclude each other: each is a value of its own'),
                ('elb.rules', 'is missing: expected which requests of the listener go to the service'),
            ],
        ),
        (
            with_vpc(one_service(**balanced(rules=[{'path': '/a'}]))),
            [('elb.rules', 'needs load_balancer or listener: a load balancer of its own has no rules')],
        ),
        (
            routed(slow_start=30, algorithm='weighted_random'),
            [('elb.slow_start', 'AWS accepts it with algorithm: round_robin only, not weighted_random')],
        ),
        (with_vpc(one_service(**balanced(protocol='TCP'))), []),
        (
            with_vpc(one_service(**balanced(protocol='TCP', algorithm='round_robin', healthcheck={'path': '/a'}))),
            [
                ('elb.algorithm', 'has no effect with protocol: TCP, which takes no HTTP requests'),
                ('elb.healthcheck.path', 'has no effect with a check by TCP: state protocol: HTTP'),
            ],
        ),
        (
            with_vpc(one_service(**balanced(protocol='UDP'))),
            [('elb.ports.container', 'the container does not expose 80: expected none in ports')],
        ),
        (
            with_vpc(one_service(**balanced(protocol='TLS'))),
            [('elb.certificates', 'TLS needs a certificate')],
        ),
        (
            with_vpc(one_service(**balanced(healthcheck={'protocol': 'TCP'}))),
            [('elb.healthcheck.protocol', 'AWS accepts HTTP or HTTPS with protocol: HTTP')],
        ),
    ],
)
def test_rules_and_kinds(document: dict[str, Any], found: list):
    assert mistakes(document) == found


SECURE = {'port': 443, 'protocol': 'HTTPS', 'certificates': [CERTIFICATE]}


@pytest.mark.parametrize(
    ('listener', 'found'),
    [
        ({'port': 443, 'protocol': 'HTTPS'}, ['HTTPS needs a certificate']),
        ({'port': 80, 'certificates': [CERTIFICATE]}, ['HTTP has no encryption: it needs protocol: HTTPS']),
        (
            {'port': 443, 'protocol': 'HTTPS', 'certificates': [CERTIFICATE], 'redirect': 'https'},
            ['it is HTTPS already: expected another protocol, host, port or path'],
        ),
        ({**SECURE, 'redirect': {'protocol': 'HTTPS', 'host': 'www.example.com'}}, []),
        ({**SECURE, 'redirect': {'protocol': 'HTTP'}}, ['AWS redirects no request for HTTPS to HTTP']),
        ({'port': 80, 'redirect': {}}, ['it leads to itself: expected another protocol, host, port or path']),
        (
            {'port': 80, 'redirect': {'port': 80, 'query': '', 'status': 302}},
            ['it leads to itself: expected another protocol, host, port or path'],
        ),
        ({'port': 80, 'redirect': {'path': '/v2/#{path}'}}, []),
        ({'port': 80, 'redirect': {'port': 8080}}, []),
        ({'port': 80, 'fixed_response': {'status': 503, 'content_type': 'application/json', 'body': '{}'}}, []),
        ({'port': 80, 'fixed_response': {'status': 302}}, ['AWS accepts 2xx, 4xx and 5xx, not 302']),
        (
            {'port': 80, 'redirect': 'https', 'fixed_response': {}},
            ['redirect and fixed_response exclude each other'],
        ),
        (
            {'port': 80, 'redirect': {'status': 303}},
            ['expected a whole number from 301 to 302; found 303'],
        ),
        ({'port': 80, 'redirect': 'http'}, ['expected https; found "http"']),
    ],
)
def test_listeners_of_shared_load_balancers(listener: dict[str, Any], found: list[str]):
    document = routed(port=listener['port'])
    document['load_balancers'][0]['edge']['listeners'] = [listener]
    report = check({'vpc': document['vpc'], **document}, cluster='prod').mistakes
    assert [mistake.message for mistake in report] == found


def test_names_and_networks_of_shared_load_balancers():
    document = routed()
    shared = document['load_balancers'][0]['edge']
    document['load_balancers'] += [{'edge': shared}, {'a-name-of-many-letters': shared}]
    del document['vpc']
    found = {mistake.message for mistake in check(document, cluster='production').mistakes}
    assert 'another load balancer has this name' in found
    assert 'a public load balancer needs vpc.subnets.public' in found
    assert (
        'the load balancer would be named production-a-name-of-many-letters-lb: 36 characters, AWS accepts 32' in found
    )


@pytest.mark.parametrize(
    ('service', 'elb', 'path'),
    [
        ('edge', {}, 'services[0].edge.elb'),
        ('edge', {'protocol': 'TCP'}, 'services[0].edge.elb'),
        ('public', {'name': 'edge'}, None),
        ('edge', {'name': 'own'}, None),
        ('edge', {'type': None, 'ports': None, 'load_balancer': 'edge', 'port': 443}, None),
    ],
)
def test_a_load_balancer_of_its_own_has_another_name_than_a_shared_one(
    service: str, elb: dict[str, Any], path: str | None
):
    document = routed()
    found = {'type': 'public', 'ports': {'public': 8000}, **elb}
    balancer = {name: value for name, value in found.items() if value is not None}
    document['services'] = [{service: {'image': 'a:1', 'ports': ['80:80'], 'elb': balancer}}]
    mistakes = [(mistake.where, mistake.message) for mistake in check(document, cluster='prod').mistakes]
    message = 'the load balancer would be named prod-edge-lb, as edge in load_balancers: rename that one'
    assert mistakes == ([(path, message)] if path else [])


def test_the_name_of_a_shared_load_balancer_may_have_a_part_that_is_a_name_of_a_service():
    document = routed()
    [shared] = document['load_balancers']
    document['load_balancers'] = [{'web-in': shared['edge']}]
    elb = {'type': 'public', 'name': 'in', 'ports': {'public': 8000}}
    document['services'] = [{'web': {'image': 'a:1', 'ports': ['80:80'], 'elb': [elb]}}]
    [mistake] = check(document, cluster='prod').mistakes
    assert (mistake.where, mistake.message.partition(',')[0]) == (
        'services[0].web.elb[0]',
        'the load balancer would be named prod-web-in-lb',
    )
