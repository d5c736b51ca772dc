"""Clusters in several accounts and regions, by real boto3 against embedded accounts: whose identity asks about what."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

import nysa_server
from stack.aws.connection import Connection
from stack.configuration.settings import read_settings
from stack.runtime.metrics import Metrics
from stack.sandbox.ecs import ManualClock
from stack.sandbox.faults import Fault
from stack.sandbox.server import EmbeddedAws, SeededFleet
from stack.scheduler.passes import Ask, Ended
from stack.state.revision_store import RevisionStore
from tests.aws import Aws
from tests.server import Server

LOGGING = {'log_driver': 'awslogs', 'options': {'awslogs-group': 'web', 'awslogs-stream-prefix': 'web'}}
DOCUMENT: dict[str, Any] = {'logging': LOGGING, 'services': [{'web': {'image': 'team/web:1', 'memory': 64}}]}


@pytest.fixture(scope='module')
def spoke() -> Iterator[EmbeddedAws]:
    """The account of the clusters `spoke-*`."""
    clock = ManualClock(time.time())
    with EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account='565656565656') as embedded:
        yield embedded


@pytest.fixture
def accounts(aws: Aws, spoke: EmbeddedAws) -> str:
    """The setting NYSA_ACCOUNTS."""
    role = aws.embedded.trust(spoke, external_id='nysa-1')
    return json.dumps({'spoke': {'role_arn': role, 'external_id': 'nysa-1', 'clusters': ['spoke-*']}})


def cluster_in(spoke: EmbeddedAws, name: str, region: str = 'us-east-1') -> str:
    with_keys: dict[str, Any] = {'region': region, 'account': spoke.account}
    status, answer = spoke.ecs.handle('CreateCluster', {'clusterName': name}, region, spoke.account)
    assert status == 200, answer
    spoke.ecs.register_container_instance(name, **with_keys)
    return name


def services_in(embedded: EmbeddedAws, cluster: str, region: str = 'us-east-1') -> list[str]:
    _, answer = embedded.ecs.handle('ListServices', {'cluster': cluster}, region, embedded.account)
    return [arn.rpartition('/')[2] for arn in answer.get('serviceArns', ())]


def deploy(server: Server, cluster: str, account: EmbeddedAws | None = None, **asked: Any) -> Ended:
    """Make one pass as a scheduler of its own does; `asked` are fields of `Ask`.

    Where the pass waits for an `account`, the time of that one passes instead.
    """

    async def sleep(seconds: float) -> None:
        if account is None:
            await asyncio.sleep(seconds)
        else:
            account.advance(seconds)

    async def make() -> Ended:
        connection = Connection()
        aws = nysa_server.Aws(server._settings, connection, Metrics(), role='scheduler')
        store = RevisionStore(aws.bucket)
        reconcilers = nysa_server.make_reconcilers(aws, aws.places(store), sleep=sleep)
        passes = nysa_server.make_passes(aws, store, reconcilers, lambda _: None)
        try:
            return await passes.make(Ask(cluster, **asked))
        finally:
            aws.accounts.close()
            connection.close()

    return asyncio.run(make())


def create(server: Server, name: str, **stated: Any) -> Any:
    return server.api('POST', '/clusters', {'name': name, 'config': {**DOCUMENT, **stated}})


def test_a_cluster_is_managed_in_the_account_that_its_name_belongs_to(aws: Aws, spoke: EmbeddedAws, accounts: str):
    name = cluster_in(spoke, 'spoke-all')
    with (
        Server(aws, NYSA_ACCOUNTS=accounts) as server,
        aws.embedded.application.recording_keys() as home,
        spoke.application.recording_keys() as away,
    ):
        assert create(server, name).status == 201
        [shown] = [row for row in server.api('GET', '/accounts').json['content'] if row['account'] == 'spoke']
        assert (shown['state'], shown['clusters'], shown['region']) == ('ok', 1, 'us-east-1')
        assert shown['names'] == [name]
        ended = deploy(server, name)
        assert ended.state == 'complete', ended.errors
        for path in ('', '/services', '/services/web', '/services/web/logs', '/services/web/metrics', '/metrics'):
            answer = server.api('GET', f'/clusters/{name}{path}')
            assert answer.status == 200, (path, answer.body)
        planned = server.api('PUT', f'/clusters/{name}/config?dry_run=true', DOCUMENT)
        assert planned.status == 200
        assert planned.json['ecs']['steps'] == []
    assert services_in(spoke, name) == ['web']
    # Not one call about the cluster goes to the home account, and none by another identity than the role's.
    assert {call.partition(':')[0] for call, _ in home} <= {'s3', 'sqs', 'sts'}
    assert away
    assert all(key.startswith('ASIA') for _, key in away)
    assert {'ecs:CreateService', 'ecs:DescribeServices', 'logs:FilterLogEvents'} <= {call for call, _ in away}
    assert not any(key.startswith('ASIA') for _, key in home)


def test_a_cluster_of_the_home_account_is_asked_for_by_the_own_identity(aws: Aws, spoke: EmbeddedAws, accounts: str):
    with Server(aws, NYSA_ACCOUNTS=accounts) as server, spoke.application.recording_keys() as away:
        name = aws.cluster()
        assert create(server, name).status == 201
        assert deploy(server, name).state == 'complete'
    assert away == []
    assert services_in(aws.embedded, name) == ['web']


def test_a_region_in_the_document_is_where_the_cluster_is(aws: Aws, spoke: EmbeddedAws, accounts: str):
    name = cluster_in(spoke, 'spoke-eu', 'eu-west-1')
    with Server(aws, NYSA_ACCOUNTS=accounts) as server:
        assert create(server, name).status == 422
        assert create(server, name, region='eu-west-1').status == 201
        ended = deploy(server, name)
        assert ended.state == 'complete', ended.errors
        shown = server.api('GET', f'/clusters/{name}/services/web').json
    assert services_in(spoke, name, 'eu-west-1') == ['web']
    assert services_in(spoke, name) == []
    assert shown['failing'] is None


def test_a_document_names_only_an_account_that_the_setting_gives(aws: Aws, spoke: EmbeddedAws, accounts: str):
    with Server(aws, NYSA_ACCOUNTS=accounts) as server:
        name = aws.cluster()
        refused = create(server, name, account='spoke')
        assert (refused.status, refused.json['error']) == (400, 'invalid_stackfile')
        [detail] = refused.json['details']
        assert detail['path'] == 'account'
        assert 'NYSA_ACCOUNTS' in detail['message']
        assert server.api('GET', f'/clusters/{name}/config').status == 404
        assert create(server, name, account='home').status == 201
        for stated in ({'account': 'spoke'}, {'region': 'eu-west-1'}):
            for path in ('config', 'config?dry_run=true'):
                moved = server.api('PUT', f'/clusters/{name}/{path}', {**DOCUMENT, 'account': 'home', **stated})
                assert (moved.status, moved.json['details'][0]['path']) == (400, next(iter(stated)))
        assert server.document(name) == {**DOCUMENT, 'account': 'home'}


def test_clusters_that_could_be_adopted_are_listed_with_their_accounts(aws: Aws, spoke: EmbeddedAws, accounts: str):
    there, elsewhere = cluster_in(spoke, 'spoke-listed'), cluster_in(spoke, 'no-match')
    here = aws.cluster()
    with Server(aws, NYSA_ACCOUNTS=accounts) as server:
        listed = server.api('GET', '/ecs-clusters').json
        rows = {row['name']: (row['account'], row['needs_name']) for row in listed['content']}
        assert (rows[there], rows[here]) == (('spoke', False), ('home', False))
        # Its name belongs to the home account.
        assert rows[elsewhere] == ('spoke', True)
    # A server that has no credentials yet: they are valid for an hour.
    with aws.embedded.faults.during(Fault('deny', service='sts')), Server(aws, NYSA_ACCOUNTS=accounts) as server:
        listed = server.api('GET', '/ecs-clusters').json
        [home, shown] = server.api('GET', '/accounts').json['content']
        checks = {check['check']: check.get('message') for check in server.ask('GET', '/readyz').json['checks']}
        metrics = server.ask('GET', '/metrics').body
    assert b'nysa_account_health{account="spoke",region="us-east-1",state="denied"} 1.0' in metrics
    assert b'nysa_account_health{account="home",region="us-east-1",state="ok"} 1.0' in metrics
    assert here in {row['name'] for row in listed['content']}
    assert 'AccessDenied' in listed['failing']['spoke']
    assert (home['account'], home['state']) == ('home', 'ok')
    assert (shown['account'], shown['state'], shown['denied']) == ('spoke', 'denied', ['sts:AssumeRole'])
    place = 'the account spoke, region us-east-1'
    assert checks[place] == 'The role lacks permissions: AWS denied sts:AssumeRole.'


def test_the_clusters_of_one_account_are_listed_without_a_call_to_another(aws: Aws, spoke: EmbeddedAws, accounts: str):
    there, far = cluster_in(spoke, 'spoke-asked'), cluster_in(spoke, 'spoke-far', 'eu-west-1')
    here = aws.cluster()

    def listed(server: Server, query: str) -> set[str]:
        answer = server.api('GET', f'/ecs-clusters?{query}')
        assert answer.status == 200, answer.body
        assert answer.json['failing'] == {}
        return {row['name'] for row in answer.json['content']} & {there, far, here}

    with Server(aws, NYSA_ACCOUNTS=accounts) as server:
        with aws.embedded.faults.during(Fault('deny', service='ecs')):
            assert listed(server, 'account=spoke') == {there}
            assert listed(server, 'account=spoke&region=eu-west-1') == {far}
        with spoke.faults.during(Fault('deny', service='ecs')):
            assert listed(server, 'account=home') == {here}
            denied = server.api('GET', '/ecs-clusters?account=spoke')
    assert (denied.status, denied.json['error']) == (502, 'aws_failed')
    assert 'ecs:ListClusters' in denied.json['message']


def test_a_cluster_of_an_account_that_is_not_its_usual_one_is_adopted_by_its_name(
    aws: Aws, spoke: EmbeddedAws, accounts: str
):
    name = cluster_in(spoke, 'both-adopted')
    role = {'clusters': ['both-*'], **{k: v for k, v in json.loads(accounts)['spoke'].items() if k != 'clusters'}}
    unused = {'role_arn': 'arn:aws:iam::999999999999:role/nysa', 'clusters': ['both-*']}
    with Server(aws, NYSA_ACCOUNTS=json.dumps({'first': unused, 'second': role})) as server:
        rows = server.api('GET', '/ecs-clusters?account=second').json['content']
        [row] = [each for each in rows if each['name'] == name]
        assert (row['needs_name'], row['needs_account']) == (False, True)
        adopted = server.api('POST', f'/clusters/{name}/adopt?account=second')
        assert adopted.status == 201, adopted.body
        assert server.document(name)['account'] == 'second'


def test_what_runs_is_adopted_from_its_account(aws: Aws, spoke: EmbeddedAws, accounts: str):
    name = cluster_in(spoke, 'spoke-adopted', 'eu-west-1')
    with Server(aws, NYSA_ACCOUNTS=accounts) as server:
        missing = server.api('POST', f'/clusters/{name}/adopt')
        assert missing.status == 422
        adopted = server.api('POST', f'/clusters/{name}/adopt?region=eu-west-1')
        assert adopted.status == 201, adopted.body
        assert server.document(name)['region'] == 'eu-west-1'
        wrong = server.api('POST', f'/clusters/{name}/adopt?region=Europe&account=home')
        assert wrong.status == 400


def test_the_session_is_named_after_the_role_of_the_process(aws: Aws, accounts: str):
    settings = read_settings(
        {
            'PROFILE': 'test',
            'AWS_S3_BUCKET': 'b',
            'AWS_SQS_NOTIFICATION_QUEUE': 'q',
            'NYSA_ACCOUNTS': accounts,
        }
    )
    connection = Connection()
    process = nysa_server.Aws(settings, connection, Metrics(), role='scheduler')

    async def ask() -> None:
        client = process.accounts.at(process.accounts.table.place('spoke-any'))
        await client.call('ecs', 'ListClusters')

    asyncio.run(ask())
    process.accounts.close()
    connection.close()
    names = {session.name for session in aws.embedded.application._tokens._sessions.values()}
    assert 'nysa-scheduler' in names
