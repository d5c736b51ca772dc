"""Clusters with another name in ECS: two accounts that both have an ECS cluster `default`, by real boto3.

Each account also has an ECS cluster that is called as the other cluster is in Nysa, with a service of another team.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

import nysa_server
from stack.sandbox.ecs import ManualClock
from stack.sandbox.server import EmbeddedAws, SeededFleet
from stack.watch.ecs_events import read
from tests.aws import Aws
from tests.integration.test_accounts import cluster_in, create, deploy, services_in
from tests.server import Server

ROLE = 'arn:aws:iam::123456789012:role/scheduler'
STEPS = {'metric': 'cpu', 'add': [{'above': 80, 'tasks': 2}], 'remove': [{'below': 20, 'tasks': 1}]}
WEB = {'image': 'team/web:1', 'memory': 64, 'autoscaling': {'min': 1, 'max': 3, 'memory': 70, 'steps': STEPS}}
REPORT = {
    'image': 'team/report:1',
    'memory': 64,
    'type': 'task',
    'scheduler_role': ROLE,
    'schedule': {'cron': '0 3 * * ? 2199'},
}
DOCUMENT: dict[str, Any] = {'ecs_cluster': 'default', 'services': [{'web': WEB}, {'report': REPORT}]}
EMPTY: dict[str, Any] = {**DOCUMENT, 'services': []}


class Account:
    """An account with the ECS clusters `default` and, as another team's, `NAME-default`."""

    def __init__(self, embedded: EmbeddedAws, name: str):
        self.embedded = embedded
        self.name = name
        self.cluster = f'{name}-default'
        self.ecs = embedded.client('ecs')
        for each in ('default', self.cluster):
            cluster_in(embedded, each)
        self.register('theirs', 'theirs:1')
        self.ecs.create_service(cluster=self.cluster, serviceName='web', taskDefinition='theirs', desiredCount=2)
        embedded.advance(600)
        self.before = self.others()

    def register(self, family: str, image: str) -> None:
        container = {'name': 'web', 'image': image, 'memory': 64, 'essential': True}
        self.ecs.register_task_definition(family=family, containerDefinitions=[container])

    def others(self) -> dict[str, Any]:
        """The service of the other team, and the tasks of their cluster."""
        [service] = self.ecs.describe_services(cluster=self.cluster, services=['web'])['services']
        kept = ('taskDefinition', 'desiredCount', 'status', 'createdAt', 'deployments', 'tags')
        return {key: service.get(key) for key in kept} | {
            'services': services_in(self.embedded, self.cluster),
            'tasks': sorted(self.ecs.list_tasks(cluster=self.cluster)['taskArns']),
        }

    def targets(self) -> list[str]:
        client = self.embedded.client('application-autoscaling')
        found = client.describe_scalable_targets(ServiceNamespace='ecs')['ScalableTargets']
        return [target['ResourceId'] for target in found]


@pytest.fixture(scope='module')
def accounts() -> Iterator[tuple[Account, Account]]:
    # Their services have metrics of the past hour, by the clock of the server.
    hour_ago = time.time() - 3600
    with (
        EmbeddedAws.start(clock=ManualClock(hour_ago), fleet=SeededFleet.NOTHING, account='575757575757') as prod,
        EmbeddedAws.start(clock=ManualClock(hour_ago), fleet=SeededFleet.NOTHING, account='585858585858') as staging,
    ):
        yield Account(prod, 'prod'), Account(staging, 'staging')


@pytest.fixture
def server(aws: Aws, accounts: tuple[Account, Account]) -> Iterator[Server]:
    setting = {
        account.name: {'role_arn': aws.embedded.trust(account.embedded), 'clusters': [f'{account.name}-*']}
        for account in accounts
    }
    with Server(aws, NYSA_ACCOUNTS=json.dumps(setting)) as server:
        yield server


def started(server: Server) -> None:
    """Have a scheduler carry out the requests for runs."""
    starter = nysa_server.make_run_starter(
        nysa_server.Aws(server._settings, server._connection, server._metrics, role='scheduler')
    )
    server.run(starter.look())


def test_a_cluster_is_managed_as_the_ecs_cluster_that_it_names(server: Server, accounts: tuple[Account, Account]):
    prod, staging = accounts
    with staging.embedded.application.recording() as elsewhere, server.aws.embedded.application.recording() as home:
        assert server.api('POST', '/clusters', {'name': prod.cluster, 'config': DOCUMENT}).status == 201
        ended = deploy(server, prod.cluster)
        assert ended.state == 'complete', ended.errors
        assert services_in(prod.embedded, 'default') == ['web']
        assert prod.targets() == ['service/default/web']
        _check_what_is_named(prod)
        _check_what_is_shown(server, prod)
        _check_a_run(server, prod)
        # Nothing differs from what the desired state names, and the next deployment changes one thing.
        again = deploy(server, prod.cluster)
        assert (again.state, [step.text for step in again.outcome.plan.steps]) == ('complete', [])
        scaled = {**DOCUMENT, 'services': [{'web': {**WEB, 'image': 'team/web:2'}}, {'report': REPORT}]}
        assert server.api('PUT', f'/clusters/{prod.cluster}/config', scaled).status == 202
        assert deploy(server, prod.cluster).state == 'complete'
        prod.embedded.advance(600)
        gone = server.api('PUT', f'/clusters/{prod.cluster}/config?prune=true', EMPTY)
        assert gone.status == 202, gone.body
        _destroyed(server, prod)
    assert prod.targets() == []
    assert prod.others() == prod.before
    assert elsewhere == []
    assert {call.partition(':')[0] for call in home} <= {'s3', 'sqs', 'sts'}


def _destroyed(server: Server, account: Account) -> None:
    """Make passes until nothing is left of what ran."""
    for _ in range(10):
        ended = deploy(server, account.cluster, account.embedded, prune=True)
        assert ended.state != 'failed', ended.errors
        if ended.state == 'complete':
            break
        account.embedded.advance(120)
    assert services_in(account.embedded, 'default') == []
    groups = account.embedded.client('scheduler').list_schedule_groups(NamePrefix='nysa-')['ScheduleGroups']
    assert groups == []
    assert account.embedded.client('cloudwatch').describe_alarms()['MetricAlarms'] == []


def _check_what_is_named(account: Account) -> None:
    """What Nysa creates is named by its own name of the cluster, and states which ECS cluster it is about."""
    alarms = account.embedded.client('cloudwatch').describe_alarms()['MetricAlarms']
    assert sorted(alarm['AlarmName'] for alarm in alarms) == [
        f'nysa-steps-{way}/{account.cluster}/web' for way in ('add', 'remove')
    ]
    for alarm in alarms:
        dimensions = {each['Name']: each['Value'] for each in alarm['Dimensions']}
        assert dimensions == {'ClusterName': 'default', 'ServiceName': 'web'}
    schedule = account.embedded.client('scheduler').get_schedule(GroupName=f'nysa-{account.cluster}', Name='report')
    assert schedule['Target']['Arn'].endswith(':cluster/default')
    families = account.ecs.list_task_definition_families(status='ACTIVE')['families']
    assert {f'{account.cluster}-web', f'{account.cluster}-report'} <= set(families)


def _check_what_is_shown(server: Server, account: Account) -> None:
    account.embedded.advance(300)

    async def tasks() -> int:
        return len(await (await server.context.looks.of(account.cluster)).running(account.cluster, 'web'))

    assert server.run(tasks()) == 1
    assert server.api('GET', f'/clusters/{account.cluster}/services/web').json['failing'] is None
    metrics = server.api('GET', f'/clusters/{account.cluster}/services/web/metrics?range=1h').json
    assert any(value is not None for series in metrics['series'] for _, value in series['points'])
    planned = server.api('PUT', f'/clusters/{account.cluster}/config?dry_run=true', DOCUMENT)
    assert planned.json['ecs']['steps'] == []
    place = account.embedded.account, account.embedded.region
    arn = f'arn:aws:ecs:us-east-1:{account.embedded.account}:service/default/web'
    event = read(json.dumps({'detail-type': 'ECS Service Action', 'resources': [arn], 'detail': {}}))
    assert event is not None
    assert server.context.places.cluster_at(event.ecs_cluster, *place) == account.cluster


def _check_a_run(server: Server, account: Account) -> None:
    asked = server.api('POST', f'/clusters/{account.cluster}/services/report/run', {})
    assert asked.status == 202, asked.body
    started(server)
    tasks = account.ecs.list_tasks(cluster='default', startedBy=f'nysa-run/{asked.json["id"]}')['taskArns']
    assert len(tasks) == 1


def test_what_runs_is_adopted_under_another_name(server: Server, accounts: tuple[Account, Account]):
    prod, staging = accounts
    staging.register('legacy', 'team/web:1')
    staging.ecs.create_service(cluster='default', serviceName='web', taskDefinition='legacy', desiredCount=1)
    scaling = staging.embedded.client('application-autoscaling')
    where = {
        'ServiceNamespace': 'ecs',
        'ResourceId': 'service/default/web',
        'ScalableDimension': 'ecs:service:DesiredCount',
    }
    scaling.register_scalable_target(**where, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(
        **where,
        PolicyName='cpu',
        PolicyType='TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration={
            'TargetValue': 60.0,
            'PredefinedMetricSpecification': {'PredefinedMetricType': 'ECSServiceAverageCPUUtilization'},
        },
    )
    name = staging.cluster
    with prod.embedded.application.recording() as elsewhere:
        listed = {
            (row['account'], row['name']): (row['managed'], row['cluster'], row['needs_name'])
            for row in server.api('GET', '/ecs-clusters').json['content']
        }
        assert listed['staging', 'default'] == (False, None, True)
        assert listed['staging', name] == (False, None, False)
        elsewhere.clear()
        proposed = server.api('POST', f'/clusters/{name}/adopt?ecs_cluster=default&dry_run=true')
        assert proposed.status == 200, proposed.body
        [(web, settings)] = [item for each in proposed.json['config']['services'] for item in each.items()]
        assert (web, settings['image'], settings['autoscaling']['max']) == ('web', 'team/web:1', 4)
        adopted = server.api('POST', f'/clusters/{name}/adopt?ecs_cluster=default&deploy=true')
        assert adopted.status == 201, adopted.body
        assert server.document(name)['ecs_cluster'] == 'default'
        _destroyed_after_adoption(server, staging)
        assert elsewhere == []
        listed = {
            (row['account'], row['name']): (row['managed'], row['cluster'], row['needs_name'])
            for row in server.api('GET', '/ecs-clusters').json['content']
        }
        assert listed['staging', 'default'] == (True, name, False)
        # Its own name belongs to the ECS cluster `default` now.
        assert listed['staging', name] == (False, None, True)
    # It has a policy of another program.
    assert staging.targets() == ['service/default/web']
    assert staging.others() == staging.before


def _destroyed_after_adoption(server: Server, account: Account) -> None:
    for _ in range(10):
        ended = deploy(server, account.cluster)
        assert ended.state != 'failed', ended.errors
        account.embedded.advance(120)
        if ended.state == 'complete':
            break
    assert services_in(account.embedded, 'default') == ['web']
    assert server.api('PUT', f'/clusters/{account.cluster}/config?prune=true', EMPTY).status == 202
    _destroyed(server, account)


def test_names_are_checked(server: Server, accounts: tuple[Account, Account]):
    prod, _ = accounts
    for wrong in ('', 'a b', 'a' * 256, 'ünicode', 7, None):
        refused = create(server, 'prod-wrong', ecs_cluster=wrong)
        assert (refused.status, refused.json['details'][0]['path']) == (400, 'ecs_cluster'), wrong
    missing = create(server, 'prod-missing', ecs_cluster='missing')
    assert missing.status == 422
    assert "'missing'" in missing.json['message']
    cluster_in(prod.embedded, 'shared')
    assert create(server, 'prod-one', ecs_cluster='shared').status == 201
    for query in ('', '?dry_run=true'):
        body = {'name': 'prod-two', 'config': {'ecs_cluster': 'shared', 'services': []}}
        second = server.api('POST', f'/clusters{query}', body)
        assert second.status == 422
        assert 'managed as prod-one' in second.json['message']
    assert server.api('POST', '/clusters/prod-two/adopt?ecs_cluster=shared').status == 422
    for stated in ('default', None):
        config = {'services': []} | ({'ecs_cluster': stated} if stated else {})
        moved = server.api('PUT', '/clusters/prod-one/config', config)
        assert (moved.status, moved.json['details'][0]['path']) == (400, 'ecs_cluster')


def test_a_pass_refuses_the_ecs_cluster_of_another_cluster(server: Server, accounts: tuple[Account, Account]):
    prod, _ = accounts
    cluster_in(prod.embedded, 'twice')
    assert create(server, 'prod-first', ecs_cluster='twice').status == 201
    assert deploy(server, 'prod-first').state == 'complete'
    # As another program stores it, or as a change of NYSA_ACCOUNTS brings it about.
    body = json.dumps({'ecs_cluster': 'twice', 'services': []}).encode()
    server.aws.client('s3').put_object(Bucket=server.bucket, Key='prod-second', Body=body)
    ended = deploy(server, 'prod-second')
    assert ended.state == 'failed'
    assert 'is managed as prod-first' in ended.errors[0]
    assert services_in(prod.embedded, 'twice') == ['web']


def test_two_creations_at_once(server: Server, accounts: tuple[Account, Account]):
    prod, _ = accounts
    cluster_in(prod.embedded, 'raced')

    async def both() -> list[Any]:
        asked = (asyncio.to_thread(create, server, f'prod-raced-{n}', ecs_cluster='raced') for n in range(4))
        return await asyncio.gather(*asked)

    answers = asyncio.run(both())
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]
    stored = server.aws.client('s3').list_objects_v2(Bucket=server.bucket, Prefix='prod-raced')['Contents']
    assert len(stored) == 1
