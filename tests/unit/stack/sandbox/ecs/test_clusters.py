import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused

INVALID = 'InvalidParameterException'


@pytest.mark.parametrize('name', ['with space', 'a' * 256, 'dot.dot', ''])
def test_bad_names(fleet: Fleet, name: str):
    code, message = refused(fleet.aws.create_cluster, clusterName=name)
    assert (code, message) == (INVALID, rf'Cluster must match ^[a-zA-Z0-9\-_]{{1,255}}$, but was {name}')


def test_unknown_cluster(fleet: Fleet):
    assert refused(fleet.aws.list_services, cluster='nowhere') == ('ClusterNotFoundException', 'Cluster not found.')
    assert refused(fleet.aws.list_services)[0] == 'ClusterNotFoundException'
    assert fleet.aws.describe_clusters(clusters=['nowhere'])['failures'] == [
        {'arn': 'arn:aws:ecs:us-east-1:123456789012:cluster/nowhere', 'reason': 'MISSING'}
    ]


def test_describes_at_most_a_hundred(fleet: Fleet):
    assert refused(fleet.aws.describe_clusters, clusters=[f'c{n}' for n in range(101)])[0] == INVALID


def test_create_is_idempotent_and_keeps_what_is_in_the_cluster(fleet: Fleet):
    fleet.machines(2)
    cluster = fleet.aws.create_cluster(clusterName='prod')['cluster']
    assert cluster['registeredContainerInstancesCount'] == 2


def test_counts_and_statistics(fleet: Fleet):
    fleet.machines(1)
    fleet.define()
    fleet.steady(count=2)
    fleet.define('2-slow')
    fleet.aws.run_task(cluster='prod', taskDefinition='web')
    fleet.wait(10)
    (cluster,) = fleet.aws.describe_clusters(clusters=['prod'], include=['STATISTICS', 'SETTINGS'])['clusters']
    assert (cluster['runningTasksCount'], cluster['pendingTasksCount'], cluster['activeServicesCount']) == (2, 1, 1)
    statistics = {item['name']: item['value'] for item in cluster['statistics']}
    assert (statistics['runningEC2TasksCount'], statistics['pendingEC2TasksCount']) == ('2', '1')
    assert (statistics['activeEC2ServiceCount'], statistics['activeFargateServiceCount']) == ('1', '0')
    assert cluster['settings'] == [{'name': 'containerInsights', 'value': 'disabled'}]


def test_lists_and_settings(fleet: Fleet):
    for number in range(4):
        fleet.aws.create_cluster(clusterName=f'c{number}')
    pages = fleet.aws.get_paginator('list_clusters').paginate(PaginationConfig={'PageSize': 2})
    assert [len(page['clusterArns']) for page in pages] == [2, 2, 1]
    settings = [{'name': 'containerInsights', 'value': 'enabled'}]
    assert fleet.aws.update_cluster_settings(cluster='prod', settings=settings)['cluster']['settings'] == settings


def test_delete_wants_an_empty_cluster(fleet: Fleet):
    delete = fleet.aws.delete_cluster
    (machine,) = fleet.machines(1)
    fleet.define()
    fleet.create(count=1)
    assert refused(delete, cluster='prod')[0] == 'ClusterContainsServicesException'
    fleet.aws.delete_service(cluster='prod', service='web', force=True)
    fleet.wait(60)
    assert refused(delete, cluster='prod')[0] == 'ClusterContainsContainerInstancesException'
    fleet.aws.deregister_container_instance(cluster='prod', containerInstance=machine)
    assert delete(cluster='prod')['cluster']['status'] == 'INACTIVE'
    assert fleet.aws.list_clusters()['clusterArns'] == []
    assert fleet.aws.describe_clusters(clusters=['prod'])['clusters'][0]['status'] == 'INACTIVE'
    assert refused(fleet.aws.list_tasks, cluster='prod')[0] == 'ClusterNotFoundException'
    assert fleet.aws.create_cluster(clusterName='prod')['cluster']['status'] == 'ACTIVE'


def test_capacity_providers(fleet: Fleet):
    put = fleet.aws.put_cluster_capacity_providers
    strategy = [{'capacityProvider': 'mine', 'weight': 1}]
    wrong = refused(put, cluster='prod', capacityProviders=['FARGATE'], defaultCapacityProviderStrategy=strategy)
    assert wrong[0] == INVALID
    put(cluster='prod', capacityProviders=['mine'], defaultCapacityProviderStrategy=strategy)
    (cluster,) = fleet.aws.describe_clusters(clusters=['prod'])['clusters']
    assert (cluster['capacityProviders'], cluster['defaultCapacityProviderStrategy'][0]['capacityProvider']) == (
        ['mine'],
        'mine',
    )
    answer = fleet.aws.describe_capacity_providers(capacityProviders=['FARGATE', 'other'])
    assert [provider['name'] for provider in answer['capacityProviders']] == ['FARGATE']
    assert answer['failures'] == [{'arn': 'other', 'reason': 'MISSING'}]
