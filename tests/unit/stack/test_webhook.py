import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import pytest

from stack.webhook import MOST_WAITING, Webhooks, post
from tests.turned_time import TurnedTime


class Slack(HTTPServer):
    """A webhook that takes lines, or refuses them."""

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), _Channel)
        self.lines: list[str] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}/services/secret'


class _Channel(BaseHTTPRequestHandler):
    server: Slack

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.server.lines.append(body['text'])
        self.send_response(self.server.status)
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


def test_posts_a_line(slack: Slack):
    post(slack.url, 'Grüße')
    assert slack.lines == ['Grüße']


@pytest.mark.parametrize('url', ['file:///etc/passwd', 'ftp://example.com', 'x', ''])
def test_refuses_what_is_no_web_address(url: str):
    with pytest.raises(ValueError, match='http'):
        post(url, 'line')


def test_lines_go_out_in_order_and_one_a_second(slack: Slack):
    time = TurnedTime()
    at: list[tuple[str, float]] = []

    def send(url: str, text: str) -> None:
        post(url, text)
        at.append((text, time.now))

    async def say() -> None:
        webhooks = Webhooks(send, sleep=time.sleep)
        for number in range(4):
            webhooks.say(slack.url, str(number))
        webhooks.say(None, 'to nobody')
        await webhooks.finished()

    asyncio.run(say())
    assert slack.lines == ['0', '1', '2', '3']
    assert [later - earlier for (_, earlier), (_, later) in pairwise(at)] == [1.0, 1.0, 1.0]


def test_one_that_fails_is_logged_without_its_address_and_holds_up_nobody(
    slack: Slack, caplog: pytest.LogCaptureFixture
):
    slack.status = 500
    time = TurnedTime()

    async def say() -> None:
        webhooks = Webhooks(sleep=time.sleep)
        webhooks.say('http://127.0.0.1:1/services/secret', 'nobody listens')
        webhooks.say('gopher://secret', 'no web address')
        webhooks.say(slack.url, 'refused')
        await webhooks.finished()

    asyncio.run(say())
    assert slack.lines == ['refused']
    assert len(caplog.records) == 3
    assert 'secret' not in caplog.text


def test_what_waits_is_bounded_and_the_newest_is_kept():
    sent: list[str] = []

    async def say() -> None:
        webhooks = Webhooks(lambda _, text: sent.append(text), sleep=lambda _: asyncio.sleep(0))
        for number in range(2 * MOST_WAITING):
            webhooks.say('http://x', str(number))
        await webhooks.finished()

    asyncio.run(say())
    assert len(sent) == MOST_WAITING
    assert sent[-1] == str(2 * MOST_WAITING - 1)
