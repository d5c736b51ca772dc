"""Sessions of browsers: what is in their cookie, signed so that nobody else can make one.

Strict as `SameSite` can be: no other site's link or form brings the cookie along. The control plane's page is the same
for everybody, and what it then fetches comes from our own site.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler, create_signed_value, decode_signed_value

from stack.access.access import Caller, Role

LASTS_S = 12 * 60 * 60
LASTS_DAYS = LASTS_S / 86400


@dataclass(frozen=True)
class Session:
    """Who has signed in. With `token` it is that token's holder for as long as the token holds.

    Every change must show `csrf`, which no other site's page can read.
    """

    id: str
    csrf: str
    name: str
    role: str
    clusters: tuple[str, ...]
    via: str
    token: str | None = None
    subject: str = ''

    def caller(self) -> Caller:
        return Caller(self.name, Role[self.role], self.clusters, 'session', None, self.id, subject=self.subject)


def new_session(caller: Caller, via: str) -> Session:
    id, csrf = secrets.token_hex(16), secrets.token_urlsafe(24)
    return Session(id, csrf, caller.name, caller.role.name, caller.clusters, via, caller.token, caller.subject)


class Cookies:
    """Signed with `key`. Over https their names say that no other host has set them (RFC 6265bis, 4.1.3.2)."""

    def __init__(self, key: str, https: bool):
        self._key = key
        self._https = https
        self._prefix = '__Host-' if https else ''

    def name(self, name: str) -> str:
        return self._prefix + name

    def put(self, handler: RequestHandler, name: str, content: Any, same_site: str, seconds: int) -> None:
        """Have the browser keep something that it can neither read in a script nor make up."""
        signed = create_signed_value(self._key, self.name(name), json.dumps(content))
        handler.set_cookie(
            self.name(name), signed, max_age=seconds, httponly=True, secure=self._https, samesite=same_site, path='/'
        )

    def take(self, request: HTTPServerRequest, name: str, days: float) -> Any:
        """What `put` was given, or None where it is not there, too old, or not ours."""
        morsel = request.cookies.get(self.name(name))
        if morsel is None:
            return None
        content = decode_signed_value(self._key, self.name(name), morsel.value, max_age_days=days)
        return json.loads(content) if content else None

    def names(self, request: HTTPServerRequest, start: str) -> list[str]:
        """The names of the cookies of a request that start so, the oldest first (RFC 6265, 5.4)."""
        prefix = self.name(start)
        return [name.removeprefix(self._prefix) for name in request.cookies if name.startswith(prefix)]

    def clear(self, handler: RequestHandler, name: str) -> None:
        handler.clear_cookie(self.name(name), path='/', secure=self._https, httponly=True)


class Sessions:
    NAME = 'nysa-session'

    def __init__(self, cookies: Cookies):
        self.cookies = cookies

    def begin(self, handler: RequestHandler, session: Session) -> None:
        self.cookies.put(handler, self.NAME, asdict(session), 'Strict', LASTS_S)

    def read(self, request: HTTPServerRequest) -> Session | None:
        """The session of a request, as it was when it began; whether it has been ended since is not looked at."""
        content = self.cookies.take(request, self.NAME, LASTS_DAYS)
        return Session(**{**content, 'clusters': tuple(content['clusters'])}) if content else None

    def end(self, handler: RequestHandler) -> None:
        self.cookies.clear(handler, self.NAME)
