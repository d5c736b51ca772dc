"""A history whose old versions a lifecycle rule of the bucket has deleted."""

import pytest

from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 1}}, {'worker': {'image': 'nginx:1'}}]}


@pytest.fixture
def replica(aws, server: Server):
    with Server(aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as other:
        yield other


def history(server: Server, name: str) -> list[dict]:
    return server.api('GET', path('clusters', name, 'revisions')).json['content']


def expired(server: Server, *, kept: int) -> tuple[str, list[str]]:
    """A cluster with five revisions, of which the oldest have expired; its name, and all ids, the newest first."""
    name = server.aws.cluster()
    server.api('POST', '/clusters', {'name': name, 'config': CONFIG}, X_Nysa_Actor='ann')
    for number in range(4):
        body = {'image_tag': str(number)}
        server.api('PUT', path('clusters', name, 'services', 'web'), body, X_Nysa_Actor=f'bot-{number}')
    ids = [row['revision'] for row in history(server, name)]
    for id in ids[kept:]:
        server.aws.client('s3').delete_object(Bucket=server.bucket, Key=name, VersionId=id)
    return name, ids


def test_the_oldest_that_is_left_is_no_creation(server: Server, replica: Server):
    name, ids = expired(server, kept=2)
    rows = history(server, name)
    assert [row['revision'] for row in rows] == ids[:2]
    assert rows[0]['summary'] == 'web: image 2 → 3'
    assert (rows[1]['summary'], rows[1]['by']) == ('what was before it is no longer kept', 'bot-2')
    assert history(replica, name) == rows, 'a server that has seen what expired shows the same'


def test_what_has_expired_is_gone(server: Server, replica: Server):
    name, ids = expired(server, kept=2)
    for rest in ([ids[-1]], [ids[-1], 'diff'], [ids[1], 'diff']):
        answer = replica.api('GET', path('clusters', name, 'revisions', *rest))
        assert (answer.status, answer.json['error']) == (410, 'gone'), rest
    assert 'expire' in answer.json['message']
    answer = replica.api('GET', path('clusters', name, 'revisions', ids[0], 'diff') + f'?against={ids[3]}')
    assert answer.status == 410
    answer = replica.api('POST', path('clusters', name, 'rollback'), {'revision': ids[3]})
    assert (answer.status, answer.json['error']) == (410, 'gone')


def test_replicas_agree_soon_on_what_is_gone(server: Server, monkeypatch):
    monkeypatch.setattr('stack.state.history.KEPT_S', 0.0)
    name, ids = expired(server, kept=2)
    assert server.api('GET', path('clusters', name, 'revisions', ids[2])).status == 410


def test_where_nothing_has_expired_an_unknown_revision_is_not_found(server: Server):
    name, ids = expired(server, kept=5)
    assert server.api('GET', path('clusters', name, 'revisions', '0' * 32)).status == 404
    first = server.api('GET', path('clusters', name, 'revisions', ids[-1], 'diff'))
    assert (first.status, first.json['against']) == (200, None)
    assert history(server, name)[-1]['summary'] == 'created; 2 services created'


def test_a_freeze_outlives_the_revision_that_began_it(server: Server, replica: Server):
    name, _ = expired(server, kept=1)
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'sale'})
    frozen = server.stored(name)['VersionId']
    s3 = server.aws.client('s3')
    s3.put_object(Bucket=server.bucket, Key=name, Body=b'{"services": []}')
    s3.delete_object(Bucket=server.bucket, Key=name, VersionId=frozen)
    for row in history(server, name)[1:]:
        s3.delete_object(Bucket=server.bucket, Key=name, VersionId=row['revision'])
    for each in (server, replica):
        assert each.api('GET', path('clusters', name, 'freeze')).json['frozen']['reason'] == 'sale'
