"""The AWS that the other tests stand on."""

import os

import boto3

from tests.aws import Aws

CONTAINER = {'name': 'web', 'image': 'team/web:1', 'memory': 64}


def test_boto3_finds_it_by_the_environment(aws):
    bucket = aws.bucket()
    default_client = boto3.client('s3')
    assert bucket in [found['Name'] for found in default_client.list_buckets()['Buckets']]
    default_client.close()
    assert os.environ['AWS_ENDPOINT_URL'] == aws.endpoint


def test_names_are_new_each_time(aws):
    assert aws.bucket() != aws.bucket()
    assert aws.queue() != aws.queue(fifo=True)
    assert aws.repository() != aws.repository()


def test_buckets_have_versions(aws):
    assert aws.client('s3').get_bucket_versioning(Bucket=aws.bucket())['Status'] == 'Enabled'
    assert 'Status' not in aws.client('s3').get_bucket_versioning(Bucket=aws.bucket(versioned=False))


def test_messages_are_taken_in_order(aws):
    queue, sqs = aws.queue(), aws.client('sqs')
    for number in range(12):
        sqs.send_message(QueueUrl=queue, MessageBody=f'{{"number": {number}}}')
    sqs.send_message(QueueUrl=queue, MessageBody='no JSON')
    assert aws.messages(queue) == [*({'number': n} for n in range(12)), 'no JSON']
    assert aws.messages(queue) == []


def test_a_secret_may_be_set_again(aws):
    name = aws.secret('test', {'A': '1'})
    assert aws.secret('test', {'A': '2'}) == name == 'test/nysa-api-server'
    assert aws.client('secretsmanager').get_secret_value(SecretId=name)['SecretString'] == '{"A": "2"}'


def test_clusters_are_active_and_have_instances(aws):
    name, empty = aws.cluster(), aws.cluster(instances=0)
    clusters = aws.client('ecs').describe_clusters(clusters=[name, empty])['clusters']
    assert [(c['status'], c['registeredContainerInstancesCount']) for c in clusters] == [('ACTIVE', 1), ('ACTIVE', 0)]


def test_repositories_hold_what_was_pushed(aws):
    repository = aws.repository(tags=['v1', ['v2', 'stable'], (), ['v3', 'stable']])
    images = aws.client('ecr').describe_images(repositoryName=repository)['imageDetails']
    assert [image.get('imageTags') for image in images] == [['v1'], ['v2'], None, ['v3', 'stable']]
    pushed = [image['imagePushedAt'] for image in images]
    assert pushed == sorted(set(pushed))
    assert len({image['imageDigest'] for image in images}) == 4


def test_a_test_leaves_no_load_balancer_target_namespace_or_schedule_to_the_next(embedded_aws):
    aws = Aws(embedded_aws)
    aws.clear()
    vpc = aws.client('ec2').create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']
    aws.client('elbv2').create_target_group(Name='left', Protocol='HTTP', Port=80, VpcId=vpc)
    aws.client('servicediscovery').create_http_namespace(Name='left')
    aws.client('scheduler').create_schedule_group(Name='left')
    aws.client('ecs').register_task_definition(family='left', containerDefinitions=[CONTAINER])
    aws.client('ecs').create_service(cluster=aws.cluster(), serviceName='left', taskDefinition='left', desiredCount=0)
    [cluster] = aws._clusters
    aws.client('application-autoscaling').register_scalable_target(
        ServiceNamespace='ecs',
        ResourceId=f'service/{cluster}/left',
        ScalableDimension='ecs:service:DesiredCount',
        MinCapacity=1,
        MaxCapacity=2,
    )
    assert left_in(aws) == [1, 1, 1, 1]
    aws.clear()
    assert left_in(aws) == [0, 0, 0, 0]


def left_in(aws: Aws) -> list[int]:
    """How much there is of target groups, namespaces, schedule groups named `left`, and scalable targets."""
    targets = aws.client('application-autoscaling').describe_scalable_targets(ServiceNamespace='ecs')
    return [
        len(aws.client('elbv2').describe_target_groups()['TargetGroups']),
        len(aws.client('servicediscovery').list_namespaces()['Namespaces']),
        len(aws.client('scheduler').list_schedule_groups(NamePrefix='left')['ScheduleGroups']),
        len(targets['ScalableTargets']),
    ]
