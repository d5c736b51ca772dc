"""The ports on moto's real backends, and one rollout on all of them."""

import itertools
import json
import time
from typing import Any

import pytest

from stack.sandbox.ecs.moto_ports import ports
from stack.sandbox.ecs.ports import Ports, TargetGroup
from stack.sandbox.ecs.preparation import TASKS
from tests.aws import Aws

_numbers = itertools.count(1)


@pytest.fixture
def there(aws: Aws) -> Ports:
    return ports(aws.account, aws.region)


def target_group(aws: Aws, kind: str = 'ip') -> str:
    vpc = aws.client('ec2').create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']
    made = aws.client('elbv2').create_target_group(
        Name=f'ports-{next(_numbers)}',
        Protocol='HTTP',
        Port=80,
        VpcId=vpc,
        TargetType=kind,
        HealthCheckIntervalSeconds=7,
        HealthyThresholdCount=3,
        UnhealthyThresholdCount=4,
    )
    return made['TargetGroups'][0]['TargetGroupArn']


def attach(aws: Aws, group: str) -> None:
    """A load balancer with a listener that leads to the group."""
    ec2, elbv2 = aws.client('ec2'), aws.client('elbv2')
    vpc = elbv2.describe_target_groups(TargetGroupArns=[group])['TargetGroups'][0]['VpcId']
    zones = [f'{aws.region}a', f'{aws.region}b']
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.0.{number}.0/24', AvailabilityZone=zone)['Subnet']['SubnetId']
        for number, zone in enumerate(zones)
    ]
    balancer = elbv2.create_load_balancer(Name=f'ports-{next(_numbers)}', Subnets=subnets)
    elbv2.create_listener(
        LoadBalancerArn=balancer['LoadBalancers'][0]['LoadBalancerArn'],
        Port=80,
        Protocol='HTTP',
        DefaultActions=[{'Type': 'forward', 'TargetGroupArn': group}],
    )


def health(aws: Aws, group: str) -> dict[tuple[str, int], str]:
    found = aws.client('elbv2').describe_target_health(TargetGroupArn=group)['TargetHealthDescriptions']
    return {(each['Target']['Id'], each['Target']['Port']): each['TargetHealth']['State'] for each in found}


def test_images(aws: Aws, there: Ports):
    find = there.images.find
    assert find(aws.image('nowhere', '1')) is None
    name = aws.repository(tags=['1', ['2-broken', 'two'], ()])
    digests = {
        tag: image['imageDigest']
        for image in aws.client('ecr').describe_images(repositoryName=name)['imageDetails']
        for tag in image.get('imageTags', [''])
    }
    one, two, untagged = digests['1'], digests['two'], digests['']
    repository = aws.image(name, '').rstrip(':')
    assert find(f'{repository}:1') == (one, ('1',))
    assert find(f'{repository}:9') is None
    assert find(repository) is None
    assert find(f'{repository}@{two}') == (two, ('2-broken', 'two'))
    assert find(f'{repository}:1@{two}') == (two, ('1',))
    assert find(f'{repository}@{untagged}') == (untagged, ())
    assert find(f'{repository}@sha256:0') is None
    other = aws.image(aws.repository(tags=['latest']), '').rstrip(':')
    assert find(other).tags == ('latest',)
    assert find('nginx').tags == ('latest',)


def test_target_groups(aws: Aws, there: Ports):
    assert there.targets.group('arn:nothing') is None
    arn = target_group(aws)
    assert there.targets.group(arn) == TargetGroup('ip', False, 7.0, 3, 4)
    attach(aws, arn)
    assert there.targets.group(arn).attached


def test_target_states(aws: Aws, there: Ports):
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


def test_targets_that_another_client_registered_stay_as_moto_has_them(aws: Aws, there: Ports):
    arn = target_group(aws)
    aws.client('elbv2').register_targets(TargetGroupArn=arn, Targets=[{'Id': '10.9.9.9', 'Port': 80}])
    assert health(aws, arn) == {('10.9.9.9', 80): 'healthy'}


def test_secrets_and_parameters(aws: Aws, there: Ports):
    exists, name = there.secrets.exists, f'ports-{next(_numbers)}'
    arn = aws.client('secretsmanager').create_secret(Name=name, SecretString='{}')['ARN']
    aws.client('ssm').put_parameter(Name=f'/{name}/db', Value='x', Type='String')
    assert exists(arn)
    assert exists(f'{arn}:password::')
    assert not exists(arn.replace(name, 'other'))
    assert exists(f'/{name}/db')
    assert exists(f'arn:aws:ssm:{aws.region}:{aws.account}:parameter/{name}/db')
    assert not exists(f'/{name}/other')


def test_logs(aws: Aws, there: Ports):
    group = f'/ecs/ports-{next(_numbers)}'
    assert not there.logs.has_group(group)
    there.logs.write(group, 'web/1', 1_767_225_600.5, ['one', 'two'])
    there.logs.write(group, 'web/1', 1_767_225_601.0, ['three'])
    assert there.logs.has_group(group)
    events = aws.client('logs').get_log_events(logGroupName=group, logStreamName='web/1')['events']
    assert [event['message'] for event in events] == ['one', 'two', 'three']
    assert events[0]['timestamp'] == 1_767_225_600_500


def test_cloud_map(aws: Aws, there: Ports):
    sd = aws.client('servicediscovery')
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


def definition(aws: Aws, image: str, group: str) -> dict[str, Any]:
    logging = {'awslogs-group': group, 'awslogs-region': aws.region, 'awslogs-stream-prefix': 'svc'}
    container = {
        'name': 'web',
        'image': image,
        'memory': 64,
        'portMappings': [{'containerPort': 80}],
        'logConfiguration': {'logDriver': 'awslogs', 'options': logging},
    }
    return {'networkMode': 'awsvpc', 'containerDefinitions': [container]}


def test_a_service_on_all_of_them(aws: Aws):
    cluster, ecs = aws.cluster(), aws.client('ecs')
    group, logs = target_group(aws), f'/ecs/{cluster}'
    attach(aws, group)
    aws.client('logs').create_log_group(logGroupName=logs)
    image = aws.image(aws.repository(tags=['1']), '1')
    ecs.register_task_definition(family=cluster, **definition(aws, image, logs))
    ecs.create_service(
        cluster=cluster,
        serviceName='web',
        taskDefinition=cluster,
        desiredCount=2,
        loadBalancers=[{'targetGroupArn': group, 'containerName': 'web', 'containerPort': 80}],
        networkConfiguration={'awsvpcConfiguration': {'subnets': ['subnet-1']}},
    )
    aws.advance(15)
    assert set(health(aws, group).values()) == {'initial'}
    aws.advance(60)
    assert list(health(aws, group).values()) == ['healthy', 'healthy']
    assert len(aws.client('logs').describe_log_streams(logGroupName=logs)['logStreams']) == 2
    ecs.delete_service(cluster=cluster, service='web', force=True)
    aws.advance(60)
    assert health(aws, group) == {}


def test_roles_exist_and_may_do_everything_unless_they_were_created(aws: Aws, there: Ports):
    name = f'role-{next(_numbers)}'
    arn = f'arn:aws:iam::{aws.account}:role/{name}'
    assert there.roles.may_assume(arn, TASKS)
    assert there.roles.may_do(arn, 'logs:CreateLogGroup')
    assert not there.roles.may_assume(f'{arn}-missing', TASKS)
    assert not there.roles.may_do(f'{arn}-missing', 'logs:CreateLogGroup')
    iam = aws.client('iam')
    statement = {'Effect': 'Allow', 'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({'Statement': [statement]}))
    assert not there.roles.may_assume(arn, TASKS)
    assert there.roles.may_assume(arn, 'ec2.amazonaws.com')
    assert not there.roles.may_do(arn, 'logs:CreateLogGroup')
    allowed = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'logs:*', 'Resource': '*'}]}
    iam.put_role_policy(RoleName=name, PolicyName='logs', PolicyDocument=json.dumps(allowed))
    assert there.roles.may_do(arn, 'logs:CreateLogGroup')
    asked = {'PolicySourceArn': arn, 'ResourceArns': ['*']}
    answer = iam.simulate_principal_policy(ActionNames=['logs:CreateLogGroup', 's3:GetObject'], **asked)
    decisions = {each['EvalActionName']: each['EvalDecision'] for each in answer['EvaluationResults']}
    assert decisions == {'logs:CreateLogGroup': 'allowed', 's3:GetObject': 'implicitDeny'}


def test_iam_answers_for_roles_that_nobody_created(aws: Aws):
    iam = aws.client('iam')
    assert 'ecs-tasks.amazonaws.com' in str(iam.get_role(RoleName='any')['Role']['AssumeRolePolicyDocument'])
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName='missing-role')


def test_a_secret_that_is_to_be_deleted_cannot_be_read(aws: Aws, there: Ports):
    secrets = aws.client('secretsmanager')
    arn = secrets.create_secret(Name=f'secret-{next(_numbers)}', SecretString='x')['ARN']
    assert there.secrets.exists(f'{arn}:key::')
    secrets.delete_secret(SecretId=arn)
    assert not there.secrets.exists(arn)


def test_versions_of_a_secret_keep_the_time_at_which_they_were_created(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    secrets = aws.client('secretsmanager')
    arn = secrets.create_secret(Name=f'secret-{next(_numbers)}', SecretString='x')['ARN']
    before = secrets.list_secret_version_ids(SecretId=arn)['Versions']
    monkeypatch.setattr('moto.secretsmanager.models.time.time', lambda: time.time_ns() / 1e9 + 3600)
    secrets.put_secret_value(SecretId=arn, SecretString='y')
    after = {
        each['VersionId']: each['CreatedDate'] for each in secrets.list_secret_version_ids(SecretId=arn)['Versions']
    }
    assert after.pop(before[0]['VersionId']) == before[0]['CreatedDate']
    assert min(after.values()) > before[0]['CreatedDate']
