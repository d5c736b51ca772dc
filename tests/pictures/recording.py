"""Answers of a running product, recorded once and replayed to the page with a fixed clock."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.sync_api import Page, Request, Response, Route, WebSocket, WebSocketRoute

RECORDING = Path(__file__).parent / 'recording.json'
API = '/api/v1'
SOCKET = '**/api/v1/events*'
# Of an answer's headers, those that the page reads.
HEADERS = ('content-type', 'etag', 'x-request-id')
# The document of the API is larger than all other answers, and the page needs its paths and roles alone.
DOCUMENT = f'GET {API}/openapi.json'


def key_of(method: str, url: str) -> str:
    """What a request is found by: its verb, its path and its query in the order of names."""
    address = urlsplit(url)
    query = urlencode(sorted(parse_qsl(address.query, keep_blank_values=True)))
    return f'{method} {address.path}{"?" if query else ""}{query}'


@dataclass
class Recorded:
    """An answer as the page got it."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Recording:
    """`at`: the time of the product, ISO 8601. `messages`: those of the live channel up to `synced`."""

    at: str
    messages: list[str]
    answers: dict[str, Recorded] = field(default_factory=dict)

    @classmethod
    def load(cls) -> 'Recording':
        stored = json.loads(RECORDING.read_text())
        answers = {key: Recorded(**answer) for key, answer in stored['answers'].items()}
        return cls(stored['at'], stored['messages'], answers)

    def save(self) -> None:
        answers = {key: vars(self.answers[key]) for key in sorted(self.answers)}
        RECORDING.write_text(
            json.dumps({'at': self.at, 'messages': self.messages, 'answers': answers}, ensure_ascii=False, indent=0)
        )

    def replay(self, page: Page) -> list[str]:
        """Answer the page from the recording from now on; the list that is returned names what the recording lacks."""
        missing: list[str] = []
        page.clock.set_fixed_time(datetime.fromisoformat(self.at))
        page.route(f'**{API}/**', lambda route: self._answer(route, missing))
        page.route_web_socket(SOCKET, self._converse)
        return missing

    def _answer(self, route: Route, missing: list[str]) -> None:
        key = key_of(route.request.method, route.request.url)
        answer = self.answers.get(key)
        if answer is None:
            missing.append(key)
            route.fulfill(status=404, json={'error': 'not_found', 'message': f'Not recorded: {key}'})
        else:
            route.fulfill(status=answer.status, headers=answer.headers, body=answer.body)

    def _converse(self, socket: WebSocketRoute) -> None:
        def reply(message: str | bytes) -> None:
            kind = json.loads(message)['type']
            if kind == 'ping':
                socket.send(json.dumps({'type': 'pong', 'time': self.at, 'at': self.at}))
            elif kind == 'subscribe':
                self._send_all(socket)

        socket.on_message(reply)
        if urlsplit(socket.url).query:
            # It is subscribed by its address.
            self._send_all(socket)

    def _send_all(self, socket: WebSocketRoute) -> None:
        for sent in self.messages:
            socket.send(sent)


class Recorder:
    """Records what a page is answered, from its next address on."""

    def __init__(self, page: Page):
        self._page = page
        self._messages: list[str] = []
        self._answers: dict[str, Recorded] = {}
        self._open: set[Request] = set()
        page.on('request', self._begin)
        page.on('requestfinished', self._note)
        page.on('requestfailed', lambda request: self._open.discard(request))
        page.on('websocket', self._listen)

    def _listen(self, socket: WebSocket) -> None:
        # A screen has a channel of its own: the first one counts.
        heard: list[str] = []
        if not self._messages:
            self._messages = heard
        socket.on('framereceived', lambda payload: heard.append(str(payload)))

    def wait(self) -> None:
        """Wait until no request is open; Playwright's `networkidle` is not left again once it is reached."""
        while self._open:
            self._page.wait_for_timeout(20)  # handles the events of its requests meanwhile

    def _begin(self, request: Request) -> None:
        if urlsplit(request.url).path.startswith(API):
            self._open.add(request)

    def _note(self, request: Request) -> None:
        self._open.discard(request)
        if urlsplit(request.url).path.startswith(API):
            response = request.response()
            if response is not None:
                self._answers[key_of(request.method, request.url)] = _recorded(request, response)

    def recording(self) -> Recording:
        """What was recorded so far. Raises StopIteration before the channel was synchronised."""
        messages = list(_until_synced(self._messages))
        hello = json.loads(messages[0])
        return Recording(hello['at'], messages, self._answers)


def _until_synced(messages: list[str]) -> Iterator[str]:
    for message in messages:
        kind = json.loads(message)['type']
        if kind != 'pong':
            yield message
        if kind == 'synced':
            return


def _recorded(request: Request, response: Response) -> Recorded:
    headers = {name: value for name, value in response.headers.items() if name in HEADERS}
    body = response.text()
    if key_of(request.method, request.url) == DOCUMENT:
        body = json.dumps(_offers(json.loads(body)))
    return Recorded(response.status, headers, body)


def _offers(document: dict[str, Any]) -> dict[str, Any]:
    """The part of the document that states which calls there are, and for which roles."""
    role = 'x-nysa-role'
    return {
        'paths': {
            path: {verb: {role: operation.get(role)} for verb, operation in operations.items() if verb != 'parameters'}
            for path, operations in document['paths'].items()
        }
    }
