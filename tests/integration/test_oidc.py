"""Signing in at an OpenID provider that is a process of its own, and every way in which that must fail."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import urllib3

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


@pytest.mark.parametrize('fault', ['audience', 'nonce', 'expired', 'issuer', 'key'])
def test_a_wrong_id_token_is_refused(server: Guarded, provider: Provider, fault: str):
    provider.fault(fault)
    answer = sign_in(server)
    assert answer.status == 401
    word = {'expired': 'expiry', 'key': 'signature'}.get(fault, fault)
    assert word in answer.json['message']
    assert 'nysa-session=' not in answer.headers.get('Set-Cookie', '')


def test_a_code_counts_once(server: Guarded):
    cookie, back = begin(server)
    assert server.ask('GET', back, Cookie=cookie).status == 302
    assert server.ask('GET', back, Cookie=cookie).status == 401


def test_a_code_counts_in_the_browser_that_began_alone(server: Guarded):
    mine, _ = begin(server)
    _, theirs = begin(server)
    assert server.ask('GET', theirs, Cookie=mine).status == 401
    assert server.ask('GET', theirs).status == 401
    assert server.ask('GET', theirs, Cookie=mine[:-4] + 'beef').status == 401


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


def test_somebody_in_no_group_is_refused(server: Guarded, provider: Provider):
    provider.groups('strangers')
    assert sign_in(server).status == 403


def test_a_provider_that_is_away_is_told(server: Guarded, aws: Aws):
    settings = {'NYSA_OIDC_ISSUER': 'http://127.0.0.1:9', 'NYSA_URL': URL, 'NYSA_SESSION_KEY': 'k' * 32}
    more = {'NYSA_OIDC_CLIENT_ID': 'x', 'NYSA_OIDC_CLIENT_SECRET': 'x', 'NYSA_GROUPS': '{"web": "viewer"}'}
    with Guarded(aws, **settings, **more) as lonely:
        assert lonely.ask('GET', '/sign-in').status == 401


def test_who_signed_in_is_who_the_provider_says_with_what_the_group_may(server: Guarded):
    answer = sign_in(server)
    assert (answer.status, answer.headers['Location']) == (302, '/cp')
    cookie = session_cookie(answer)
    assert {'HttpOnly', 'SameSite=Strict', 'Path=/'} <= set(cookie.split('; '))
    told = server.api('GET', '/session', Cookie=cookie.partition(';')[0]).json
    assert (told['sign_in'], told['provider']) == (['token', 'oidc'], '127.0.0.1')
    assert (told['name'], told['role'], told['clusters'], told['via']) == ('maria', 'deployer', ['stag*'], 'oidc')


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
