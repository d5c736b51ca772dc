"""The history of a cluster as the API shows it, with the writes of other programs."""

import json

import pytest

from stack.runtime.lru import LruCache
from stack.state.revisions import CHANGES_KEY
from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 1}}]}


def history(server: Server, name: str, query: str = '') -> list[dict]:
    answer = server.api('GET', f'{path("clusters", name, "revisions")}{query}')
    assert answer.status == 200, answer.body
    return answer.json['content']


def tag(server: Server, name: str, value: str, **headers: str):
    answer = server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': value}, **headers)
    assert answer.status == 202, answer.body
    return answer.json['revision']


def by_hand(server: Server, name: str, body: bytes) -> str:
    put = server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=body)
    return put.get('VersionId') or put['ETag'].strip('"')


@pytest.mark.parametrize('query', ['?limit=0', '?limit=201', '?limit=x', '?limit=-1'])
def test_a_limit_that_cannot_be_is_refused(server: Server, query):
    name = server.cluster(CONFIG)
    assert server.api('GET', path('clusters', name, 'revisions') + query).status == 400


@pytest.mark.parametrize('rest', [[], ['x'], ['x', 'diff'], ['current'], ['current', 'diff']])
def test_a_cluster_that_never_was_has_no_history(server: Server, rest):
    assert server.api('GET', path('clusters', 'never-made', 'revisions', *rest)).status == 404


@pytest.mark.parametrize('id', ['nonsense', 'null', '0' * 32, 'x' * 1500, 'a b/&', '%00'])
def test_a_revision_that_never_was(server: Server, id):
    name = server.cluster(CONFIG)
    for rest in ([id], [id, 'diff']):
        assert server.api('GET', path('clusters', name, 'revisions', *rest)).status == 404
    assert server.api('GET', path('clusters', name, 'revisions', 'current', 'diff') + '?against=zzz').status == 404


def test_each_change_is_there_once_the_newest_first(server: Server):
    name = server.cluster(CONFIG)
    ids = [tag(server, name, f'v{n}', X_Nysa_Actor=f'bot-{n}', X_Nysa_Message=f'wärum {n}') for n in range(3)]
    rows = history(server, name)
    assert [row['revision'] for row in rows[:3]] == ids[::-1]
    assert [row['current'] for row in rows] == [True, False, False, False]
    assert [row['by'] for row in rows] == ['bot-2', 'bot-1', 'bot-0', 'anonymous']
    assert rows[0]['summary'] == 'web: image v1 → v2'
    assert (rows[-1]['summary'], rows[-1]['deleted']) == ('created; web created', False)
    (change,) = rows[0]['changes']
    assert (change['message'], change['did']) == ('wärum 2', {'verb': 'change', 'service': 'web', 'image_tag': 'v2'})


def test_pages_join_without_a_gap(server: Server):
    name = server.cluster(CONFIG)
    for n in range(6):
        tag(server, name, f'v{n}')
    whole = history(server, name)
    found, after = [], ''
    while True:
        page = server.api('GET', f'{path("clusters", name, "revisions")}?limit=3{after}').json
        found += page['content']
        if page['next'] is None:
            break
        after = f'&after={page["next"]}'
    assert found == whole
    assert len(whole) == 7


def test_what_others_wrote_is_external_and_breaks_nothing(server: Server):
    name = server.cluster(CONFIG)
    changed = {'services': [{'web': {'image': 'nginx:9'}}]}
    hand = by_hand(server, name, json.dumps(changed).encode())
    broken = by_hand(server, name, b'not json')
    again = by_hand(server, name, b'{"services": []}')
    rows = history(server, name)
    assert [(row['revision'], row['by'], row['source'], row['changes']) for row in rows[:3]] == [
        (again, None, 'external', []),
        (broken, None, 'external', []),
        (hand, None, 'external', []),
    ]
    assert [row['summary'] for row in rows[:3]] == ['no difference', 'not a desired state', 'web: image 1 → 9']
    assert server.api('GET', path('clusters', name, 'revisions', broken)).status == 502


def test_a_removal_and_a_restoration_are_part_of_it(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('DELETE', path('clusters', name) + '?message=over').status == 200
    rows = history(server, name)
    assert [row['summary'] for row in rows] == ['no longer managed', 'created; web created']
    assert [row['current'] for row in rows] == [False, False]
    assert [row['removed'] for row in rows] == [True, False]
    assert server.api('POST', path('clusters', name, 'restore')).status == 202
    rows = history(server, name)
    assert [row['summary'] for row in rows] == ['brought back', 'no longer managed', 'created; web created']
    assert [row['removed'] for row in rows] == [False, True, False]
    assert rows[1]['message'] == 'over'


def test_a_removal_that_was_recorded_and_not_carried_out_is_none(server: Server):
    name = server.cluster(CONFIG)
    record = {'at': '2030-04-02T09:21:44.310+00:00', 'by': 'jo', 'source': 'test', 'did': {'verb': 'remove cluster'}}
    bucket = server.aws.client('s3')
    body = bucket.get_object(Bucket=server.bucket, Key=name)['Body'].read()
    metadata = {CHANGES_KEY: json.dumps([{**record, 'announce': None}])}
    bucket.put_object(Bucket=server.bucket, Key=name, Body=body, Metadata=metadata)
    newest = history(server, name)[0]
    assert (newest['by'], newest['current'], newest['removed']) == ('jo', True, False)


def test_a_deletion_by_hand_is_a_row_of_its_own(server: Server):
    name = server.cluster(CONFIG)
    server.aws.client('s3').delete_object(Bucket=server.bucket, Key=name)
    first, second = history(server, name)
    assert (first['summary'], first['deleted'], first['source']) == ('deleted', True, 'external')
    assert (first['removed'], second['removed']) == (True, False)
    assert server.api('GET', path('clusters', name, 'revisions', first['revision'])).status == 404
    assert second['summary'] == 'created; web created'


def test_one_revision_has_its_content(server: Server):
    name = server.cluster(CONFIG)
    first = server.stored(name)['VersionId']
    second = tag(server, name, 'v2')
    found = server.api('GET', path('clusters', name, 'revisions', first)).json
    assert (found['config'], found['revision'], found['previous']) == (CONFIG, first, None)
    found = server.api('GET', path('clusters', name, 'revisions', 'current')).json
    assert (found['revision'], found['previous'], found['summary']) == (second, first, 'web: image 1 → v2')


def test_the_difference_to_the_one_before_and_to_any_other(server: Server):
    name = server.cluster(CONFIG)
    first = server.stored(name)['VersionId']
    second, third = tag(server, name, 'v2'), tag(server, name, 'v3')
    address = path('clusters', name, 'revisions')
    found = server.api('GET', f'{address}/{third}/diff').json
    assert (found['revision'], found['against'], found['summary']) == (third, second, 'web: image v2 → v3')
    assert found['services'] == [
        {
            'service': 'web',
            'action': 'update',
            'changes': [{'path': 'image', 'before': 'nginx:v2', 'after': 'nginx:v3'}],
        }
    ]
    assert server.api('GET', f'{address}/{third}/diff?against={first}').json['summary'] == 'web: image 1 → v3'
    assert server.api('GET', f'{address}/{first}/diff?against=current').json['summary'] == 'web: image v3 → 1'
    assert server.api('GET', f'{address}/{first}/diff').json['against'] is None


def test_a_bucket_without_versions_has_a_history_of_one_and_says_so(aws):
    with Server(aws, AWS_S3_BUCKET=aws.bucket(versioned=False)) as server:
        name = server.cluster(CONFIG)
        tag(server, name, 'v2')
        answer = server.api('GET', path('clusters', name, 'revisions')).json
        assert (answer['versioned'], answer['next'], len(answer['content'])) == (False, None, 1)
        assert 'no versions' in answer['message']
        (row,) = answer['content']
        assert server.api('GET', path('clusters', name, 'revisions', row['revision'])).json['config'] == {
            'services': [{'web': {'image': 'nginx:v2', 'desired_count': 1}}]
        }


def test_versions_may_be_switched_on_later(aws):
    bucket = aws.bucket(versioned=False)
    with Server(aws, AWS_S3_BUCKET=bucket) as server:
        name = server.cluster(CONFIG)
        before = server.api('GET', path('clusters', name)).revision
        aws.client('s3').put_bucket_versioning(Bucket=bucket, VersioningConfiguration={'Status': 'Enabled'})
        after = tag(server, name, 'v2')
        assert [row['revision'] for row in history(server, name)] == [after, before]
        assert history(server, name, '?limit=1')[0]['revision'] == after
        found = server.api('GET', path('clusters', name, 'revisions', before)).json
        assert found['config'] == CONFIG
        found = server.api('GET', path('clusters', name, 'revisions', after, 'diff')).json
        assert (found['against'], found['summary']) == (before, 'web: image 1 → v2')


def test_a_known_page_costs_one_call(server: Server):
    name = server.cluster(CONFIG)
    for n in range(5):
        tag(server, name, f'v{n}')
    history(server, name)
    with server.counted('s3:') as made:
        history(server, name)
    assert made == {'s3:ListObjectVersions': 1}


def test_a_page_of_a_long_history_reads_no_more_than_its_rows(server: Server):
    name = server.cluster(CONFIG)
    server.api('GET', path('clusters', name))
    by = server.aws.client('s3')
    for n in range(150):
        by.put_object(Bucket=server.bucket, Key=name, Body=json.dumps({'services': [], 'n': n}).encode())
    with server.counted('s3:') as made:
        rows = history(server, name)
    assert (len(rows), rows[0]['summary']) == (20, 'n changed')
    assert sum(made.values()) <= len(rows) + 3, made


def test_only_what_was_used_last_is_kept():
    recent: LruCache[str, int] = LruCache(2)
    recent.put('a', 1)
    recent.put('b', 2)
    assert recent.get('a') == 1
    recent.put('c', 3)
    assert [recent.get(key) for key in 'abc'] == [1, None, 3]
    assert len(recent) == 2
