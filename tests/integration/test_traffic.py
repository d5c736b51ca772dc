"""A client in a loop gets an answer to every request while what serves it changes."""

import asyncio
import copy
from collections.abc import Callable, Iterator
from typing import Any

from stack.reconcile.handover import GRACE_S
from tests.cluster import Cluster
from tests.integration.test_load_balancers import document, edge, elb, until_done
from tests.traffic import Traffic
from tests.unit.stack.reconcile.settled import service_in

Document = dict[str, Any]
CHANGES = 50


def served(cluster: Cluster) -> Document:
    """The shared load balancer, with a second one to move to, and records of both services."""
    wanted = document(cluster)
    second = copy.deepcopy(wanted['load_balancers'][0]['edge'])
    wanted['load_balancers'].append({'next': {**second, 'type': 'private'}})
    for name in ('api', 'web'):
        elb(wanted, name)['dns'] = {'hosted_zone_id': cluster.zone, 'record_name': f'{name}.{cluster.domain}'}
        elb(wanted, name)['deregistration_delay'] = 30
    return wanted


def changes(cluster: Cluster) -> Iterator[Callable[[Document], None]]:
    """Changes of every kind, in turn."""
    acm = cluster.aws.client('acm')
    for i in range(CHANGES):
        yield (
            lambda found, i=i: service_in(found, 'api').update(image=f'team/web:{i}'),
            lambda found, i=i: elb(found).update(rules=[{'path': '/api/*'}, {'path': f'/v{i}/*'}]),
            lambda found, i=i: edge(found)['listeners'][0].update(
                certificates=[acm.request_certificate(DomainName=f'd{i}.{cluster.domain}')['CertificateArn']]
            ),
            lambda found, i=i: elb(found)['healthcheck'].update(path=f'/health/{i}'),
            lambda found, i=i: elb(found).update(protocol_version='HTTP2' if i % 20 < 10 else 'HTTP1'),
            lambda found, i=i: elb(found)['rules'][0].update(priority=i + 1),
            lambda found, i=i: [
                elb(found, name).update(load_balancer='next' if i % 20 < 10 else 'edge') for name in ('api', 'web')
            ],
            lambda found, i=i: elb(found).update(
                algorithm='least_outstanding_requests' if i % 20 < 10 else 'round_robin'
            ),
            lambda found, i=i: service_in(found, 'web').update(desired_count=2 + i % 3),
            lambda found, i=i: edge(found).update(tags={'change': str(i)}),
        )[i % 10]


def test_no_request_fails_while_a_service_moves_to_a_shared_load_balancer_and_back(cluster: Cluster):
    wanted = served(cluster)
    shared = elb(wanted)
    own = {'type': 'public', 'ports': {'public': 443}, 'protocol': 'HTTPS', 'certificates': [cluster.certificate]}

    async def scenario() -> Traffic:
        service_in(wanted, 'api')['elb'] = {**own, 'dns': shared['dns']}
        await until_done(cluster, wanted)
        client = Traffic(cluster, 'api', record=f'api.{cluster.domain}')
        client.begin((443, '/api/x'))
        for balancer in (shared, {**own, 'dns': shared['dns']}):
            service_in(wanted, 'api')['elb'] = balancer
            await until_done(cluster, wanted)
        return client

    client = asyncio.run(scenario())
    assert client.failures == []
    assert sorted(each['LoadBalancerName'] for each in cluster.load_balancers()) == [
        f'{cluster.name}-api-lb',
        f'{cluster.name}-edge-lb',
    ]


def test_no_request_fails_during_fifty_changes(cluster: Cluster):
    wanted = served(cluster)

    async def scenario() -> list[Traffic]:
        await until_done(cluster, wanted)
        clients = [Traffic(cluster, 'edge', record=f'{name}.{cluster.domain}') for name in ('api', 'web')]
        clients[0].begin((443, '/api/x'))
        clients[1].begin((443, '/x'))
        for change in changes(cluster):
            change(wanted)
            await until_done(cluster, wanted)
            assert [failure for client in clients for failure in client.failures] == []
        return clients

    api, web = asyncio.run(scenario())
    assert min(api.count, web.count) > CHANGES * 50


def test_no_request_fails_while_a_load_balancer_of_its_own_moves_to_another_port(cluster: Cluster):
    wanted = served(cluster)
    own = {'type': 'public', 'ports': {'public': 443}, 'protocol': 'HTTPS', 'certificates': [cluster.certificate]}
    service_in(wanted, 'api')['elb'] = {**own, 'dns': elb(wanted)['dns']}

    async def scenario() -> Traffic:
        await until_done(cluster, wanted)
        client = Traffic(cluster, 'api', record=f'api.{cluster.domain}')
        client.begin((443, '/api/x'))
        for port, fields in ((8443, {}), (9443, {'type': 'private'})):
            elb(wanted).update(ports={'public': port}, **fields)
            await cluster.reconcile(wanted)
            client.look('once both ports are served')
            client.asked = [(port, '/api/x')]
            cluster.wait(GRACE_S)
            await until_done(cluster, wanted)
        return client

    client = asyncio.run(scenario())
    assert client.failures == []
    arns = [each['LoadBalancerArn'] for each in cluster.load_balancers() if '-api-' in each['LoadBalancerName']]
    [listener] = cluster.aws.client('elbv2').describe_listeners(LoadBalancerArn=arns[0])['Listeners']
    assert (len(arns), listener['Port']) == (1, 9443)
