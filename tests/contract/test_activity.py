"""Activity and delivery figures over all clusters that the caller may see."""

import csv
import io
from urllib.parse import quote

import pytest

from tests.client import path
from tests.guarded import Guarded
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'api': {'image': 'nginx:1'}}]}


def change(server: Server, cluster: str, service: str, tag: str, by: str):
    answer = server.api('PUT', path('clusters', cluster, 'services', service), {'image_tag': tag}, X_Nysa_Actor=by)
    assert answer.status == 202, answer.body
    return answer


def test_the_activity_of_several_clusters_is_one_list(server: Server):
    one, two = server.cluster(CONFIG), server.cluster(CONFIG)
    change(server, one, 'web', '2', 'maria')
    change(server, two, 'api', '3', 'jo')
    of_both = f'/activity?cluster={one}&cluster={two}'
    entries = server.api('GET', of_both).json['content']
    assert [(entry['cluster'], entry['services'], entry['did']['verb']) for entry in entries] == [
        (two, ['api'], 'change'),
        (one, ['web'], 'change'),
        (two, ['api', 'web'], 'create'),
        (one, ['api', 'web'], 'create'),
    ]
    assert [entry['cluster'] for entry in server.api('GET', of_both + '&by=maria').json['content']] == [one]
    touching = server.api('GET', of_both + '&service=api&kind=create').json['content']
    assert [entry['cluster'] for entry in touching] == [two, one]
    assert server.api('GET', of_both + '&since=2001-01-01T00:00:00Z&until=2001-01-02T00:00:00Z').json['content'] == []


def test_pages_follow_each_other(server: Server):
    name = server.cluster(CONFIG)
    for tag in ('2', '3', '4'):
        change(server, name, 'web', tag, 'maria')
    first = server.api('GET', f'/activity?cluster={name}&limit=3').json
    change(server, name, 'web', '5', 'maria')
    second = server.api('GET', f'/activity?cluster={name}&limit=3&after={quote(first["next"])}').json
    tags = [entry['did'].get('image_tag') for entry in (*first['content'], *second['content'])]
    assert (tags, second['next']) == (['4', '3', '2', None], None)


def test_a_refusal_is_part_of_it(server: Server):
    name = server.cluster(CONFIG)
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'sale'}, X_Nysa_Actor='maria')
    assert server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'}).status == 423
    server.run(server.context.audit.close())
    (refusal,) = server.api('GET', f'/activity?cluster={name}&kind=refusal').json['content']
    assert (refusal['error'], refusal['services']) == ('frozen', ['web'])


def test_a_cluster_counts_for_its_account_and_region(server: Server):
    name = server.cluster(CONFIG)
    region = server.aws.region
    for path_ in ('/activity', '/stats/deployments?group=cluster'):
        mark = '&' if '?' in path_ else '?'
        for query, status in (('account=home', 200), (f'account=home&region={region}', 200), ('region=eu-west-1', 400)):
            assert server.api('GET', f'{path_}{mark}{query}').status == status

    def seen(query: str) -> set[str]:
        return {entry['cluster'] for entry in server.api('GET', f'/activity?cluster={name}&{query}').json['content']}

    assert seen('account=home') == seen(f'account=home&region={region}') == {name}
    assert seen('account=live') == seen('account=home&region=eu-west-3') == set()


def test_a_scoped_caller_sees_only_its_clusters(guarded: Guarded):
    seen, hidden = guarded.managed(), guarded.managed()
    token = guarded.token('viewer', clusters=[seen])
    listed = guarded.as_(token, 'GET', f'/activity?cluster={seen}&cluster={hidden}').json['content']
    assert {entry['cluster'] for entry in listed} == {seen}
    assert guarded.api('GET', '/activity').status == 401


@pytest.mark.parametrize('query', ['since=soon', 'since=0001-01-01T00:00:00%2B14:00', 'until=5', 'limit=0', 'after=x'])
def test_what_cannot_be_asked_of_the_activity(server: Server, query: str):
    refused = server.api('GET', f'/activity?{query}')
    assert (refused.status, refused.json['details'][0]['path']) == (400, query.partition('=')[0])


def test_figures_without_rollouts(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('GET', f'/stats/deployments?cluster={name}').json
    assert [row['deployments'] for row in answer['content']] == [0]
    assert server.api('GET', f'/stats/deployments?cluster={name}&group=cluster,week').json['content'] == []


def test_figures_as_csv(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('GET', f'/stats/deployments?cluster={name}&format=csv')
    assert answer.headers['Content-Type'] == 'text/csv; charset=UTF-8'
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [(row['deployments'], row['failure_rate'], row['lead_time_seconds_median']) for row in rows] == [
        ('0', '', '')
    ]


@pytest.mark.parametrize('query', ['since=soon', 'group=month', 'format=xml', 'since=1d&until=2d'])
def test_what_cannot_be_asked_of_the_figures(server: Server, query: str):
    assert server.api('GET', f'/stats/deployments?{query}').json['error'] == 'invalid_request'


def test_figures_by_day_are_rows_of_days(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('GET', f'/stats/deployments?cluster={name}&group=day').json['content'] == []


def test_versions_of_chosen_clusters_with_their_pushes(server: Server):
    one, two = server.cluster(CONFIG), server.cluster(CONFIG)
    plain = server.api('GET', f'/versions?cluster={one}').json
    assert plain['clusters'] == [one]
    assert [row['service'] for row in plain['content']] == ['api', 'web']
    assert 'digest' not in plain['content'][0]['clusters'][one]
    both = server.api('GET', f'/versions?cluster={one}&cluster={two}&pushes=true').json['content']
    assert [cell['behind_seconds'] for cell in both[0]['clusters'].values()] == [None, None]
    assert server.api('GET', '/versions?pushes=perhaps').status == 400


def test_versions_of_named_clusters_that_are_loaded_read_nothing(server: Server):
    name = server.cluster(CONFIG)
    first = server.api('GET', f'/versions?cluster={name}').json
    with server.counted('s3:') as calls:
        assert server.api('GET', f'/versions?cluster={name}').json == first
    assert calls == {}


def test_versions_name_no_cluster_that_is_not_there(server: Server):
    name = server.cluster(CONFIG)
    found = server.api('GET', f'/versions?cluster={name}&cluster=not-there').json
    assert found['clusters'] == [name]


def test_a_change_without_an_ended_rollout_has_no_outcome(server: Server):
    name = server.cluster(CONFIG)
    [created] = server.api('GET', f'/activity?cluster={name}').json['content']
    assert created['outcome'] is None
