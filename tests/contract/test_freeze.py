"""A frozen cluster takes no change, through whichever server it comes; the refusal states the reason."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

import pytest

from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'worker': {'image': 'nginx:1'}}]}
OTHER = {'services': [{'web': {'image': 'nginx:2'}}]}

CHANGES = [
    pytest.param('PUT', ['config'], OTHER, id='replace'),
    pytest.param('PUT', ['services', 'web'], {'desired_count': 5}, id='change'),
    pytest.param('DELETE', ['services', 'web'], None, id='remove'),
    pytest.param('POST', ['services', 'web', 'restart'], None, id='restart'),
    pytest.param('PATCH', ['services'], {'services': {'web': None, 'worker': {'restart': True}}}, id='several'),
    pytest.param('POST', ['deploy'], None, id='deploy'),
    pytest.param('POST', ['rollback'], None, id='rollback'),
    pytest.param('DELETE', [], None, id='delete'),
]


@pytest.fixture(params=['versions', 'no versions'])
def any_server(request, aws: Aws) -> Iterator[Server]:
    with Server(aws, AWS_S3_BUCKET=aws.bucket(versioned=request.param == 'versions')) as running:
        yield running


@pytest.fixture
def replica(server: Server) -> Iterator[Server]:
    """Another server on the same bucket and queue."""
    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as running:
        yield running


def freeze(server: Server, name: str, **body):
    return server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'the big sale', **body}, X_Nysa_Actor='maria')


def thaw(server: Server, name: str):
    return server.api('DELETE', path('clusters', name, 'freeze'))


def change(server: Server, name: str, query: str = '', **values):
    return server.api('PUT', path('clusters', name, 'services', 'web') + query, values or {'desired_count': 3})


@pytest.mark.parametrize(
    'body',
    [
        {},
        {'reason': ''},
        {'reason': ' '},
        {'reason': 5},
        {'reason': 'x' * 1100},
        {'reason': 'x', 'until': 'soon'},
        {'reason': 'x', 'until': 5},
        {'reason': 'x', 'until': '0m'},
        {'reason': 'x', 'until': '1 hour'},
        {'reason': 'x', 'until': '-1h'},
        {'reason': 'x', 'until': '2999-01-01T00:00:00'},
        {'reason': 'x', 'until': '2001-01-01T00:00:00Z'},
        {'reason': 'x', 'until': '9999-12-31T23:59:59-14:00'},
        {'reason': 'x', 'till': '2999-01-01T00:00:00Z'},
        [],
    ],
)
def test_a_freeze_that_cannot_be_is_refused(server: Server, body):
    name = server.cluster(CONFIG)
    current = server.stored(name)['VersionId']
    assert server.api('PUT', path('clusters', name, 'freeze'), body).status == 400
    assert server.stored(name)['VersionId'] == current
    assert change(server, name).status == 202


@pytest.mark.parametrize('method', ['GET', 'PUT', 'DELETE'])
def test_what_is_not_there_cannot_be_frozen(server: Server, method):
    body = {'reason': 'x'} if method == 'PUT' else None
    assert server.api(method, path('clusters', 'missing', 'freeze'), body).status == 404


def test_thawing_what_is_not_frozen(server: Server):
    assert thaw(server, server.cluster(CONFIG)).status == 404


@pytest.mark.parametrize(('method', 'rest', 'body'), CHANGES)
def test_every_change_is_refused_with_the_reason(server: Server, method, rest, body):
    name = server.cluster(CONFIG)
    change(server, name)
    server.messages()
    frozen = freeze(server, name, until='2999-12-31T12:00:00+01:00')
    assert frozen.status == 200, frozen.body
    current = server.stored(name)['VersionId']
    refused = server.api(method, path('clusters', name, *rest), body)
    assert (refused.status, refused.json['error']) == (423, 'frozen')
    for words in ('maria', 'the big sale', '2999-12-31 11:00'):
        assert words in refused.json['message']
    assert refused.json['frozen']['until'] == '2999-12-31T11:00:00+00:00'
    assert (server.stored(name)['VersionId'], server.messages()) == (current, [])


def test_freezing_leaves_the_desired_state_as_it_is(any_server: Server):
    name = any_server.cluster(CONFIG)
    assert freeze(any_server, name).status == 200
    assert any_server.document(name) == CONFIG
    assert any_server.api('GET', path('clusters', name, 'config')).json == CONFIG
    assert any_server.messages() == []


def test_a_freeze_shows(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('GET', path('clusters', name, 'freeze')).json == {'frozen': None}
    answer = freeze(server, name)
    shown = server.api('GET', path('clusters', name, 'freeze')).json['frozen']
    assert (shown['by'], shown['reason'], shown['until']) == ('maria', 'the big sale', None)
    assert server.api('GET', path('clusters', name)).json['frozen'] == shown == answer.json['frozen']
    row = server.api('GET', path('clusters', name, 'revisions')).json['content'][0]
    assert (row['summary'], row['by'], row['message']) == ('frozen', 'maria', 'the big sale')
    assert row['revision'] == answer.json['revision']


def test_after_a_thaw_changes_are_taken_again(any_server: Server):
    name = any_server.cluster(CONFIG)
    freeze(any_server, name)
    assert change(any_server, name).status == 423
    assert thaw(any_server, name).status == 200
    assert change(any_server, name).status == 202
    assert 'nysa-guards' not in any_server.stored(name)['Metadata'], 'as if there had been no freeze'


class TwoHoursLater(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(hours=2)


def test_a_freeze_ends_by_itself(server: Server, monkeypatch: pytest.MonkeyPatch):
    name = server.cluster(CONFIG)
    assert freeze(server, name, until='1h').status == 200
    assert change(server, name).status == 423
    for module in ('gate', 'freezing'):
        monkeypatch.setattr(f'stack.changes.{module}.datetime', TwoHoursLater)
    assert change(server, name).status == 202
    assert server.api('GET', path('clusters', name, 'freeze')).json == {'frozen': None}


@pytest.mark.parametrize(('given', 'lasts'), [('1h', timedelta(hours=1)), ('1d30m', timedelta(days=1, minutes=30))])
def test_a_duration_counts_from_the_time_of_the_server(server: Server, given: str, lasts: timedelta):
    answer = freeze(server, server.cluster(CONFIG), until=given)
    frozen = answer.json['frozen']
    assert datetime.fromisoformat(frozen['until']) - datetime.fromisoformat(frozen['at']) == pytest.approx(
        lasts, abs=timedelta(seconds=10)
    )


def test_a_freeze_is_not_the_last_change(server: Server, replica: Server):
    name = server.cluster(CONFIG)
    changed = change(server, name, '?message=more').json['revision']
    freeze(server, name)
    thaw(server, name)
    for each in (server, replica):
        cluster = each.api('GET', path('clusters', name)).json
        assert cluster['revision'] != changed
        assert (cluster['last_change']['revision'], cluster['last_change']['message']) == (changed, 'more')


def test_a_freeze_holds_in_every_replica_at_once(server: Server, replica: Server):
    name = server.cluster(CONFIG)
    assert change(replica, name).status == 202
    assert change(server, name, image_tag='2').status == 202
    freeze(server, name)
    assert change(replica, name).status == 423
    assert thaw(replica, name).status == 200
    assert change(server, name).status == 202


def test_a_replica_that_knows_the_very_content_from_before_is_refused_too(any_server: Server):
    """The frozen revision has the content that the other one knows, and must not have its ETag."""
    server = any_server
    name = server.cluster(CONFIG)
    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as replica:
        known = change(replica, name, desired_count=2)
        assert known.status == 202
        freeze(server, name)
        change(server, name, '?override=test', desired_count=3)
        assert change(server, name, '?override=test', desired_count=2).status == 202
        assert change(replica, name, desired_count=9).status == 423


def test_a_freeze_outlives_what_other_programs_write(any_server: Server):
    name = any_server.cluster(CONFIG)
    freeze(any_server, name)
    any_server.aws.client('s3').put_object(Bucket=any_server.bucket, Key=name, Body=json.dumps(OTHER).encode())
    assert change(any_server, name).status == 423
    with Server(any_server.aws, AWS_S3_BUCKET=any_server.bucket) as fresh:
        assert change(fresh, name).status == 423


def test_a_freeze_outlives_removal_and_restoration(server: Server):
    name = server.cluster(CONFIG)
    freeze(server, name)
    assert server.api('DELETE', path('clusters', name) + '?override=test').status == 200
    assert server.api('POST', path('clusters', name, 'restore')).status == 423
    assert server.api('POST', path('clusters', name, 'restore') + '?override=test').status == 202
    assert change(server, name).status == 423


def test_an_override_is_made_and_recorded(server: Server):
    name = server.cluster(CONFIG)
    freeze(server, name)
    made = change(server, name, '?override=the%20house%20burns', image_tag='2')
    assert made.status == 202
    assert server.document(name)['services'][0]['web']['image'] == 'nginx:2'
    (change_record,) = server.api('GET', path('clusters', name, 'revisions')).json['content'][0]['changes']
    assert change_record['override'] == 'the house burns'
    assert change(server, name).status == 423, 'the freeze holds on'


def test_an_override_without_need_is_none(server: Server):
    name = server.cluster(CONFIG)
    assert change(server, name, '?override=just%20in%20case').status == 202
    (change_record,) = server.api('GET', path('clusters', name, 'revisions')).json['content'][0]['changes']
    assert change_record['override'] is None


def test_a_plan_may_be_made_in_a_freeze_and_says_that_there_is_one(server: Server):
    name = server.cluster(CONFIG)
    freeze(server, name)
    plan = change(server, name, '?dry_run=true', image_tag='2')
    assert (plan.status, plan.json['summary']) == (200, 'web: image 1 → 2')
    assert 'the big sale' in plan.json['notes'][0]['message']


@pytest.mark.parametrize('method', ['PUT', 'DELETE'])
def test_freezing_and_thawing_can_be_planned(server: Server, method):
    name = server.cluster(CONFIG)
    if method == 'DELETE':
        freeze(server, name)
    current = server.stored(name)['VersionId']
    body = {'reason': 'x'} if method == 'PUT' else None
    plan = server.api(method, path('clusters', name, 'freeze') + '?dry_run=true', body)
    assert (plan.status, plan.json['summary']) == (200, 'no difference')
    assert server.stored(name)['VersionId'] == current
    assert change(server, name).status == (202 if method == 'PUT' else 423)


def test_a_freeze_based_on_an_older_revision_is_refused_and_leaves_nothing_behind(server: Server, replica: Server):
    name = server.cluster(CONFIG)
    answer = server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'}, If_Match='"older"')
    assert answer.status == 412
    assert change(server, name).status == 202
    assert change(replica, name).status == 202


def test_a_freeze_that_could_not_be_stored_is_put_back(server: Server, replica: Server):
    name = server.cluster(CONFIG)
    fault = Fault('deny', service='s3', operation='PutObject', resource=f'/{server.bucket}/{name}')
    with server.aws.faults.during(fault):
        assert freeze(server, name).status == 502
    assert server.api('GET', path('clusters', name, 'freeze')).json == {'frozen': None}
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=json.dumps(OTHER).encode())
    assert change(server, name).status == 202
    assert change(replica, name).status == 202


def test_guards_that_cannot_be_read_let_nothing_through_and_can_be_lifted(server: Server, replica: Server):
    name = server.cluster(CONFIG)
    freeze(server, name)
    guards = f'nysa/guards/{name}/{server.stored(name)["Metadata"]["nysa-guards"]}'
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=guards, Body=b'not json')
    refused = change(replica, name)
    assert (refused.status, refused.json['error']) == (502, 'state_unreadable')
    assert thaw(replica, name).status == 200
    assert change(replica, name).status == 202
    assert change(server, name).status == 202


def test_guards_of_an_earlier_release_are_in_force(server: Server, replica: Server):
    name = server.cluster(CONFIG)
    freeze(server, name)
    s3, id = server.aws.client('s3'), server.stored(name)['Metadata']['nysa-guards']
    s3.delete_object(Bucket=server.bucket, Key=f'nysa/guards/{name}/{id}')
    assert change(replica, name).status == 423
    s3.delete_object(Bucket=server.bucket, Key=f'nysa/guards/{name}')
    refused = change(replica, name)
    assert (refused.status, refused.json['error']) == (502, 'state_unreadable')


def test_an_unfrozen_clusters_change_takes_two_calls(server: Server):
    name = server.cluster(CONFIG)
    change(server, name)
    with server.counted() as made:
        assert change(server, name, desired_count=4).status == 202
    assert made == {'s3:PutObject': 1, 'sqs:SendMessage': 1, 's3:HeadObject': 1, 's3:PutObjectTagging': 1}


def test_an_override_takes_no_more(server: Server):
    name = server.cluster(CONFIG)
    freeze(server, name)
    change(server, name, '?override=x')
    with server.counted() as made:
        assert change(server, name, '?override=x', desired_count=4).status == 202
    assert made == {'s3:PutObject': 1, 'sqs:SendMessage': 1, 's3:HeadObject': 1, 's3:PutObjectTagging': 1}


def test_what_another_program_writes_again_is_no_proof_that_nothing_is_frozen(aws: Aws):
    """Without versions its content looks the same as before the freeze: what was known of it then is no longer true."""
    bucket = aws.bucket(versioned=False)
    with Server(aws, AWS_S3_BUCKET=bucket) as here, Server(aws, AWS_S3_BUCKET=bucket) as there:
        name = here.cluster(CONFIG)
        body = json.dumps(CONFIG).encode()
        for server in (here, there):
            aws.client('s3').put_object(Bucket=bucket, Key=name, Body=body)
            assert server.api('GET', path('clusters', name, 'freeze')).json == {'frozen': None}
        assert freeze(there, name).status == 200
        aws.client('s3').put_object(Bucket=bucket, Key=name, Body=body)
        for server in (here, there):
            assert change(server, name, desired_count=2).status == 423
