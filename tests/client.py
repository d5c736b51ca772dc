"""An HTTP client for tests."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import urllib3


@dataclass(frozen=True)
class Answer:
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def revision(self) -> str:
        return self.headers['ETag'].strip('"')


class Client:
    """An HTTP client of the server at `port` on loopback; safe for any number of threads."""

    port: int

    def __init__(self) -> None:
        self._http = urllib3.PoolManager(maxsize=100, retries=False)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; a `body` that is not bytes is sent as JSON. Header names have `_` where HTTP has `-`."""
        named = {name.replace('_', '-'): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            named.setdefault('Content-Type', 'application/json')
        answer = self._http.request(method, f'http://127.0.0.1:{self.port}{path}', body=body, headers=named)
        return Answer(answer.status, answer.headers, answer.data)

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask(method, f'/api/v1{path}', body, **headers)

    def disconnect(self) -> None:
        self._http.clear()


def path(*parts: str) -> str:
    """An address built from arbitrary parts, each percent-encoded once."""
    return '/' + '/'.join(quote(part, safe='') for part in parts)
