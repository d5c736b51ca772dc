"""Sessions of browsers, headers on every answer, other origins, and the bot of old with a token."""

import pytest

from tests.aws import Aws
from tests.contract.test_bot import Bot
from tests.guarded import Guarded
from tests.server import Server

PAGE = 'https://tools.example'


def test_a_session_is_as_safe_as_a_cookie_can_be(aws: Aws):
    with Guarded(aws, NYSA_URL='https://nysa.example') as server:
        answer = server.api('POST', '/session', {'token': server.admin}, Origin='https://nysa.example')
        cookie = answer.headers['Set-Cookie']
        assert cookie.startswith('__Host-nysa-session=')
        assert {'HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'} <= set(cookie.split('; '))
        assert answer.headers['Cache-Control'] == 'no-store'
        assert answer.headers['Strict-Transport-Security'] == 'max-age=31536000'
        assert server.api('POST', '/session', {'token': server.admin}, Origin='http://nysa.example').status == 403


@pytest.mark.parametrize('body', [{}, {'token': 1}, {'token': None}, {'token': 'x', 'more': 1}, []])
def test_what_is_no_sign_in(guarded: Guarded, body: object):
    assert guarded.api('POST', '/session', body).status == 400


def test_a_session_ends_with_its_token(guarded: Guarded):
    token = guarded.token('admin')
    cookie, _ = guarded.signed_in(token)
    assert guarded.api('GET', '/clusters', Cookie=cookie).status == 200
    guarded.revoke(token)
    assert guarded.api('GET', '/clusters', Cookie=cookie).status == 401
    assert guarded.api('GET', '/session', Cookie=cookie).json == {'signed_in': False, 'sign_in': ['token']}


@pytest.mark.parametrize('path', ['/api/v1/clusters', '/api/docs', '/healthz', '/cp', '/nowhere', '/api/v1/session'])
def test_every_answer_says_how_it_may_be_used(guarded: Guarded, path: str):
    headers = guarded.ask('GET', path).headers
    assert headers['X-Content-Type-Options'] == 'nosniff'
    assert headers['X-Frame-Options'] == 'DENY'
    assert "frame-ancestors 'none'" in headers['Content-Security-Policy']
    assert 'Access-Control-Allow-Origin' not in headers


def test_pages_of_origins_that_are_named_may_call_with_a_token_and_no_others(aws: Aws):
    with Guarded(aws, NYSA_ORIGINS=PAGE) as server:
        asked = server.ask('OPTIONS', '/api/v1/clusters', Origin=PAGE)
        assert (asked.status, asked.headers['Access-Control-Allow-Origin']) == (204, PAGE)
        assert 'Access-Control-Allow-Credentials' not in asked.headers
        assert server.ask('OPTIONS', '/api/v1/clusters', Origin='https://evil.example').status == 405
        cluster = server.managed()
        deployed = server.as_(server.admin, 'POST', f'/clusters/{cluster}/deploy', Origin=PAGE)
        assert deployed.status == 202
        cookie, csrf = server.signed_in(server.admin)
        path = f'/clusters/{cluster}/deploy'
        assert server.api('POST', path, Cookie=cookie, X_CSRF_Token=csrf, Origin=PAGE).status == 403


def test_a_server_on_loopback_answers_to_localhost_alone(aws: Aws):
    with Server(aws, PROFILE='local') as server:
        assert server.ask('GET', '/api/v1/clusters', Host=f'localhost:{server.port}').status == 200
        rebound = server.ask('POST', '/api/v1/clusters', {}, Host='evil.example', Origin='http://evil.example')
        assert rebound.status == 403


def test_a_token_that_speaks_for_others_names_them(guarded: Guarded):
    cluster = guarded.managed()
    bot, other = guarded.token('deployer', speaks_for=True), guarded.token('deployer')
    for token, by in ((bot, 'slack:maria'), (other, 'deployer')):
        path = f'/clusters/{cluster}/services/web'
        changed = guarded.as_(token, 'PUT', path, {'image_tag': by.replace(':', '')}, X_Nysa_Actor='slack:maria')
        assert changed.status == 202
        assert guarded.as_(guarded.admin, 'GET', f'/clusters/{cluster}').json['by'] == by


def test_the_old_bot_works_with_a_token_in_its_address(guarded: Guarded):
    cluster = guarded.managed()
    bot = Bot(f'http://hubot:{guarded.admin}@127.0.0.1:{guarded.port}/api')
    assert bot.deploy(cluster, 'web', 'v2') == 'deploying...'
    assert bot.set_variable(cluster, 'web', 'LEVEL', 'debug') == 'deploying...'
    assert guarded.document(cluster)['services'][0]['web']['image'] == 'nginx:v2'
