"""CloudWatch with the metrics of the embedded fleet, beside those that a client stores."""

from datetime import UTC, datetime, timedelta

import pytest

GROUP_PORT = 8080


@pytest.fixture(scope='module')
def fleet(embedded_aws):
    """A service behind a load balancer that has run for an hour, and what its metrics are called."""
    ecs, elb, ec2 = (embedded_aws.client(name) for name in ('ecs', 'elbv2', 'ec2'))
    ecs.create_cluster(clusterName='metrics')
    embedded_aws.register_instances('metrics', 1)
    vpc = ec2.create_vpc(CidrBlock='10.9.0.0/16')['Vpc']['VpcId']
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.9.{n}.0/24', AvailabilityZone=f'us-east-1{zone}')['Subnet']
        for n, zone in enumerate('ab')
    ]
    balancer = elb.create_load_balancer(Name='metrics', Subnets=[subnet['SubnetId'] for subnet in subnets])
    balancer = balancer['LoadBalancers'][0]['LoadBalancerArn']
    group = elb.create_target_group(Name='metrics', Protocol='HTTP', Port=80, VpcId=vpc)
    group = group['TargetGroups'][0]['TargetGroupArn']
    forward = [{'Type': 'forward', 'TargetGroupArn': group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol='HTTP', Port=80, DefaultActions=forward)
    container = {'name': 'web', 'image': 'acme/web:1', 'memory': 64, 'portMappings': [{'containerPort': GROUP_PORT}]}
    ecs.register_task_definition(family='metrics', containerDefinitions=[container])
    ecs.create_service(
        cluster='metrics',
        serviceName='web',
        taskDefinition='metrics',
        desiredCount=1,
        loadBalancers=[{'targetGroupArn': group, 'containerName': 'web', 'containerPort': GROUP_PORT}],
    )
    embedded_aws.advance(3600)
    return {
        'AWS/ECS': {'ClusterName': 'metrics', 'ServiceName': 'web'},
        'AWS/ApplicationELB': {
            'LoadBalancer': balancer.partition(':loadbalancer/')[2],
            'TargetGroup': group.rpartition(':')[2],
        },
    }


def query(name: str, namespace: str, dimensions: dict[str, str], statistic: str, **fields):
    pairs = [{'Name': key, 'Value': value} for key, value in dimensions.items()]
    metric = {'Namespace': namespace, 'MetricName': name, 'Dimensions': pairs}
    return {'Id': 'q', 'MetricStat': {'Metric': metric, 'Period': 60, 'Stat': statistic}, **fields}


def read(embedded_aws, *queries, **fields):
    now = datetime.fromtimestamp(embedded_aws.clock.now(), UTC)
    answer = embedded_aws.client('cloudwatch').get_metric_data(
        MetricDataQueries=list(queries), StartTime=now - timedelta(minutes=30), EndTime=now, **fields
    )
    return answer['MetricDataResults']


@pytest.mark.parametrize(
    ('namespace', 'name', 'statistic'),
    [
        ('AWS/ECS', 'CPUUtilization', 'Average'),
        ('AWS/ECS', 'MemoryUtilization', 'Maximum'),
        ('AWS/ApplicationELB', 'RequestCount', 'Sum'),
        ('AWS/ApplicationELB', 'TargetResponseTime', 'p95'),
        ('AWS/ApplicationELB', 'HealthyHostCount', 'Average'),
    ],
)
def test_series_of_a_service(embedded_aws, fleet, namespace, name, statistic):
    (result,) = read(embedded_aws, query(name, namespace, fleet[namespace], statistic), ScanBy='TimestampAscending')
    assert (result['StatusCode'], len(result['Values'])) == ('Complete', len(result['Timestamps']))
    assert 28 <= len(result['Values']) <= 30
    assert min(result['Values']) > 0
    assert result['Timestamps'] == sorted(result['Timestamps'])


def test_newest_first_by_default(embedded_aws, fleet):
    (result,) = read(embedded_aws, query('CPUUtilization', 'AWS/ECS', fleet['AWS/ECS'], 'Average'))
    assert result['Timestamps'] == sorted(result['Timestamps'], reverse=True)


def test_dimensions_must_all_match(embedded_aws, fleet):
    (result,) = read(embedded_aws, query('CPUUtilization', 'AWS/ECS', {'ClusterName': 'metrics'}, 'Average'))
    assert result['Values'] == []


def test_an_expression_reads_another_query(embedded_aws, fleet):
    hidden = query('CPUUtilization', 'AWS/ECS', fleet['AWS/ECS'], 'Average', ReturnData=False)
    (result,) = read(embedded_aws, hidden, {'Id': 'e', 'Expression': 'q', 'Label': 'CPU'})
    assert (result['Id'], result['Label'], bool(result['Values'])) == ('e', 'CPU', True)


def test_statistics_have_units(embedded_aws, fleet):
    now = datetime.fromtimestamp(embedded_aws.clock.now(), UTC)
    dimensions = [{'Name': name, 'Value': value} for name, value in fleet['AWS/ECS'].items()]
    points = embedded_aws.client('cloudwatch').get_metric_statistics(
        Namespace='AWS/ECS',
        MetricName='CPUUtilization',
        Dimensions=dimensions,
        StartTime=now - timedelta(minutes=30),
        EndTime=now,
        Period=300,
        Statistics=['Average', 'Maximum'],
    )['Datapoints']
    assert {point['Unit'] for point in points} == {'Percent'}
    assert all(0 < point['Average'] <= point['Maximum'] for point in points)


def test_the_fleets_metrics_are_listed(embedded_aws, fleet):
    dimensions = [{'Name': 'ClusterName', 'Value': 'metrics'}]
    listed = embedded_aws.client('cloudwatch').list_metrics(Namespace='AWS/ECS', Dimensions=dimensions)['Metrics']
    assert {metric['MetricName'] for metric in listed} == {'CPUUtilization', 'MemoryUtilization'}


@pytest.fixture(scope='module')
def enhanced(embedded_aws):
    """A service without a load balancer in a cluster with enhanced Container Insights, and the ids of its tasks."""
    ecs = embedded_aws.client('ecs')
    ecs.create_cluster(clusterName='enhanced', settings=[{'name': 'containerInsights', 'value': 'enhanced'}])
    embedded_aws.register_instances('enhanced', 1)
    container = {'name': 'web', 'image': 'acme/web:1', 'memory': 64}
    ecs.register_task_definition(family='enhanced', containerDefinitions=[container])
    ecs.create_service(cluster='enhanced', serviceName='web', taskDefinition='enhanced', desiredCount=2)
    embedded_aws.advance(3600)
    return [arn.rpartition('/')[2] for arn in ecs.list_tasks(cluster='enhanced', serviceName='web')['taskArns']]


@pytest.mark.parametrize('name', ['TaskCpuUtilization', 'TaskMemoryUtilization'])
def test_each_task_has_metrics_with_enhanced_container_insights(embedded_aws, enhanced, name):
    service = {'ClusterName': 'enhanced', 'ServiceName': 'web'}
    queries = [
        query(name, 'ECS/ContainerInsights', service | {'TaskId': task}, 'Average', Id=f'q{number}')
        for number, task in enumerate(enhanced)
    ]
    results = read(embedded_aws, *queries)
    assert len(results) == 2
    assert all(28 <= len(result['Values']) <= 30 and min(result['Values']) > 0 for result in results)
    (whole,) = read(embedded_aws, query(name, 'ECS/ContainerInsights', service, 'Average'))
    assert len(whole['Values']) == len(results[0]['Values'])


def test_a_task_has_no_metrics_without_the_setting_or_the_service(embedded_aws, fleet, enhanced):
    ecs = embedded_aws.client('ecs')
    (plain,) = ecs.list_tasks(cluster='metrics', serviceName='web')['taskArns']
    for dimensions in (fleet['AWS/ECS'] | {'TaskId': plain.rpartition('/')[2]}, {'TaskId': enhanced[0]}):
        (result,) = read(embedded_aws, query('TaskCpuUtilization', 'ECS/ContainerInsights', dimensions, 'Average'))
        assert result['Values'] == []


def test_stored_metrics_stay_with_moto(embedded_aws):
    cloudwatch, at = embedded_aws.client('cloudwatch'), datetime.fromtimestamp(embedded_aws.clock.now() - 300, UTC)
    cloudwatch.put_metric_data(
        Namespace='own', MetricData=[{'MetricName': 'orders', 'Value': 7, 'Unit': 'Count', 'Timestamp': at}]
    )
    (result,) = read(embedded_aws, query('orders', 'own', {}, 'Sum'))
    assert result['Values'] == [7]
