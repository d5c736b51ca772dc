"""The busy fleet as a whole: it runs, has a history, and Nysa's first pass over what is settled changes nothing."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator

import pytest

from stack.aws.connection import Connection
from stack.aws.inventory import Inventory
from stack.aws.s3 import Bucket
from stack.changes.audit_verification import Verification
from stack.configuration.accounts import HOME, AccountTable, read_accounts
from stack.rollouts.rollout_records import load
from stack.runs import history as runs
from stack.sandbox.ecs import ManualClock
from stack.sandbox.event_bus import ECS_EVENTS_QUEUE
from stack.sandbox.fleet.clusters import CLUSTERS
from stack.sandbox.local_aws import PRODUCTION, LocalAws, local_aws
from stack.sandbox.seed import BUCKET, SETTINGS
from stack.sandbox.server import EmbeddedAws, SeededFleet
from stack.scheduler.reconciler import Reconciler, Request
from stack.stackfile.check import check
from tests.server import connect

MANAGED = ('production', 'staging', *(cluster.name for cluster in CLUSTERS))
# Those whose newest revisions are from this moment, and not rolled out yet.
CHANGED = {
    'qa': {'pricing-service', 'catalog-api'},
    'staging': {'routing-service'},
    'data-platform': {'feature-store', 'model-server'},
    'production': {'search-service'},
    'production-eu': set(),
}


class Fleet:
    """The busy fleet in its two accounts; the home account has the bucket."""

    def __init__(self, accounts: LocalAws):
        self.accounts = accounts
        self.home, self.production = accounts.home, accounts.others[PRODUCTION]

    def of(self, cluster: str) -> EmbeddedAws:
        """The account of a cluster."""
        return self.production if cluster.startswith('production') else self.home

    def s3(self):
        return self.home.client('s3')


@pytest.fixture(scope='module')
def fleet() -> Iterator[Fleet]:
    # Between two scheduled actions of a service, which come every five minutes: none is due while the fleet starts.
    clock, accounts = ManualClock(time.time() // 600 * 600 + 120), ('666666666666', '676767676767')
    with local_aws(None, SeededFleet.BUSY, clock, accounts) as both:
        yield Fleet(both)


def versions(fleet: Fleet, cluster: str) -> list[dict]:
    """The revisions of a cluster, the newest first."""
    listed = fleet.s3().list_object_versions(Bucket=BUCKET, Prefix=cluster)['Versions']
    return [version for version in listed if version['Key'] == cluster]


def document(fleet: Fleet, cluster: str, version: str) -> dict:
    return json.loads(fleet.s3().get_object(Bucket=BUCKET, Key=cluster, VersionId=version)['Body'].read())


def services(fleet: Fleet, cluster: str) -> list[dict]:
    ecs, found = fleet.of(cluster).client('ecs'), []
    for page in ecs.get_paginator('list_services').paginate(cluster=cluster):
        found += ecs.describe_services(cluster=cluster, services=page['serviceArns'])['services']
    return found


def test_six_clusters_with_forty_services_run(fleet: Fleet):
    arns = {aws.account: aws.client('ecs').list_clusters()['clusterArns'] for aws in (fleet.home, fleet.production)}
    clusters = [arn.rpartition('/')[2] for each in arns.values() for arn in each]
    running = [service for cluster in clusters for service in services(fleet, cluster)]
    assert {account: len(each) for account, each in arns.items()} == {'666666666666': 4, '676767676767': 2}
    assert len(running) == 40
    for service in running:
        assert service['runningCount'] == service['desiredCount'] > 0, service['events'][:3]
        assert [deployment['rolloutState'] for deployment in service['deployments']] == ['COMPLETED']


@pytest.mark.parametrize('cluster', MANAGED)
def test_every_revision_is_valid(fleet: Fleet, cluster: str):
    history = versions(fleet, cluster)
    assert len(history) > 8
    for version in history:
        report = check(document(fleet, cluster, version['VersionId']), cluster=cluster)
        assert not report.mistakes


@pytest.mark.parametrize('cluster', MANAGED)
def test_a_pass_changes_nothing_but_what_was_just_changed(fleet: Fleet, cluster: str):
    newest = versions(fleet, cluster)[0]['VersionId']
    aws = fleet.of(cluster)
    session = aws.credentials | {'region_name': aws.region, 'endpoint_url': aws.endpoint}
    with contextlib.closing(Connection(**session)) as connection:
        reconciler = Reconciler(Inventory(connection, aws.clock.now), connection.call, region=aws.region)
        plan = asyncio.run(reconciler.plan(cluster, Request(document(fleet, cluster, newest), newest)))
    changed = {row.service for row in plan.rows if row.action != 'nothing'}
    assert changed == CHANGED[cluster]


@pytest.mark.parametrize('cluster', MANAGED)
def test_rollout_records_match_the_revisions(fleet: Fleet, cluster: str):
    record = load(fleet.s3().get_object(Bucket=BUCKET, Key=f'rollouts/{cluster}')['Body'].read())
    settled = versions(fleet, cluster)[len(CHANGED[cluster])]['VersionId']
    assert record.revision == settled
    tasks = {task.name for known in CLUSTERS if known.name == cluster for task in known.tasks}
    assert set(record.rollouts) == {service['serviceName'] for service in services(fleet, cluster)} | tasks
    assert all(rollout.verdict.ending == 'succeeded' for rollout in record.rollouts.values())


def test_some_rollouts_failed_and_were_rolled_back(fleet: Fleet):
    record = load(fleet.s3().get_object(Bucket=BUCKET, Key='rollouts/production-eu')['Body'].read())
    failed = [each for group in record.former.values() for each in group.values() if each.verdict.failed]
    assert {rollout.goal.service for rollout in failed} == {'payment-gateway', 'checkout-api'}
    listed = fleet.production.client('ecs').list_service_deployments(cluster='production-eu', service='checkout-api')
    statuses = [deployment['status'] for deployment in listed['serviceDeployments']]
    assert statuses == ['SUCCESSFUL', 'SUCCESSFUL', 'ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']


def test_scheduled_tasks_have_their_runs(fleet: Fleet):
    stored = {
        name: runs.load(fleet.s3().get_object(Bucket=BUCKET, Key=f'runs/data-platform/{name}')['Body'].read())
        for name in ('nightly-report', 'clicks-export')
    }
    assert {run.state for run in stored['nightly-report'].runs} == {'succeeded'}
    failing = runs.failing_since(stored['clicks-export'].runs)
    assert 0.9 < (fleet.home.clock.now() - failing.timestamp()) / 86_400 < 1.1
    listed = fleet.home.client('scheduler').list_schedules(GroupName='nysa-data-platform')['Schedules']
    assert {schedule['Name'] for schedule in listed} == set(stored)


def test_one_cluster_is_frozen(fleet: Fleet):
    head = fleet.s3().head_object(Bucket=BUCKET, Key='production-eu')
    stored = fleet.s3().get_object(Bucket=BUCKET, Key=f'nysa/guards/production-eu/{head["Metadata"]["nysa-guards"]}')
    assert json.loads(stored['Body'].read())['freeze']['by'] == 'farah'


def test_services_have_the_age_of_their_last_change(fleet: Fleet):
    (service,) = [each for each in services(fleet, 'production-eu') if each['serviceName'] == 'checkout-api']
    (deployment,) = service['deployments']
    age = fleet.home.clock.now() - deployment['createdAt'].timestamp()
    assert 9.8 < age / 86_400 < 9.95
    ecs = fleet.production.client('ecs')
    arns = ecs.list_tasks(cluster='production-eu', serviceName='checkout-api')['taskArns']
    for task in ecs.describe_tasks(cluster='production-eu', tasks=arns)['tasks']:
        assert task['startedAt'] > deployment['createdAt']


@pytest.mark.parametrize(
    ('cluster', 'service', 'word'),
    [
        ('qa', 'catalog-api', 'slow'),
        ('production', 'search-service', 'slow'),
        ('staging', 'routing-service', 'broken'),
        ('data-platform', 'model-server', 'broken'),
    ],
)
def test_what_was_just_changed_is_slow_or_fails(fleet: Fleet, cluster: str, service: str, word: str):
    newest = versions(fleet, cluster)[0]['VersionId']
    settings = dict(pair for item in document(fleet, cluster, newest)['services'] for pair in item.items())
    assert settings[service]['image'].endswith(f'-{word}')
    # Not announced yet: the server's sweeper does it, and the scheduler starts the rollout.
    tags = fleet.s3().get_object_tagging(Bucket=BUCKET, Key=cluster, VersionId=newest)['TagSet']
    assert tags == []


def test_one_service_bakes_and_one_waits_for_a_person(fleet: Fleet):
    """Their first deployments are over: the next ones, which Nysa starts, show it."""
    found = {
        service['serviceName']: service['deploymentConfiguration']
        for cluster in ('qa', 'data-platform')
        for service in services(fleet, cluster)
    }
    native = {name: each for name, each in found.items() if each['strategy'] != 'ROLLING'}
    assert {name: each['strategy'] for name, each in native.items()} == {
        'feature-store': 'BLUE_GREEN',
        'pricing-service': 'CANARY',
    }
    assert native['feature-store']['bakeTimeInMinutes'] == 15
    (hook,) = native['pricing-service']['lifecycleHooks']
    assert (hook['targetType'], hook['lifecycleStages']) == ('PAUSE', ['POST_TEST_TRAFFIC_SHIFT'])


def test_two_services_are_scaled_by_aws(fleet: Fleet):
    targets = fleet.home.client('application-autoscaling').describe_scalable_targets(ServiceNamespace='ecs')
    most = {target['ResourceId']: target['MaxCapacity'] for target in targets['ScalableTargets']}
    assert most.keys() == {'service/data-platform/event-collector', 'service/data-platform/etl-clicks'}
    assert most['service/data-platform/event-collector'] == 8
    # Its scheduled actions change it every five minutes.
    assert most['service/data-platform/etl-clicks'] in (1, 4)


def test_all_images_are_in_the_registry_of_the_home_account(fleet: Fleet):
    newest = document(fleet, 'production', versions(fleet, 'production')[0]['VersionId'])
    images = {settings['image'] for item in newest['services'] for settings in item.values()}
    assert {image.partition('.')[0] for image in images} == {'666666666666'}
    assert fleet.production.client('ecr').describe_repositories()['repositories'] == []


def test_the_settings_place_production_in_the_other_account(fleet: Fleet):
    secret = json.loads(fleet.home.client('secretsmanager').get_secret_value(SecretId=SETTINGS)['SecretString'])
    table = AccountTable(read_accounts(secret['NYSA_ACCOUNTS']))
    assert [table.place(cluster).account for cluster in MANAGED] == [
        PRODUCTION if cluster.startswith('production') else HOME for cluster in MANAGED
    ]


def test_one_queue_gets_the_events_of_both_accounts(fleet: Fleet):
    sqs = fleet.home.client('sqs')
    url = sqs.get_queue_url(QueueName=ECS_EVENTS_QUEUE)['QueueUrl']
    for cluster in ('production-eu', 'staging'):
        service = services(fleet, cluster)[0]
        count = service['desiredCount'] + 1
        ecs = fleet.of(cluster).client('ecs')
        ecs.update_service(cluster=cluster, service=service['serviceName'], desiredCount=count)
        fleet.of(cluster).advance(300)
        ecs.update_service(cluster=cluster, service=service['serviceName'], desiredCount=count - 1)
        fleet.of(cluster).advance(300)
    accounts = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get('Messages'):
        accounts |= {json.loads(message['Body'])['account'] for message in messages}
    assert accounts == {'666666666666', '676767676767'}


def test_the_banner_has_where_each_account_answers(fleet: Fleet):
    lines = fleet.accounts.banner()
    assert lines[-1] == f'Its account production (676767676767) answers at {fleet.production.endpoint}.'


def test_the_history_is_proven(fleet: Fleet):
    verification = Verification(Bucket(connect(fleet.home.endpoint, fleet.home.region)[0], BUCKET))
    for cluster in MANAGED:
        revisions, _ = asyncio.run(verification.cluster(cluster))
        assert (revisions.findings, revisions.checked > 5) == ((), True)
