"""The audit: what was done, what was refused, by whom, why."""

import json

import pytest

from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}]}


def change(server: Server, name: str, query: str = '', **headers: str):
    server.number = getattr(server, 'number', 1) + 1
    body = {'image_tag': f'v{server.number}'}
    return server.api('PUT', path('clusters', name, 'services', 'web') + query, body, **headers)


def audit(server: Server, name: str, query: str = '') -> list[dict]:
    answer = server.api('GET', path('clusters', name, 'audit') + query)
    assert answer.status == 200, answer.body
    return answer.json['content']


@pytest.mark.parametrize('query', ['?limit=0', '?limit=201', '?after=x', '?after=W10=', '?after=WzEsMl0='])
def test_a_page_that_cannot_be(server: Server, query):
    assert server.api('GET', path('clusters', server.cluster(CONFIG), 'audit') + query).status == 400


def test_what_never_was_has_no_audit(server: Server):
    assert server.api('GET', path('clusters', 'missing', 'audit')).status == 404


def test_everything_that_happened_is_there(server: Server):
    name = server.cluster(CONFIG)
    change(server, name, X_Nysa_Actor='bot')
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'the big sale'}, X_Nysa_Actor='maria')
    refused = change(server, name, '?message=please', X_Nysa_Actor='jo')
    assert refused.status == 423
    assert change(server, name, '?override=fire').status == 202
    server.api('DELETE', path('clusters', name, 'freeze'))
    server.api('POST', path('clusters', name, 'deploy'), X_Nysa_Actor='eve')
    server.api('POST', path('clusters', name, 'rollback'), {'message': 'broken'})
    server.number -= 1
    assert change(server, name).status == 409
    server.api('DELETE', path('clusters', name, 'services', 'web', 'quarantine'), {'reason': 'it was the network'})
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=json.dumps(CONFIG).encode())
    found = audit(server, name)
    assert {(each['kind'], each.get('did', {}).get('verb'), each['by'], each['message']) for each in found} == {
        ('change', None, None, None),
        ('change', 'release', 'anonymous', 'it was the network'),
        ('refusal', 'change', 'anonymous', None),
        ('change', 'rollback', 'anonymous', 'broken'),
        ('change', 'deploy', 'eve', None),
        ('change', 'thaw', 'anonymous', None),
        ('override', 'change', 'anonymous', None),
        ('refusal', 'change', 'jo', 'please'),
        ('change', 'freeze', 'maria', 'the big sale'),
        ('change', 'change', 'bot', None),
        ('change', 'create', 'anonymous', None),
    }
    by_jo = next(each for each in found if each['by'] == 'jo')
    assert (by_jo['error'], by_jo['reason'], by_jo['count']) == ('frozen', refused.json['message'], 1)
    assert next(each for each in found if each['kind'] == 'override')['override'] == 'fire'


def test_what_is_refused_over_and_over_is_counted(server: Server, monkeypatch: pytest.MonkeyPatch):
    # Nothing but the reader of the audit has it stored.
    monkeypatch.setattr('stack.changes.entry_recorder.WRITTEN_EACH_S', 3600.0)
    name = server.cluster(CONFIG)
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'})
    for _ in range(5):
        assert server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'}).status == 423
    refusals = [each for each in audit(server, name) if each['kind'] == 'refusal']
    assert [each['count'] for each in refusals] == [5]


def test_a_plan_in_a_freeze_is_no_refusal(server: Server):
    name = server.cluster(CONFIG)
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'})
    change(server, name, '?dry_run=true')
    assert [each['kind'] for each in audit(server, name)] == ['change', 'change']


def test_pages_join_without_a_gap_and_in_order(server: Server):
    name = server.cluster(CONFIG)
    for _ in range(4):
        change(server, name)
        server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'})
        change(server, name)
        audit(server, name)
        server.api('DELETE', path('clusters', name, 'freeze'))
    whole = audit(server, name)
    assert [each['at'] for each in whole] == sorted((each['at'] for each in whole), reverse=True)
    assert len(whole) == 1 + 4 * 4
    found, after = [], ''
    while after is not None:
        page = server.api('GET', path('clusters', name, 'audit') + f'?limit=3{after}').json
        found += page['content']
        after = page['next'] and f'&after={page["next"]}'
    assert found == whole


def test_other_servers_refusals_are_there_too(server: Server):
    name = server.cluster(CONFIG)
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'})
    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as replica:
        change(replica, name, X_Nysa_Actor='jo')
    assert 'jo' in [each['by'] for each in audit(server, name)]


def test_a_removed_cluster_has_an_audit(server: Server):
    name = server.cluster(CONFIG)
    server.api('DELETE', path('clusters', name))
    assert [each['did']['verb'] for each in audit(server, name)] == ['remove cluster', 'create']


def test_a_known_page_costs_two_calls(server: Server):
    name = server.cluster(CONFIG)
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'})
    change(server, name)
    audit(server, name)
    with server.counted('s3:') as made:
        audit(server, name)
    assert made == {'s3:ListObjectVersions': 1, 's3:ListObjectsV2': 1}
