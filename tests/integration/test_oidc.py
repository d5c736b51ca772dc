"""Signing in at an OpenID provider that is a process of its own, and every way in which that must fail."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import urllib3

from handlers.access.sign_in import MOST_ATTEMPTS
from tests.aws import Aws
from tests.client import Answer
from tests.guarded import Guarded
from tests.provider import Provider

# Nothing listens there: the test is the browser, and takes what the provider sends it back with to the server itself.
URL = 'http://nysa.example'


@pytest.fixture(scope='module')
def running() -> Iterator[Provider]:
    provider = Provider(URL)
    yield provider
    provider.end()


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.fault('no')
    running.groups('web')
    running.person()
    return running


@pytest.fixture
def server(aws: Aws, provider: Provider) -> Iterator[Guarded]:
    with Guarded(
        aws, **provider.settings('{"web": {"role": "deployer", "clusters": ["stag*"]}, "platform": "admin"}')
    ) as guarded:
        yield guarded


def begin(server: Guarded, query: str = '') -> tuple[str, str]:
    """Start a sign-in: the cookie that the browser gets, and where the provider sends it back to."""
    away = server.ask('GET', f'/sign-in{query}')
    assert away.status == 302, away.body
    back = urllib3.request('GET', away.headers['Location'], redirect=False)
    assert back.status == 302, back.data
    return away.headers['Set-Cookie'].partition(';')[0], back.headers['Location'].removeprefix(URL)


def sign_in(server: Guarded) -> Answer:
    cookie, back = begin(server)
    return server.ask('GET', back, Cookie=cookie)


def changed(back: str, **parameters: str | None) -> str:
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()} | parameters
    return f'{urlsplit(back).path}?{urlencode({name: value for name, value in query.items() if value is not None})}'


def session_cookie(answer: Answer) -> str:
    [cookie] = [each for each in answer.headers.getlist('Set-Cookie') if each.startswith('nysa-session=')]
    return cookie


@pytest.mark.parametrize('fault', ['audience', 'nonce', 'expired', 'issuer', 'key', 'early'])
def test_a_wrong_id_token_is_refused(server: Guarded, provider: Provider, fault: str):
    provider.fault(fault)
    answer = sign_in(server)
    assert answer.status == 401
    word = {'expired': 'expiry', 'key': 'signature', 'early': 'start'}.get(fault, fault)
    assert word in answer.json['message']
    assert 'nysa-session=' not in answer.headers.get('Set-Cookie', '')


def test_a_code_counts_once(server: Guarded):
    cookie, back = begin(server)
    assert server.ask('GET', back, Cookie=cookie).status == 302
    assert server.ask('GET', back, Cookie=cookie).status == 401


def test_a_code_counts_in_the_browser_that_began_alone(server: Guarded):
    mine, _ = begin(server)
    _, other_address = begin(server)
    assert server.ask('GET', other_address, Cookie=mine).status == 401
    assert server.ask('GET', other_address).status == 401
    assert server.ask('GET', other_address, Cookie=mine[:-4] + 'beef').status == 401


@pytest.mark.parametrize(
    'wrong',
    [
        {'state': 'x'},
        {'state': None},
        {'code': None},
        {'code': 'x'},
        {'code': None, 'error': 'access_denied'},
        {'iss': 'https://other.example'},
        {'state': 'ä' * 100},
    ],
)
def test_an_answer_that_is_not_the_providers_is_refused(server: Guarded, wrong: dict):
    cookie, back = begin(server)
    assert server.ask('GET', changed(back, **wrong), Cookie=cookie).status == 401


def test_the_code_of_one_sign_in_does_not_end_another(server: Guarded):
    """PKCE: the code belongs to a verifier that only the cookie of its own sign-in holds."""
    cookie, back = begin(server)
    _, stolen = begin(server)
    code = parse_qs(urlsplit(stolen).query)['code'][0]
    assert server.ask('GET', changed(back, code=code), Cookie=cookie).status == 401


def test_a_user_in_no_group_is_refused(server: Guarded, provider: Provider):
    provider.groups('strangers')
    assert sign_in(server).status == 403


def test_a_provider_that_is_down_is_reported(server: Guarded, aws: Aws):
    settings = {'NYSA_OIDC_ISSUER': 'http://127.0.0.1:9', 'NYSA_URL': URL, 'NYSA_SESSION_KEY': 'k' * 32}
    more = {'NYSA_OIDC_CLIENT_ID': 'x', 'NYSA_OIDC_CLIENT_SECRET': 'x', 'NYSA_GROUPS': '{"web": "viewer"}'}
    with Guarded(aws, **settings, **more) as lonely:
        answer = lonely.ask('GET', '/sign-in')
        assert (answer.status, answer.json['error']) == (503, 'provider_unavailable')


def test_a_provider_that_fails_midway_is_reported(server: Guarded, provider: Provider):
    provider.fault('away')
    assert sign_in(server).status == 503


def test_two_tabs_sign_in_at_once(server: Guarded):
    one, back_of_one = begin(server, '?next=/cp/clusters/one')
    other, back_of_other = begin(server, '?next=/cp/clusters/other')
    both = f'{one}; {other}'
    answer = server.ask('GET', back_of_one, Cookie=both)
    assert (answer.status, answer.headers['Location']) == (302, '/cp/clusters/one')
    answer = server.ask('GET', back_of_other, Cookie=both)
    assert (answer.status, answer.headers['Location']) == (302, '/cp/clusters/other')


def test_the_cookies_of_abandoned_attempts_are_few(server: Guarded):
    cookies = [begin(server)[0] for _ in range(MOST_ATTEMPTS + 1)]
    answer = server.ask('GET', '/sign-in', Cookie='; '.join(cookies))
    cleared = [each for each in answer.headers.getlist('Set-Cookie') if 'expires=' in each and '=""' in each]
    assert [each.partition('=')[0] for each in cleared] == [each.partition('=')[0] for each in cookies[:2]]


def test_a_failure_is_a_page_with_a_way_back(server: Guarded, provider: Provider, caplog: pytest.LogCaptureFixture):
    cookie, back = begin(server, '?next=/cp/clusters/one')
    provider.fault('away')
    answer = server.ask('GET', back, Cookie=cookie, Accept='text/html,application/xhtml+xml')
    assert (answer.status, answer.headers['Content-Type']) == (503, 'text/html; charset=UTF-8')
    page = answer.body.decode()
    assert 'href="/sign-in?next=%2Fcp%2Fclusters%2Fone"' in page
    assert 'The identity provider did not answer (500).' in page
    assert 'script-src' not in answer.headers['Content-Security-Policy']
    [line] = [record.getMessage() for record in caplog.records if 'sign-in failed' in record.getMessage()]
    assert 'HTTP 500' in line


def test_a_message_in_the_page_of_a_failure_is_text(server: Guarded):
    cookie, back = begin(server)
    answer = server.ask('GET', changed(back, code=None, error='<script>'), Cookie=cookie, Accept='text/html')
    assert answer.status == 401
    assert b'<script>' not in answer.body
    assert b'&lt;script&gt;' in answer.body


def test_who_signs_out_is_sent_to_the_providers_own_sign_out(server: Guarded, provider: Provider):
    cookie = session_cookie(sign_in(server)).partition(';')[0]
    csrf = server.api('GET', '/session', Cookie=cookie).json['csrf']
    out = server.api('DELETE', '/session', Cookie=cookie, X_CSRF_Token=csrf, Origin=URL)
    address = urlsplit(out.json['end_at_provider'])
    assert f'{address.scheme}://{address.netloc}{address.path}' == f'{provider.issuer}/end'
    assert parse_qs(address.query) == {'client_id': ['nysa'], 'post_logout_redirect_uri': [f'{URL}/cp']}


def test_two_people_are_never_shown_under_one_name(server: Guarded, provider: Provider):
    provider.person(sub='u-1', preferred_username='maria')
    assert name_of(server, sign_in(server)) == 'maria'
    provider.person(sub='u-2', preferred_username='MARIA')
    other = name_of(server, sign_in(server))
    assert re.fullmatch(r'MARIA \([0-9a-f]{8}\)', other)
    assert name_of(server, sign_in(server)) == other
    provider.person(sub='u-1', preferred_username='maria')
    assert name_of(server, sign_in(server)) == 'maria'


def test_nobody_is_shown_under_the_name_of_a_token(server: Guarded, provider: Provider):
    provider.person(sub='u-3', preferred_username='root')
    assert name_of(server, sign_in(server)).startswith('root (')


def test_a_name_has_no_characters_that_turn_or_hide_others(server: Guarded, provider: Provider):
    provider.person(sub='u-4', preferred_username='ev\u202eil\u200b')
    assert name_of(server, sign_in(server)) == 'evil'


def test_the_account_is_recorded_beside_the_name(server: Guarded, provider: Provider):
    provider.groups('platform')
    answer = sign_in(server)
    cookie = session_cookie(answer).partition(';')[0]
    csrf = server.api('GET', '/session', Cookie=cookie).json['csrf']
    proof = {'Cookie': cookie, 'X_CSRF_Token': csrf, 'Origin': URL}
    name = server.aws.cluster()
    config = {'services': [{'web': {'image': 'nginx:1'}}]}
    assert server.api('POST', '/clusters', {'name': name, 'config': config}, **proof).status == 201
    row = server.api('GET', f'/clusters/{name}/revisions', **proof).json['content'][0]
    assert row['changes'][0]['subject'] == f'{provider.issuer} u-1'
    entry = server.api('GET', f'/clusters/{name}/audit', **proof).json['content'][0]
    assert entry['subject'] == f'{provider.issuer} u-1'


def name_of(server: Guarded, answer: Answer) -> str:
    return server.api('GET', '/session', Cookie=session_cookie(answer).partition(';')[0]).json['name']


def test_who_signed_in_is_who_the_provider_says_with_what_the_group_may(server: Guarded):
    answer = sign_in(server)
    assert (answer.status, answer.headers['Location']) == (302, '/cp')
    cookie = session_cookie(answer)
    assert {'HttpOnly', 'SameSite=Strict', 'Path=/'} <= set(cookie.split('; '))
    session = server.api('GET', '/session', Cookie=cookie.partition(';')[0]).json
    assert (session['sign_in'], session['provider']) == (['token', 'oidc'], '127.0.0.1')
    assert (session['name'], session['role'], session['clusters'], session['via']) == (
        'maria',
        'deployer',
        ['stag*'],
        'oidc',
    )


def test_who_signed_out_is_out_on_every_replica(server: Guarded, aws: Aws):
    cookie = session_cookie(sign_in(server)).partition(';')[0]
    csrf = server.api('GET', '/session', Cookie=cookie).json['csrf']
    settings = {'AWS_S3_BUCKET': server.bucket, 'NYSA_SESSION_KEY': 'k' * 32, 'NYSA_URL': URL}
    with Guarded(aws, **settings) as replica:
        assert replica.api('GET', '/clusters', Cookie=cookie).status == 200
        out = server.api('DELETE', '/session', Cookie=cookie, X_CSRF_Token=csrf, Origin=URL)
        assert (out.status, out.json['signed_in']) == (200, False)
        assert server.api('GET', '/clusters', Cookie=cookie).status == 401
        replica.refresh()
        assert replica.api('GET', '/clusters', Cookie=cookie).status == 401


@pytest.mark.parametrize(
    ('asked', 'page'),
    [
        ('/cp/clusters/a/services?q=b', '/cp/clusters/a/services?q=b'),
        ('/cp?q=b', '/cp?q=b'),
        ('', '/cp'),
        ('/cpanel', '/cp'),
        ('//evil.example/cp', '/cp'),
        ('https://evil.example/cp', '/cp'),
        ('/cp/\\evil.example', '/cp'),
        ('/cp/\r\nSet-Cookie: a=b', '/cp'),
    ],
)
def test_the_browser_comes_back_to_its_page_and_to_no_other_site(server: Guarded, asked: str, page: str):
    cookie, back = begin(server, f'?{urlencode({"next": asked})}')
    answer = server.ask('GET', back, Cookie=cookie)
    assert (answer.status, answer.headers['Location']) == (302, page)
