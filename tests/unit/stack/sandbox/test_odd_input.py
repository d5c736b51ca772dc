"""Odd input to the embedded AWS: it answers its own caller, refuses what AWS refuses, and accepts what AWS accepts."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import Aws

ODD_IMAGE = '123456789012.dkr.ecr.nowhere-1.amazonaws.com/a:1'


def unchecked(aws: Aws) -> Any:
    """boto3's client of ECS, which leaves it to ECS to refuse."""
    return aws.embedded.client('ecs', parameter_validation=False, retries={'total_max_attempts': 1})


def register(aws: Aws, family: str, container: dict[str, Any] | None = None, **more: Any) -> str:
    plain = {'name': 'a', 'image': 'team/a:1', 'memory': 64, 'portMappings': [{'containerPort': 80, 'name': 'web'}]}
    client = unchecked(aws)
    return client.register_task_definition(family=family, containerDefinitions=[plain | (container or {})], **more)[
        'taskDefinition'
    ]['taskDefinitionArn']


def create(aws: Aws, cluster: str, definition: str, **more: Any) -> dict[str, Any]:
    client = unchecked(aws)
    settings = {'serviceName': 'odd', 'desiredCount': 1, 'taskDefinition': definition, **more}
    return client.create_service(cluster=cluster, **settings)['service']


def test_an_image_of_a_region_that_does_not_exist_concerns_its_own_service_alone(aws: Aws):
    cluster = aws.cluster(instances=1)
    create(aws, cluster, register(aws, f'{cluster}-odd', {'image': ODD_IMAGE}))
    create(aws, cluster, register(aws, f'{cluster}-even'), serviceName='even')
    aws.advance(300)
    services = aws.client('ecs').describe_services(cluster=cluster, services=['even', 'odd'])['services']
    assert {each['serviceName']: each['runningCount'] for each in services} == {'even': 1, 'odd': 0}


def test_a_step_of_time_that_fails_concerns_no_caller(aws: Aws, monkeypatch):
    cluster = aws.cluster(instances=1)
    create(aws, cluster, register(aws, f'{cluster}-odd'))
    with monkeypatch.context() as patch:
        patch.setattr('stack.sandbox.ecs.scheduler.step', lambda *_: 1 / 0)
        aws.advance(300)
        assert aws.client('ecs').describe_clusters(clusters=[cluster])['clusters']


@pytest.mark.parametrize('constraint', [{'expression': 'a == b'}, {'type': 'memberOf', 'expression': '((('}])
def test_placement_constraints_that_cannot_be_are_refused_wherever_they_are_given(aws: Aws, constraint: dict):
    cluster = aws.cluster(instances=1)
    definition = register(aws, f'{cluster}-odd')
    client = unchecked(aws)
    with pytest.raises(ClientError, match='ClientException'):
        register(aws, f'{cluster}-worse', placementConstraints=[constraint])
    with pytest.raises(ClientError, match='InvalidParameterException'):
        create(aws, cluster, definition, placementConstraints=[constraint])
    with pytest.raises(ClientError, match='InvalidParameterException'):
        client.run_task(cluster=cluster, taskDefinition=definition, placementConstraints=[constraint])


def test_one_listener_for_each_port(aws: Aws):
    ec2, elb = aws.client('ec2'), aws.client('elbv2')
    vpc = ec2.create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.0.{n}.0/24', AvailabilityZone=f'{aws.region}{zone}')['Subnet']
        for n, zone in enumerate('ab')
    ]
    name = aws.cluster()
    balancer = elb.create_load_balancer(Name=name, Subnets=[each['SubnetId'] for each in subnets])['LoadBalancers'][0]
    groups = [
        elb.create_target_group(Name=f'{name}-{n}', Protocol='HTTP', Port=80, VpcId=vpc)['TargetGroups'][0]
        for n in range(2)
    ]

    def listener(port: int, group: int) -> str:
        action = {'Type': 'forward', 'TargetGroupArn': groups[group]['TargetGroupArn']}
        made = elb.create_listener(
            LoadBalancerArn=balancer['LoadBalancerArn'], Protocol='HTTP', Port=port, DefaultActions=[action]
        )
        return made['Listeners'][0]['ListenerArn']

    first, second = listener(80, 0), listener(81, 0)
    assert listener(80, 0) == first
    with pytest.raises(ClientError, match='DuplicateListener'):
        listener(80, 1)
    action = {'Type': 'forward', 'TargetGroupArn': groups[0]['TargetGroupArn']}
    with pytest.raises(ClientError, match='DuplicateListener'):
        elb.modify_listener(ListenerArn=second, Port=80, DefaultActions=[action])
    assert elb.modify_listener(ListenerArn=second, Port=82, DefaultActions=[action])


def test_sizes_are_accepted_as_aws_accepts_them(aws: Aws):
    definition = register(aws, f'{aws.cluster()}-small', cpu='.25 vcpu', memory='.5 GB')
    found = aws.client('ecs').describe_task_definition(taskDefinition=definition)['taskDefinition']
    assert (found['cpu'], found['memory']) == ('256', '512')


def test_services_of_code_deploy_are_accepted_and_left_to_it(aws: Aws):
    cluster = aws.cluster(instances=1)
    definition = register(aws, f'{cluster}-blue')
    service = create(aws, cluster, definition, deploymentController={'type': 'CODE_DEPLOY'})
    assert service['deploymentController'] == {'type': 'CODE_DEPLOY'}
    ecs = aws.client('ecs')
    assert ecs.update_service(cluster=cluster, service='odd', desiredCount=2)['service']['desiredCount'] == 2
    with pytest.raises(ClientError, match='Unable to update task definition on services with a CODE_DEPLOY'):
        ecs.update_service(cluster=cluster, service='odd', taskDefinition=definition)


HOOK = {'lifecycleStages': ['PRE_SCALE_UP'], 'hookTargetArn': 'arn:f', 'roleArn': 'arn:r'}


TIMEOUT = {'timeoutInMinutes': 1440, 'action': 'ROLLBACK'}
PAUSE = {'targetType': 'PAUSE', 'lifecycleStages': ['POST_SCALE_UP']}


@pytest.mark.parametrize(
    ('configuration', 'filled'),
    [
        (
            {'strategy': 'BLUE_GREEN', 'bakeTimeInMinutes': 1, 'lifecycleHooks': [HOOK]},
            {'lifecycleHooks': [{**HOOK, 'targetType': 'AWS_LAMBDA', 'timeoutConfiguration': TIMEOUT}]},
        ),
        (
            {'strategy': 'LINEAR', 'linearConfiguration': {'stepPercent': 20.0}},
            {'linearConfiguration': {'stepPercent': 20.0, 'stepBakeTimeInMinutes': 6}},
        ),
        (
            {'strategy': 'CANARY', 'canaryConfiguration': {'canaryPercent': 10.0}},
            {'canaryConfiguration': {'canaryPercent': 10.0, 'canaryBakeTimeInMinutes': 10}},
        ),
        (
            {'strategy': 'BLUE_GREEN', 'lifecycleHooks': [PAUSE]},
            {'lifecycleHooks': [{**PAUSE, 'timeoutConfiguration': TIMEOUT}]},
        ),
    ],
)
def test_every_strategy_is_accepted_and_shown_with_its_defaults(aws: Aws, configuration: dict, filled: dict):
    cluster = aws.cluster(instances=1)
    definition = register(aws, f'{cluster}-native')
    shown = create(aws, cluster, definition, deploymentConfiguration=configuration)['deploymentConfiguration']
    expected = {**configuration, **filled}
    assert {name: shown[name] for name in expected} == expected
    aws.advance(300)
    [service] = aws.client('ecs').describe_services(cluster=cluster, services=['odd'])['services']
    assert service['runningCount'] == 1


@pytest.mark.parametrize(
    ('configuration', 'message'),
    [
        ({'linearConfiguration': {'stepPercent': 20.0}}, 'Linear configuration can only be present with LINEAR'),
        ({'strategy': 'LINEAR', 'canaryConfiguration': {}}, 'Canary configuration can only be present with CANARY'),
        ({'lifecycleHooks': [{**HOOK, 'lifecycleStages': []}]}, 'Lifecycle stage cannot be null or empty'),
        ({'lifecycleHooks': [{'lifecycleStages': ['PRE_SCALE_UP']}]}, 'Role arn or Hook Target arn is missing'),
    ],
)
def test_strategies_that_cannot_be_are_refused(aws: Aws, configuration: dict, message: str):
    cluster = aws.cluster(instances=1)
    definition = register(aws, f'{cluster}-native')
    with pytest.raises(ClientError, match=message):
        create(aws, cluster, definition, deploymentConfiguration=configuration)


def test_service_connect_needs_ports_that_are_named(aws: Aws):
    cluster = aws.cluster(instances=1)
    definition = register(aws, f'{cluster}-mesh')
    connect = {'enabled': True, 'namespace': f'{cluster}-mesh', 'services': [{'portName': 'web'}]}
    with pytest.raises(ClientError, match='NamespaceNotFoundException'):
        create(aws, cluster, definition, serviceConnectConfiguration=connect)
    aws.client('servicediscovery').create_http_namespace(Name=f'{cluster}-mesh')
    create(aws, cluster, definition, serviceConnectConfiguration=connect)
    wrong = connect | {'services': [{'portName': 'none'}]}
    with pytest.raises(ClientError, match='does not refer to any named PortMapping'):
        create(aws, cluster, definition, serviceName='other', serviceConnectConfiguration=wrong)


def test_application_auto_scaling_scales_services_that_exist(aws: Aws):
    cluster = aws.cluster(instances=1)
    create(aws, cluster, register(aws, f'{cluster}-web'))
    scaling = aws.client('application-autoscaling')
    target = {'ServiceNamespace': 'ecs', 'ScalableDimension': 'ecs:service:DesiredCount', 'MinCapacity': 1}
    scaling.register_scalable_target(ResourceId=f'service/{cluster}/odd', MaxCapacity=3, **target)
    with pytest.raises(ClientError, match="ECS service doesn't exist"):
        scaling.register_scalable_target(ResourceId=f'service/{cluster}/none', MaxCapacity=3, **target)
