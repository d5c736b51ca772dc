"""Service Connect between three services in the embedded AWS, through boto3."""

import asyncio
from typing import Any

from stack.reconcile.plan import Plan
from stack.scheduler.reconciler import Request
from tests.aws import Aws
from tests.cluster import Cluster
from tests.integration.test_adoption import propose
from tests.integration.test_killed_passes import kill_everywhere, until_killed
from tests.unit.stack.reconcile.settled import service_in

NAMES = ('web', 'api', 'store')


def connected(cluster: Cluster) -> dict[str, Any]:
    """Two servers and a client of both; the namespace is not there yet."""
    namespace = {'namespace': f'{cluster.name}-mesh'}
    services = {
        'web': {'service_connect': namespace},
        'api': _server('api', namespace),
        'store': _server('store', namespace),
    }
    return {
        'vpc': cluster.example()['vpc'],
        'services': [{name: {'image': f'team/{name}:1', 'memory': 64, **services[name]}} for name in NAMES],
    }


def _server(name: str, namespace: dict[str, str]) -> dict[str, Any]:
    port = {'container': 80, 'name': 'http', 'app_protocol': 'http'}
    served = {'port': 'http', 'discovery_name': name, 'aliases': [{'port': 80, 'name': name}]}
    return {'ports': [port], 'network_mode': 'awsvpc', 'service_connect': {**namespace, 'services': [served]}}


def plain(cluster: Cluster) -> dict[str, Any]:
    found = connected(cluster)
    for name in NAMES:
        service_in(found, name).pop('service_connect')
    return found


def shown(cluster: Cluster) -> dict[str, Any]:
    """The configuration of Service Connect by service, as the newest deployment has it."""
    ecs = cluster.aws.client('ecs')
    services = ecs.describe_services(cluster=cluster.name, services=list(NAMES))['services']
    found = {}
    for service in services:
        connect = service['deployments'][0].get('serviceConnectConfiguration', {}) if service['deployments'] else {}
        if service['status'] == 'ACTIVE' and connect.get('enabled'):
            found[service['serviceName']] = [served['discoveryName'] for served in connect.get('services', [])]
    return found


WHOLE = {'web': [], 'api': ['api'], 'store': ['store']}


def planned(cluster: Cluster, document: dict[str, Any]) -> Plan:
    return asyncio.run(cluster.reconciler().plan(cluster.name, Request(document, 'r1')))


def reconciled(cluster: Cluster, document: dict[str, Any]) -> None:
    outcome = asyncio.run(cluster.reconcile(document))
    assert outcome.is_complete, outcome.failed


def test_it_is_made_with_its_namespace_and_a_second_pass_changes_nothing(cluster: Cluster):
    with cluster.changes() as changes:
        reconciled(cluster, connected(cluster))
    assert changes.count('servicediscovery:CreateHttpNamespace') == 1
    assert shown(cluster) == WHOLE
    assert planned(cluster, connected(cluster)).is_empty


def test_removed_it_is_off_and_no_step_remains(cluster: Cluster):
    reconciled(cluster, connected(cluster))
    reconciled(cluster, plain(cluster))
    assert shown(cluster) == {}
    assert planned(cluster, plain(cluster)).is_empty


def test_the_default_namespace_of_the_cluster_is_used(cluster: Cluster):
    discovery = cluster.aws.client('servicediscovery')
    operation = discovery.create_http_namespace(Name=f'{cluster.name}-default')['OperationId']
    namespace = discovery.get_operation(OperationId=operation)['Operation']['Targets']['NAMESPACE']
    arn = discovery.get_namespace(Id=namespace)['Namespace']['Arn']
    cluster.aws.client('ecs').update_cluster(cluster=cluster.name, serviceConnectDefaults={'namespace': arn})
    document = connected(cluster)
    for name in NAMES:
        service_in(document, name)['service_connect'].pop('namespace')
    with cluster.changes() as changes:
        reconciled(cluster, document)
    assert 'servicediscovery:CreateHttpNamespace' not in changes
    assert shown(cluster) == WHOLE
    assert planned(cluster, document).is_empty


def test_it_is_adopted_as_it_runs(cluster: Cluster):
    reconciled(cluster, connected(cluster))
    document = asyncio.run(propose(cluster)).written.document
    api = service_in(document, 'api')
    assert api['service_connect'] == service_in(connected(cluster), 'api')['service_connect']
    assert 'ecs' not in api
    assert {step.kind for step in planned(cluster, document).steps} <= {'ecs:TagResource'}


def test_a_pass_that_is_killed_anywhere_is_finished_by_the_next(aws: Aws):
    async def kill_after(lives: int, cluster: Cluster) -> bool:
        killed = await until_killed(cluster, Request(connected(cluster), 'r1'), lives)
        outcome = await cluster.reconcile(connected(cluster))
        assert outcome.is_complete, (lives, outcome.failed)
        assert shown(cluster) == WHOLE, lives
        return killed

    assert kill_everywhere(aws, kill_after) >= 7
