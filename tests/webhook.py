"""A chat's incoming webhook on loopback, which accepts or refuses posts as configured."""

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


class Webhook:
    """`answers` are the next answers, as status and `Retry-After` (status 0: not HTTP); then it accepts everything."""

    def __init__(self) -> None:
        self.texts: queue.Queue[str] = queue.Queue()
        self.answers: list[tuple[int, str | None]] = []
        self.refused = 0
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._server.server_port}/hook'

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(HTTPServer):
    def __init__(self, webhook: Webhook):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.webhook = webhook


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        webhook = self.server.webhook
        text = json.loads(self.rfile.read(int(self.headers['Content-Length'])))['text']
        status, wish = webhook.answers.pop(0) if webhook.answers else (200, None)
        if status == 0:
            self.wfile.write(b'what?\r\n\r\n')
            return
        if status == 200:
            webhook.texts.put(text)
        else:
            webhook.refused += 1
        self.send_response(status)
        if wish is not None:
            self.send_header('Retry-After', wish)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    chat = Webhook()
    yield chat
    chat.stop()
