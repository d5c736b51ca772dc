"""Lines to webhooks: in order for each, side by side, never waited for; and where they may be posted to."""

import asyncio
import contextlib
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from stack.chat import http_post
from stack.chat.http_post import Posted, is_public, post_json
from stack.chat.webhook import MOST_WAITING, MOST_WEBHOOKS, Callbacks, Webhooks, post
from tests.turned_time import TurnedTime


class Slack(HTTPServer):
    """A webhook that accepts lines, or answers with another status and more headers."""

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), _Channel)
        self.lines: list[str] = []
        self.paths: list[str] = []
        self.status = 200
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}/services/secret?x=1'


class _Channel(BaseHTTPRequestHandler):
    server: Slack

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.server.lines.append(body['text'])
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def slack() -> Iterator[Slack]:
    server = Slack()
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('stack.chat.webhook.FINISH_WITHIN_S', 60)


def test_posts_a_line(slack: Slack):
    assert asyncio.run(post(slack.url, 'Grüße')) == Posted(200)
    assert (slack.lines, slack.paths) == (['Grüße'], ['/services/secret?x=1'])


@pytest.mark.parametrize('url', ['file:///etc/passwd', 'ftp://example.com', 'x', '', 'https://'])
def test_refuses_what_is_no_web_address(url: str):
    with pytest.raises(ValueError, match='http'):
        asyncio.run(post(url, 'line'))


def test_a_redirect_is_not_followed(slack: Slack):
    slack.status, slack.headers = 302, {'Location': slack.url}
    posted = asyncio.run(post(slack.url, 'line'))
    assert (posted.status, posted.accepted, posted.passing) == (302, False, False)
    assert slack.lines == ['line']


@pytest.mark.parametrize('answer', [b'HTTP/1.1 200 OK\r\nX: ', b'', b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 10_000])
def test_an_answer_that_trickles_or_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, answer: bytes):
    monkeypatch.setattr(http_post, 'ANSWER_WITHIN_S', 2)

    async def scenario() -> Posted:
        ended = asyncio.Event()

        async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(b'y')
                    await writer.drain()
                    await asyncio.sleep(0.01)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            ended.set()

        server = await asyncio.start_server(trickle, '127.0.0.1', 0)
        port = server.sockets[0].getsockname()[1]
        posted = await post(f'http://127.0.0.1:{port}/', 'line')
        server.close()
        await ended.wait()
        return posted

    assert asyncio.run(scenario()) == Posted(0, sent=True)


def test_the_body_of_an_answer_is_not_read(slack: Slack):
    slack.headers = {'Content-Length': str(10**12)}
    assert asyncio.run(post(slack.url, 'line')).accepted


def test_lines_go_out_in_order_and_one_a_second(slack: Slack):
    time = TurnedTime()
    at: list[tuple[str, float]] = []

    async def send(url: str, text: str) -> Posted:
        at.append((text, time.now))
        return await post(url, text)

    async def say() -> None:
        webhooks = Webhooks(Callbacks(slack.url), send, sleep=time.sleep)
        for number in range(4):
            webhooks.say(slack.url, str(number))
        webhooks.say(None, 'to no server')
        await webhooks.finished()

    asyncio.run(say())
    assert slack.lines == ['0', '1', '2', '3']
    assert [later - earlier for (_, earlier), (_, later) in pairwise(at)] == [1.0, 1.0, 1.0]


def test_a_webhook_that_does_not_answer_holds_up_no_other_and_no_stop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr('stack.chat.webhook.FINISH_WITHIN_S', 0.2)

    async def scenario() -> None:
        posted = asyncio.Event()

        async def send(url: str, text: str) -> Posted:
            if 'slow' in url:
                await asyncio.Event().wait()
            posted.set()
            return Posted(200)

        webhooks = Webhooks(send=send, sleep=lambda _: asyncio.sleep(0))
        webhooks.say('https://slow.example', 'one')
        webhooks.say('https://quick.example', 'two')
        async with asyncio.timeout(60):
            await posted.wait()
            await webhooks.finished()
            webhooks.say('https://slow.example', 'three')
            await webhooks.finished()

    asyncio.run(scenario())


def test_what_fails_is_logged_without_its_address(slack: Slack, caplog: pytest.LogCaptureFixture):
    slack.status = 403
    unreachable = 'http://127.0.0.1:1/services/secret'

    async def say() -> None:
        webhooks = Webhooks(Callbacks(private=True), sleep=lambda _: asyncio.sleep(0))
        webhooks.say(unreachable, 'no server')
        webhooks.say('gopher://secret', 'no web address')
        webhooks.say(slack.url, 'refused')
        await webhooks.finished()

    asyncio.run(say())
    assert slack.lines == ['refused']
    assert 'status 403' in caplog.text
    assert 'secret' not in caplog.text


def test_what_waits_is_bounded_and_the_newest_is_kept():
    sent: list[str] = []

    async def keep(_: str, text: str) -> Posted:
        sent.append(text)
        return Posted(200)

    async def say() -> None:
        webhooks = Webhooks(send=keep, sleep=lambda _: asyncio.sleep(0))
        for number in range(2 * MOST_WAITING):
            webhooks.say('https://x', str(number))
        for number in range(2 * MOST_WEBHOOKS):
            webhooks.say(f'https://x{number}', 'other')
        await webhooks.finished()

    asyncio.run(say())
    assert len(sent) == MOST_WAITING + MOST_WEBHOOKS - 1
    assert str(2 * MOST_WAITING - 1) in sent


@pytest.mark.parametrize(
    'address',
    ['10.0.0.1', '127.0.0.1', '169.254.169.254', '192.168.1.1', '172.16.0.1', '100.64.0.1', '0.0.0.0', '224.0.0.1',
     '::1', 'fe80::1%eth0', 'fd00::1', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '2002:7f00:1::', 'ff02::1'],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize('address', ['52.1.2.3', '2a00:1450:4001::1', '::ffff:52.1.2.3'])
def test_addresses_that_are_public(address: str):
    assert is_public(address)


def test_which_webhooks_a_message_may_name():
    configured = 'http://chat.internal/hook'
    callbacks = Callbacks(configured)
    assert callbacks.refusal(configured) is None
    assert callbacks.refusal('https://hooks.example/x') is None
    for url in ('http://hooks.example/x', 'http://chat.internal/other', 'file:///etc/passwd', 'https://', 'x'):
        assert callbacks.refusal(url), url
    assert Callbacks(private=True).refusal('http://10.0.0.1/') is None


def test_a_name_of_a_private_address_is_not_reached_unless_a_setting_allows_it(slack: Slack):
    url = f'https://localhost:{slack.server_port}/x'
    assert asyncio.run(Callbacks().post(url, 'line')) == Posted(0, sent=False)
    url = slack.url.replace('127.0.0.1', 'localhost')
    assert asyncio.run(Callbacks(private=True).post(url, 'line')) == Posted(200)
    assert asyncio.run(Callbacks(url).post(url, 'line')) == Posted(200)
    assert slack.lines == ['line'] * 2


def test_a_name_is_resolved_once_and_only_what_was_judged_is_reached(slack: Slack, monkeypatch: pytest.MonkeyPatch):
    """A second resolution could give another address: DNS rebinding."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple]:
        asked.append(host)
        return [(2, 1, 6, '', ('127.0.0.2', port)), (2, 1, 6, '', ('127.0.0.1', port))]

    monkeypatch.setattr(http_post.socket, 'getaddrinfo', resolve)
    url = slack.url.replace('127.0.0.1', 'rebinding.example')

    async def scenario() -> Posted:
        return await post_json(url, b'{"text": "line"}', lambda address: address == '127.0.0.1')

    assert asyncio.run(scenario()) == Posted(200)
    assert asked.count('rebinding.example') == 1
    assert slack.lines == ['line']


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of the name chat.example, with its key."""
    path = tmp_path / 'chat.pem'
    command = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=chat.example']
    command += ['-addext', 'subjectAltName=DNS:chat.example', '-keyout', str(path), '-out', f'{path}.crt']
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    path.write_text(path.read_text() + Path(f'{path}.crt').read_text())
    return path


@pytest.mark.parametrize(('name', 'status'), [('chat.example', 200), ('other.example', 0)])
def test_the_certificate_is_that_of_the_name(slack: Slack, certificate, monkeypatch, name: str, status: int):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    slack.socket = context.wrap_socket(slack.socket, server_side=True)
    monkeypatch.setenv('SSL_CERT_FILE', str(certificate))
    monkeypatch.setattr(http_post.socket, 'getaddrinfo', lambda _, port, **__: [(2, 1, 6, '', ('127.0.0.1', port))])
    url = f'https://{name}:{slack.server_port}/x'
    assert asyncio.run(post_json(url, b'{"text": "line"}')).status == status
