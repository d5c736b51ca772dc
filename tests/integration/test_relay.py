"""The relay as a process: what it posts to a webhook that is slow to take it."""

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.process import run
from tests.relay_process import relaying
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'team/web:1', 'desired_count': 2}}]}


class Webhook:
    """Refuses the first message with 429, and takes the others."""

    def __init__(self) -> None:
        self.texts: queue.Queue[str] = queue.Queue()
        self.refused = 0
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
                if not chat.refused:
                    chat.refused += 1
                    self.send_response(429)
                    self.send_header('Retry-After', '1')
                else:
                    chat.texts.put(body['text'])
                    self.send_response(200)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}/hook'
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.05})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    chat = Webhook()
    yield chat
    chat.stop()


def test_what_happens_is_posted(server: Server, webhook: Webhook):
    cluster = server.cluster(CONFIG)
    with relaying(f'http://127.0.0.1:{server.port}', webhook.url):
        server.api('PUT', f'/clusters/{cluster}/services/web?message=faster', {'image_tag': '2'}, X_Nysa_Actor='kim')
        text = webhook.texts.get(timeout=20)
    # The webhook refuses the first try: what happened until the next one is in the same message.
    assert text.splitlines()[0] == f':rocket: *{cluster}*: kim rolls out web: image 1 → 2 — faster'
    assert webhook.refused == 1


@pytest.mark.parametrize('given', [{}, {'SLACK_NOTIFICATIONS_WEBHOOK_URL': 'ftp://x'}, {'NYSA_RELAY_SERVER': 'x'}])
def test_what_it_needs_is_told(given: dict[str, str]):
    ended = run('relay', **given)
    assert ended.returncode == 2
    assert next(iter(given), 'SLACK_NOTIFICATIONS_WEBHOOK_URL') in ended.stderr
    assert 'Traceback' not in ended.stderr
