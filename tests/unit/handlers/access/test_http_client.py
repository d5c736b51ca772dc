"""The HTTP client for OpenID providers against a real server, which pytest-tornado starts."""

import json

import pytest
from tornado.web import Application, RequestHandler

from handlers.access.http_client import LARGEST_ANSWER, fetch_json, fetch_text
from stack.errors import NotAuthenticated, ProviderFailed, ProviderUnavailable

# Of a whole test, in seconds; the plugin's own limit of 5 s is short for a busy machine.
TIMEOUT_S = 60

# pytest-tornado 0.8.1 selects its loop in a way that Tornado deprecates.
pytestmark = pytest.mark.filterwarnings('ignore:(make|clear)_current is deprecated:DeprecationWarning')


class Provider(RequestHandler):
    """Answers as the path states."""

    def get(self, kind: str) -> None:
        match kind:
            case 'redirect':
                self.redirect('/json')
            case 'latin':
                self.finish(b'\xe9')
            case 'nested':
                self.finish('[' * 200_000)
            case 'large':
                self.finish('1' * (LARGEST_ANSWER + 1))
            case 'json':
                self.finish(json.dumps({'accept': self.request.headers['Accept']}))
            case _:
                self.set_status(int(kind))

    def post(self, _: str) -> None:
        self.finish(json.dumps({name: self.get_body_argument(name) for name in self.request.body_arguments}))


@pytest.fixture
def app() -> Application:
    return Application([(r'/(\w+)', Provider)])


@pytest.fixture
def origin(http_server: object, http_port: int) -> str:
    return f'http://127.0.0.1:{http_port}'


@pytest.mark.gen_test(timeout=TIMEOUT_S)
async def test_json_is_read(origin: str):
    assert await fetch_json(f'{origin}/json', None) == {'accept': 'application/json, text/plain'}


@pytest.mark.gen_test(timeout=TIMEOUT_S)
async def test_a_form_is_posted(origin: str):
    form = {'code': 'a b&c', 'client_secret': 'ü'}
    assert await fetch_json(f'{origin}/json', form) == form


@pytest.mark.gen_test(timeout=TIMEOUT_S)
async def test_text_is_not_parsed(origin: str):
    assert (await fetch_text(f'{origin}/json')).startswith('{"accept"')


@pytest.mark.parametrize(
    ('kind', 'error', 'message'),
    [
        ('401', NotAuthenticated, r'refused the request \(401\)'),
        ('redirect', NotAuthenticated, r'refused the request \(302\)'),
        ('503', ProviderUnavailable, r'did not answer \(503\)'),
        ('large', ProviderUnavailable, r'did not answer \(599\)'),
        ('latin', ProviderFailed, 'did not answer in UTF-8'),
        ('nested', ProviderFailed, 'did not answer in JSON'),
        ('200', ProviderFailed, 'did not answer in JSON'),
    ],
)
@pytest.mark.gen_test(timeout=TIMEOUT_S)
async def test_answers_that_are_no_use(origin: str, kind: str, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        await fetch_json(f'{origin}/{kind}', None)


@pytest.mark.gen_test(timeout=TIMEOUT_S)
async def test_a_provider_that_cannot_be_reached(origin: str, http_server: object):
    http_server.stop()
    with pytest.raises(ProviderUnavailable):
        await fetch_json(f'{origin}/json', None)


@pytest.mark.parametrize('address', ['ftp://127.0.0.1/', 'not an address'])
@pytest.mark.gen_test(timeout=TIMEOUT_S)
async def test_an_address_that_is_none(address: str):
    with pytest.raises(ProviderUnavailable):
        await fetch_json(address, None)
