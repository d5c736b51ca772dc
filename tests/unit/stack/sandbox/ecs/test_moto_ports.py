"""The ports on moto's real backends, and one rollout on all of them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stack.sandbox.ecs import Ecs, ManualClock
from stack.sandbox.ecs.moto_ports import ports
from stack.sandbox.ecs.ports import Ports, TargetGroup

ACCOUNT, REGION = '123456789012', 'us-east-1'
REPOSITORY = f'{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web'


@pytest.fixture
def aws() -> Iterator[Any]:
    """boto3 clients by service, on a moto that is empty."""
    session = boto3.Session(aws_access_key_id='test', aws_secret_access_key='test', region_name=REGION)
    with mock_aws():
        yield session.client


@pytest.fixture
def there() -> Ports:
    return ports(ACCOUNT, REGION)


def push(aws: Any, tag: str) -> str:
    ecr = aws('ecr')
    if not ecr.describe_repositories()['repositories']:
        ecr.create_repository(repositoryName='web')
    kind = 'application/vnd.docker.distribution.manifest.v2+json'
    layers = [{'digest': f'sha256:{tag}', 'size': 1}]
    manifest = {'schemaVersion': 2, 'mediaType': kind, 'config': {'digest': tag}, 'layers': layers}
    image = ecr.put_image(repositoryName='web', imageManifest=json.dumps(manifest), imageTag=tag)['image']
    return image['imageId']['imageDigest']


def target_group(aws: Any, kind: str = 'ip') -> str:
    vpc = aws('ec2').create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']
    made = aws('elbv2').create_target_group(
        Name='web',
        Protocol='HTTP',
        Port=80,
        VpcId=vpc,
        TargetType=kind,
        HealthCheckIntervalSeconds=7,
        HealthyThresholdCount=3,
        UnhealthyThresholdCount=4,
    )
    return made['TargetGroups'][0]['TargetGroupArn']


def attach(aws: Any, group: str) -> None:
    """A load balancer with a listener that leads to the group."""
    ec2, elbv2 = aws('ec2'), aws('elbv2')
    vpc = ec2.describe_vpcs()['Vpcs'][-1]['VpcId']
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.0.{n}.0/24', AvailabilityZone=f'{REGION}{"ab"[n]}')['Subnet']
        for n in range(2)
    ]
    balancer = elbv2.create_load_balancer(Name='web', Subnets=[subnet['SubnetId'] for subnet in subnets])
    elbv2.create_listener(
        LoadBalancerArn=balancer['LoadBalancers'][0]['LoadBalancerArn'],
        Port=80,
        Protocol='HTTP',
        DefaultActions=[{'Type': 'forward', 'TargetGroupArn': group}],
    )


def health(aws: Any, group: str) -> dict[tuple[str, int], str]:
    found = aws('elbv2').describe_target_health(TargetGroupArn=group)['TargetHealthDescriptions']
    return {(each['Target']['Id'], each['Target']['Port']): each['TargetHealth']['State'] for each in found}


def test_images(aws: Any, there: Ports):
    find = there.images.find
    assert find(f'{REPOSITORY}:1') is None
    first, broken = push(aws, '1'), push(aws, '2-broken')
    assert find(f'{REPOSITORY}:1') == (first, ('1',))
    assert find(f'{REPOSITORY}:9') is None
    assert find(REPOSITORY) is None
    assert find(f'{REPOSITORY}@{broken}') == (broken, ('2-broken',))
    assert find(f'{REPOSITORY}:1@{broken}') == (broken, ('1',))
    assert find(f'{REPOSITORY}@sha256:0') is None
    assert find(f'{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/other:1') is None
    push(aws, 'latest')
    assert find(REPOSITORY).tags == ('latest',)
    assert find('nginx').tags == ('latest',)


def test_target_groups(aws: Any, there: Ports):
    assert there.targets.group('arn:nothing') is None
    arn = target_group(aws)
    assert there.targets.group(arn) == TargetGroup('ip', False, 7.0, 3, 4)
    attach(aws, arn)
    assert there.targets.group(arn).attached


def test_target_states(aws: Any, there: Ports):
    arn = target_group(aws)
    for port in (80, 81):
        there.targets.register(arn, '10.0.0.1', port)
    there.targets.health(arn, '10.0.0.1', 80, 'initial', 'Elb.RegistrationInProgress')
    there.targets.health(arn, '10.0.0.1', 81, 'unhealthy', 'Target.FailedHealthChecks')
    assert health(aws, arn) == {('10.0.0.1', 80): 'initial', ('10.0.0.1', 81): 'unhealthy'}
    there.targets.deregister(arn, '10.0.0.1', 80)
    there.targets.deregister(arn, '10.0.0.1', 80)
    there.targets.health(arn, '10.0.0.1', 81, 'healthy', '')
    assert health(aws, arn) == {('10.0.0.1', 81): 'healthy'}
    for act in (there.targets.register, there.targets.deregister):
        act('arn:nothing', '10.0.0.1', 80)
    there.targets.health('arn:nothing', '10.0.0.1', 80, 'healthy', '')


def test_targets_that_somebody_else_registered_stay_as_moto_has_them(aws: Any, there: Ports):
    arn = target_group(aws)
    aws('elbv2').register_targets(TargetGroupArn=arn, Targets=[{'Id': '10.9.9.9', 'Port': 80}])
    assert health(aws, arn) == {('10.9.9.9', 80): 'healthy'}


def test_secrets_and_parameters(aws: Any, there: Ports):
    exists = there.secrets.exists
    arn = aws('secretsmanager').create_secret(Name='db', SecretString='{}')['ARN']
    aws('ssm').put_parameter(Name='/prod/db', Value='x', Type='String')
    assert exists(arn)
    assert exists(f'{arn}:password::')
    assert not exists(arn.replace(':db', ':other'))
    assert exists('/prod/db')
    assert exists(f'arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/prod/db')
    assert not exists('/prod/other')


def test_logs(aws: Any, there: Ports):
    assert not there.logs.has_group('/ecs/prod')
    there.logs.write('/ecs/prod', 'web/1', 1_767_225_600.5, ['one', 'two'])
    there.logs.write('/ecs/prod', 'web/1', 1_767_225_601.0, ['three'])
    assert there.logs.has_group('/ecs/prod')
    events = aws('logs').get_log_events(logGroupName='/ecs/prod', logStreamName='web/1')['events']
    assert [event['message'] for event in events] == ['one', 'two', 'three']
    assert events[0]['timestamp'] == 1_767_225_600_500


def test_cloud_map(aws: Any, there: Ports):
    sd = aws('servicediscovery')
    service = sd.create_service(Name='web', DnsConfig={'DnsRecords': [{'Type': 'A', 'TTL': 60}]})['Service']
    assert there.registry.has(service['Arn'])
    assert not there.registry.has(f'{service["Arn"]}x')
    there.registry.register(service['Arn'], 'task', {'AWS_INSTANCE_IPV4': '10.0.0.1'})
    (instance,) = sd.list_instances(ServiceId=service['Id'])['Instances']
    assert (instance['Id'], instance['Attributes']['AWS_INSTANCE_IPV4']) == ('task', '10.0.0.1')
    for _ in range(2):
        there.registry.deregister(service['Arn'], 'task')
    there.registry.register(f'{service["Arn"]}x', 'task', {})
    there.registry.deregister(f'{service["Arn"]}x', 'task')
    assert sd.list_instances(ServiceId=service['Id'])['Instances'] == []


def test_a_service_on_all_of_them(aws: Any):
    clock = ManualClock()
    ecs = Ecs(clock, ports)

    def call(action: str, **body: Any) -> dict[str, Any]:
        status, answer = ecs.handle(action, body, REGION, ACCOUNT)
        assert status == 200, answer
        return answer

    push(aws, '1')
    group = target_group(aws)
    attach(aws, group)
    aws('logs').create_log_group(logGroupName='/ecs/prod')
    call('CreateCluster', clusterName='prod')
    logging = {'awslogs-group': '/ecs/prod', 'awslogs-region': REGION, 'awslogs-stream-prefix': 'svc'}
    container = {
        'name': 'web',
        'image': f'{REPOSITORY}:1',
        'portMappings': [{'containerPort': 80}],
        'logConfiguration': {'logDriver': 'awslogs', 'options': logging},
    }
    fargate = {'cpu': '256', 'memory': '512', 'networkMode': 'awsvpc'}
    call('RegisterTaskDefinition', family='web', containerDefinitions=[container], **fargate)
    call(
        'CreateService',
        cluster='prod',
        serviceName='web',
        taskDefinition='web',
        launchType='FARGATE',
        desiredCount=2,
        loadBalancers=[{'targetGroupArn': group, 'containerName': 'web', 'containerPort': 80}],
        networkConfiguration={'awsvpcConfiguration': {'subnets': ['subnet-1']}},
    )
    clock.advance(15)
    ecs.advance()
    assert set(health(aws, group).values()) == {'initial'}
    clock.advance(60)
    ecs.advance()
    assert list(health(aws, group).values()) == ['healthy', 'healthy']
    streams = aws('logs').describe_log_streams(logGroupName='/ecs/prod')['logStreams']
    assert len(streams) == 2
    call('DeleteService', cluster='prod', service='web', force=True)
    clock.advance(60)
    ecs.advance()
    assert health(aws, group) == {}
