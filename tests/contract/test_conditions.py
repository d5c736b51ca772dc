"""Revisions as ETags, the record of who and why, and the formats in and out."""

import json

import pytest
import yaml

from tests.client import path
from tests.guarded import Guarded
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 1, 'environment': [{'PORT': '22:22'}]}}]}
OTHER = {'services': [{'web': {'image': 'nginx:2'}}]}

CHANGES = [
    pytest.param('PUT', ['config'], OTHER, id='replace'),
    pytest.param('PUT', ['services', 'web'], {'desired_count': 5}, id='change'),
    pytest.param('DELETE', ['services', 'web'], None, id='remove'),
    pytest.param('POST', ['deploy'], None, id='deploy'),
    pytest.param('DELETE', [], None, id='delete'),
]


@pytest.mark.parametrize(('method', 'rest', 'body'), CHANGES)
def test_a_change_based_on_an_older_revision_is_refused(server: Server, method, rest, body):
    name = server.cluster(CONFIG)
    current = server.stored(name)['VersionId']
    refused = server.api(method, path('clusters', name, *rest), body, If_Match='"older"')
    assert refused.status == 412
    assert refused.json['error'] == 'revision_conflict'
    assert refused.json['revision'] == current
    assert server.stored(name)['VersionId'] == current
    assert server.messages() == []


@pytest.mark.parametrize(('method', 'rest', 'body'), CHANGES)
@pytest.mark.parametrize('condition', ['"{}"', '{}', 'W/"{}"', '*'])
def test_a_change_based_on_the_current_revision_is_made(server: Server, method, rest, body, condition):
    name = server.cluster(CONFIG)
    current = server.stored(name)['VersionId']
    made = server.api(method, path('clusters', name, *rest), body, If_Match=condition.format(current))
    assert made.status in (200, 202), made.body
    assert made.json['revision'] == made.revision


def test_of_two_changes_based_on_one_revision_one_is_made(server: Server):
    name = server.cluster(CONFIG)
    based = f'"{server.stored(name)["VersionId"]}"'
    service = path('clusters', name, 'services', 'web')
    assert server.api('PUT', service, {'desired_count': 2}, If_Match=based).status == 202
    assert server.api('PUT', service, {'desired_count': 3}, If_Match=based).status == 412
    assert server.document(name)['services'][0]['web']['desired_count'] == 2


def test_what_is_not_managed_has_no_revision_to_begin_from(server: Server):
    body = {'name': server.aws.cluster(), 'config': CONFIG}
    assert server.api('POST', '/clusters', body, If_Match='"older"').status == 412
    assert server.keys() == []
    assert server.api('POST', '/clusters', body, If_Match='*').status == 201
    last = server.api('DELETE', path('clusters', body['name'])).revision
    assert server.api('POST', path('clusters', body['name'], 'restore'), If_Match=f'"{last}"').status == 412


@pytest.mark.parametrize('rest', [[], ['config'], ['services']])
def test_what_the_client_has_is_not_sent_again(server: Server, rest):
    name = server.cluster(CONFIG)
    address = path('clusters', name, *rest)
    first = server.api('GET', address)
    again = server.api('GET', address, If_None_Match=f'"other", {first.headers["ETag"]}')
    assert (again.status, again.body, again.headers['ETag']) == (304, b'', first.headers['ETag'])
    server.api('PUT', path('clusters', name, 'services', 'web'), {'desired_count': 7})
    assert server.api('GET', address, If_None_Match=first.headers['ETag']).status == 200


def test_a_write_of_another_program_is_seen_at_once(server: Server):
    name = server.cluster(CONFIG)
    s3 = server.aws.client('s3')
    for document in (OTHER, CONFIG):
        s3.put_object(Bucket=server.bucket, Key=name, Body=json.dumps(document).encode())
        seen = server.api('GET', path('clusters', name, 'config'))
        assert seen.json == document
        assert seen.revision == server.stored(name)['VersionId']
    summary = server.api('GET', path('clusters', name)).json
    assert (summary['by'], summary['source']) == (None, 'external')


def test_equal_content_stored_again_is_another_revision(server: Server):
    name = server.cluster(CONFIG)
    first = server.api('GET', path('clusters', name, 'config')).revision
    body = server.stored(name)['Body']
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=body)
    assert server.api('GET', path('clusters', name, 'config')).revision != first


@pytest.mark.parametrize(
    ('query', 'headers', 'by', 'message'),
    [
        ('', {}, 'anonymous', None),
        ('?message=fix%20login', {'X_Nysa_Actor': 'slack:maria'}, 'slack:maria', 'fix login'),
        (
            '',
            {'X_Nysa_Message': '%D0%BE%D1%82%D0%BA%D0%B0%D1%82', 'Authorization': 'Basic Ym90OnRva2Vu'},
            'bot',
            'откат',
        ),
    ],
)
def test_who_and_why_are_recorded(server: Server, query, headers, by, message):
    name = server.cluster(CONFIG)
    made = server.api('PUT', path('clusters', name, 'services', 'web') + query, {'desired_count': 2}, **headers)
    assert made.status == 202
    summary = server.api('GET', path('clusters', name)).json
    assert (summary['by'], summary['message']) == (by, message)
    assert '127.0.0.1' in summary['source']
    assert summary['revision'] == made.json['revision']
    [announced] = server.messages()
    assert announced['requested_by'] == by
    assert b'nysa' not in server.stored(name)['Body']


@pytest.mark.parametrize('headers', [{'X_Nysa_Message': 'x' * 1100}, {'X_Nysa_Actor': 'x' * 200}])
def test_a_record_that_s3_could_not_hold_is_refused(server: Server, headers):
    name = server.cluster(CONFIG)
    refused = server.api('PUT', path('clusters', name, 'services', 'web'), {'desired_count': 2}, **headers)
    assert refused.status == 400
    assert server.document(name) == CONFIG


@pytest.mark.parametrize(('method', 'rest', 'body'), CHANGES[:3])
def test_a_change_can_be_stored_without_being_announced(server: Server, method, rest, body):
    name = server.cluster(CONFIG)
    assert server.api(method, path('clusters', name, *rest) + '?deploy=false', body).status == 202
    assert server.document(name) != CONFIG
    assert server.messages() == []


@pytest.mark.parametrize(
    'media', ['application/yaml', 'text/yaml', 'application/x-yaml', 'application/yaml; charset=UTF-8']
)
def test_yaml_goes_in_and_comes_out(server: Server, media: str):
    name = server.cluster(CONFIG)
    text = 'services:\n  - web: {image: "nginx:3", ports: [22:22], environment: {ON: on, Ü: ü}}\n'
    assert server.api('PUT', path('clusters', name, 'config'), text.encode(), Content_Type=media).status == 400
    text = text.replace(', Ü: ü', '')
    assert server.api('PUT', path('clusters', name, 'config'), text.encode(), Content_Type=media).status == 202
    web = server.document(name)['services'][0]['web']
    assert (web['ports'], web['environment']) == (['22:22'], {'ON': 'on'})
    answer = server.api('GET', path('clusters', name, 'config'), Accept='application/yaml')
    assert answer.headers['Content-Type'].startswith('application/yaml')
    assert yaml.safe_load(answer.body) == server.document(name)


def test_an_old_revision_comes_out_as_yaml(server: Server):
    name = server.cluster(CONFIG)
    first = server.api('GET', path('clusters', name)).json['revision']
    assert server.api('PUT', path('clusters', name, 'config'), {'services': []}).status == 202
    answer = server.api('GET', path('clusters', name, 'revisions', first), Accept='application/yaml')
    assert (answer.headers['Content-Type'], answer.headers['ETag']) == ('application/yaml; charset=UTF-8', f'"{first}"')
    assert yaml.safe_load(answer.body) == CONFIG
    assert server.api('GET', path('clusters', name, 'revisions', first)).json['config'] == CONFIG


@pytest.mark.parametrize(
    ('media', 'body', 'status'),
    [
        ('text/plain', b'{}', 415),
        ('application/x-www-form-urlencoded', b'a=b', 415),
        ('application/json; charset=latin-1', b'{}', 415),
        ('application/json', b'', 400),
        ('application/json', b'{', 400),
        ('application/json', b'\xff', 400),
        ('application/json', b'{"services": NaN}', 400),
        ('application/json', b'[' * 100_000, 400),
        ('application/json', b'9' * 10_000, 400),
        ('application/json', b'{"services": [], "services": []}', 400),
        ('application/yaml', b'a: [', 400),
        ('application/yaml', b'\xff\xfe', 400),
        ('application/yaml', b'[' * 60_000, 400),
        ('application/yaml', b'!!python/object/apply:os.system [id]', 400),
        ('application/yaml', b'a: &a [x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n' * 1, 400),
        ('application/json', b' ' * 10_000_000, 413),
        ('application/json', b' ' * 1_500_000, 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(server: Server, media: str, body: bytes, status: int):
    name = server.cluster(CONFIG)
    refused = server.api('PUT', path('clusters', name, 'config'), body, Content_Type=media)
    assert refused.status == status, refused.body
    assert set(refused.json) >= {'error', 'message', 'details'}
    assert server.document(name) == CONFIG
    assert server.messages() == []


def test_all_mistakes_are_reported_with_their_places(server: Server):
    text = (
        b'services:\n  - web:\n      imagee: x\n      desired_count: -1\n  - web: {image: nginx, ports: ["99999:1"]}\n'
    )
    refused = server.api('POST', '/stackfiles/validate', text, Content_Type='application/yaml')
    assert refused.status == 400
    assert refused.json['error'] == 'invalid_stackfile'
    places = {(each['line'], each['column']) for each in refused.json['details']}
    assert {(3, 7), (4, 7)} <= places
    assert any('image' in each['message'] for each in refused.json['details'])


def test_a_stackfile_without_mistakes_is_valid_with_its_warnings(server: Server):
    answer = server.api('POST', '/stackfiles/validate', {'services': [{'web': {'image': 'nginx'}}]})
    assert answer.status == 200
    assert answer.json['valid'] is True
    assert len(answer.json['warnings']) == 1


def test_an_imperfect_old_document_takes_changes_that_make_no_mistake(server: Server):
    name = server.aws.cluster()
    old = {'version': 2, 'services': [{'web': {'image': 'nginx:1', 'colour': 'red'}}, {'db': {'image': 'pg'}}, 'text']}
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=json.dumps(old).encode())
    assert server.api('GET', path('clusters', name, 'services')).status == 200
    assert server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'}).status == 202
    old['services'][0]['web']['image'] = 'nginx:2'
    assert server.document(name) == old
    old['services'].insert(0, {'new': {'image': 'new:1'}})
    assert server.api('PUT', path('clusters', name, 'config'), old).status == 202
    old['services'][0]['new']['colour'] = 'red'
    assert server.api('PUT', path('clusters', name, 'config'), old).status == 400
    assert server.api('DELETE', path('clusters', name, 'services', 'db')).status == 202


def test_a_cluster_is_removed_and_comes_back_with_its_history(server: Server):
    name = server.cluster(CONFIG)
    gone = server.api('DELETE', path('clusters', name) + '?message=retired', X_Nysa_Actor='maria')
    assert gone.status == 200
    assert server.api('GET', path('clusters', name, 'config')).status == 404
    assert server.api('GET', '/clusters').json == {'content': []}
    assert server.messages() == []
    assert server.api('DELETE', path('clusters', name)).status == 404
    assert server.api('POST', path('clusters', name, 'restore')).status == 202
    assert server.document(name) == CONFIG
    assert server.api('POST', path('clusters', name, 'restore')).status == 422
    versions = server.aws.client('s3').list_object_versions(Bucket=server.bucket, Prefix=name)
    assert len(versions['Versions']) == 3
    assert len(versions['DeleteMarkers']) == 1


def test_removed_clusters_are_listed_until_they_are_back(server: Server):
    names = [server.cluster(CONFIG) for _ in range(3)]
    listed = '/clusters?removed=true'
    assert server.api('GET', listed).json == {'content': [], 'removed': []}
    for name in names[:2]:
        server.api('DELETE', path('clusters', name) + '?message=retired', X_Nysa_Actor='maria')
    found = server.api('GET', listed).json
    assert found['content'] == sorted(names[:2])
    assert {(each['by'], each['message']) for each in found['removed']} == {('maria', 'retired')}
    server.api('POST', path('clusters', names[0], 'restore'))
    assert server.api('GET', listed).json['content'] == [names[1]]
    server.api('DELETE', path('clusters', names[0]))
    assert server.api('GET', listed).json['content'] == sorted(names[:2])


def test_removed_clusters_of_others_are_not_listed(guarded: Guarded):
    name = guarded.managed()
    guarded.as_(guarded.admin, 'DELETE', path('clusters', name))
    for token, expected in ((guarded.admin, [name]), (guarded.token('viewer', clusters=['other-*']), [])):
        assert guarded.as_(token, 'GET', '/clusters?removed=true').json['content'] == expected


def test_what_never_was_is_not_restored(server: Server):
    assert server.api('POST', path('clusters', 'never', 'restore')).status == 404


@pytest.mark.parametrize('address', ['/api/v1/nothing', '/nothing', '/api/v1/clusters/a/b/c/d', '/api/v1/clusters/'])
def test_an_unknown_address_is_not_found_in_the_one_shape(server: Server, address: str):
    answer = server.ask('GET', address)
    assert answer.status == 404
    assert answer.json['error'] == 'not_found'


@pytest.mark.parametrize('method', ['PATCH', 'POST', 'DELETE', 'OPTIONS'])
def test_an_unknown_method_is_refused_with_the_supported_ones(server: Server, method: str):
    answer = server.api(method, '/clusters/x/config')
    assert answer.status == 405
    assert answer.headers['Allow'] == 'GET, PUT, HEAD'
    assert answer.json['error'] == 'method_not_allowed'


def test_an_address_that_is_no_utf8_is_refused(server: Server):
    assert server.ask('GET', '/api/v1/clusters/%ff').status == 400


def test_a_head_answers_like_a_get_without_a_body(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('HEAD', path('clusters', name, 'config'))
    assert (answer.status, answer.body) == (200, b'')
    assert answer.headers['ETag']


def test_a_key_that_stands_twice_hides_no_other_mistake(server: Server):
    name = server.cluster(CONFIG)
    text = b'services:\n  - web:\n      image: nginx:1\n      memory: 512\n      memory: 256\n      desired_cout: 2\n'
    refused = server.api('PUT', path('clusters', name, 'config'), text, Content_Type='application/yaml')
    assert refused.status == 400
    assert [(each['path'], each['line']) for each in refused.json['details']] == [
        ('services[0].web.memory', 5),
        ('services[0].web.desired_cout', 6),
    ]
    assert server.document(name) == CONFIG
