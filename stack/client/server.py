"""Calls of a server's REST API, with a token; no redirect is followed, since it could take the token elsewhere."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

# Above the deadline of every call of the API.
ANSWER_WITHIN_S = 75.0

UNREACHABLE = 'The server {url} cannot be reached ({why}); nothing was changed. NYSA_URL or --server names another.'
UNKNOWN = 'The server {url} did not answer ({why}); it is unknown whether the call was carried out.'


@dataclass(frozen=True)
class Reply:
    """A server's answer; `status` is 0 where there is none, `body` then has a `message` all the same."""

    status: int
    body: Mapping[str, Any]

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        return str(self.body.get('message', ''))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """The redirect becomes an `HTTPError`."""


@dataclass(frozen=True)
class Server:
    """A server at an origin, and the token that its calls are made with; none where it is empty."""

    url: str
    token: str = ''

    def get(self, *path: str, **query: str | None) -> Reply:
        return self._call('GET', path, query, None)

    def post(self, *path: str, body: Mapping[str, Any], **query: str | None) -> Reply:
        return self._call('POST', path, query, json.dumps(body).encode())

    def _call(self, method: str, path: tuple[str, ...], query: Mapping[str, str | None], body: bytes | None) -> Reply:
        address = '/'.join([f'{self.url}/api/v1', *(quote(part, safe='') for part in path)])
        if given := {name: value for name, value in query.items() if value}:
            address += f'?{urlencode(given)}'
        headers = {'Accept': 'application/json', 'Content-Type': 'application/json', 'User-Agent': 'nysa'}
        if self.token:
            headers['Authorization'] = f'Bearer {self.token}'
        request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310  an origin with http(s)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=ANSWER_WITHIN_S) as answer:
                return self._reply(answer.status, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return self._reply(refusal.code, refusal.read())
        except urllib.error.URLError as failed:
            # Raised while the request is sent; what fails after that is an OSError of its own.
            return self._silence(UNREACHABLE, failed.reason)
        except (OSError, http.client.HTTPException) as failed:
            return self._silence(UNKNOWN if method == 'POST' else UNREACHABLE, failed)

    def _reply(self, status: int, body: bytes) -> Reply:
        try:
            read = json.loads(body)
        except ValueError:
            read = None
        if not isinstance(read, dict):
            return Reply(status, {'message': f'{self.url} answered {status}, which is no answer of this API.'})
        return Reply(status, read)

    def _silence(self, template: str, why: object) -> Reply:
        text = str(why) or type(why).__name__
        return Reply(0, {'message': template.format(url=self.url, why=text)})
