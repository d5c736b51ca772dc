"""What a fresh embedded AWS holds: enough to try everything, and all of it fits together."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stack.aws.s3 import Bucket
from stack.changes.audit_verification import Verification
from stack.sandbox.event_bus import ECS_EVENTS_QUEUE
from stack.sandbox.seed import BUCKET, DEAD_LETTER_QUEUE, QUEUE, SETTINGS
from stack.sandbox.seed_images import PLAYGROUND, images, newest_version
from stack.sandbox.seed_states import CLUSTERS, REPOSITORIES
from stack.sandbox.server import EmbeddedAws
from stack.stackfile.check import check
from stack.state.revisions import decode
from tests.server import connect


@pytest.fixture(scope='module')
def seeded() -> Iterator[EmbeddedAws]:
    with EmbeddedAws.start(account='222222222222') as aws:
        yield aws


@pytest.fixture(scope='module')
def states(seeded) -> dict[str, dict]:
    s3 = seeded.client('s3')
    return {name: json.loads(s3.get_object(Bucket=BUCKET, Key=name)['Body'].read()) for name in CLUSTERS}


def services(document: dict) -> dict[str, dict]:
    return {name: settings for item in document['services'] for name, settings in item.items()}


def test_the_settings_name_what_is_there(seeded):
    secret = json.loads(seeded.client('secretsmanager').get_secret_value(SecretId=SETTINGS)['SecretString'])
    queues = {'AWS_SQS_NOTIFICATION_QUEUE': QUEUE, 'AWS_SQS_ECS_EVENTS_QUEUE': ECS_EVENTS_QUEUE}
    assert secret == {'AWS_S3_BUCKET': BUCKET, **queues}
    assert seeded.client('s3').get_bucket_versioning(Bucket=BUCKET)['Status'] == 'Enabled'
    sqs = seeded.client('sqs')
    assert sqs.get_queue_url(QueueName=ECS_EVENTS_QUEUE)['QueueUrl']
    url = sqs.get_queue_url(QueueName=QUEUE)['QueueUrl']
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['RedrivePolicy'])['Attributes']
    assert json.loads(attributes['RedrivePolicy'])['deadLetterTargetArn'].endswith(f':{DEAD_LETTER_QUEUE}')


def test_clusters_are_active_and_have_machines(seeded):
    clusters = seeded.client('ecs').describe_clusters(clusters=list(CLUSTERS))['clusters']
    assert {c['clusterName']: c['registeredContainerInstancesCount'] for c in clusters} == {
        'production': 3,
        'staging': 2,
    }
    assert {c['status'] for c in clusters} == {'ACTIVE'}


def test_desired_states_have_no_mistakes_and_no_warnings(states):
    for name, document in states.items():
        report = check(document, cluster=name)
        assert (list(report.mistakes), list(report.warnings)) == ([], []), name


def test_desired_states_name_what_is_there(seeded, states):
    ec2, images_of = seeded.client('ec2'), {}
    for name in REPOSITORIES:
        details = seeded.client('ecr').describe_images(repositoryName=name)['imageDetails']
        images_of[name] = {tag for image in details for tag in image.get('imageTags', ())}
    for document in states.values():
        vpc = document['vpc']
        subnets = ec2.describe_subnets(SubnetIds=vpc['subnets']['public'] + vpc['subnets']['private'])['Subnets']
        assert {subnet['VpcId'] for subnet in subnets} == {vpc['id']}
        assert len({subnet['AvailabilityZone'] for subnet in subnets}) == 2
        ids = [group for kind in vpc['security_groups'].values() for group in kind]
        groups = ec2.describe_security_groups(GroupIds=ids)['SecurityGroups']
        assert {group['VpcId'] for group in groups} == {vpc['id']}
        balancer = services(document)['routing-service']['elb']
        certificate = seeded.client('acm').describe_certificate(CertificateArn=balancer['certificates'][0])
        assert certificate['Certificate']['Status'] == 'ISSUED'
        zone = seeded.client('route53').get_hosted_zone(Id=balancer['dns']['hosted_zone_id'])['HostedZone']
        assert balancer['dns']['record_name'].endswith('.' + zone['Name'].rstrip('.'))
        for name, settings in services(document).items():
            registry, _, tag = settings['image'].partition(f'/{name}:')
            assert registry == f'{seeded.account}.dkr.ecr.{seeded.region}.amazonaws.com'
            assert tag in images_of[name]


def test_production_runs_older_images(states):
    for name in REPOSITORIES:
        tags = [image.tags[0] for image in images(name) if image.tags]
        in_use = [services(states[cluster])[name]['image'].rpartition(':')[2] for cluster in CLUSTERS]
        assert tags.index(in_use[0]) < tags.index(in_use[1]), f'{name}: production before staging'


def test_desired_states_have_a_history(seeded):
    s3 = seeded.client('s3')
    for name in CLUSTERS:
        versions = s3.list_object_versions(Bucket=BUCKET, Prefix=name)['Versions']
        records = [s3.head_object(Bucket=BUCKET, Key=name, VersionId=version['VersionId']) for version in versions]
        changes = [change for record in records for change in decode(record['Metadata'])]
        assert len(changes) == len(versions) == 9
        assert {change.origin.by for change in changes} == {'ann', 'bob', 'cleo'}
        assert [change.at for change in changes] == sorted((change.at for change in changes), reverse=True)
        for change, version in zip(changes, versions, strict=True):
            assert abs(change.at - version['LastModified']) < timedelta(seconds=2)


def test_each_repository_has_30_tags_of_the_past_weeks(seeded):
    for name in REPOSITORIES:
        details = seeded.client('ecr').describe_images(repositoryName=name)['imageDetails']
        tags = [tag for image in details for tag in image.get('imageTags', ())]
        assert len(tags) == len(set(tags)) == 30
        for word in (*PLAYGROUND, 'latest', 'stable'):
            assert [tag for tag in tags if word in tag], word
        assert [image for image in details if 'imageTags' not in image], 'some have lost their tags'
        assert [image for image in details if len(image.get('imageTags', ())) > 1], 'some have several'
        pushed = [image['imagePushedAt'] for image in details]
        now = datetime.now(UTC)
        assert pushed == sorted(pushed)
        assert now - timedelta(weeks=7) < pushed[0] < now - timedelta(weeks=5)
        assert now - timedelta(days=2) < pushed[-1] < now


def test_images_are_the_same_every_time():
    assert images('email-worker') == images('email-worker') != images('report-worker')
    assert newest_version('email-worker', 10_000) == images('email-worker')[0].tags[0]


def test_the_history_is_proven(seeded: EmbeddedAws):
    verification = Verification(Bucket(connect(seeded.endpoint, seeded.region)[0], BUCKET))
    for cluster in CLUSTERS:
        revisions, _ = asyncio.run(verification.cluster(cluster))
        assert (revisions.findings, revisions.checked > 5) == ((), True)
