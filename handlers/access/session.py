"""Sessions of browsers, in signed cookies.

The session cookie is `SameSite=Strict`: links and forms of other sites do not send it. The control plane's page is the
same for every user and needs no cookie; what it fetches comes from its own site.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler, create_signed_value, decode_signed_value

from stack.access.access import Caller, Role
from stack.access.scope import EVERYWHERE

LASTS_S = 12 * 60 * 60
LASTS_DAYS = LASTS_S / 86400


@dataclass(frozen=True)
class Session:
    """A signed-in user. With `token` the session is valid for as long as that token.

    Every change must send `csrf`, which no other site's page can read.
    """

    id: str
    csrf: str
    name: str
    role: str
    clusters: tuple[str, ...]
    via: str
    token: str | None = None
    subject: str = ''
    services: tuple[str, ...] = EVERYWHERE
    groups: tuple[str, ...] = ()

    def caller(self) -> Caller:
        return Caller(
            self.name,
            Role[self.role],
            self.clusters,
            'session',
            None,
            self.id,
            subject=self.subject,
            services=self.services,
            groups=self.groups,
        )


def new_session(caller: Caller, via: str) -> Session:
    id, csrf = secrets.token_hex(16), secrets.token_urlsafe(24)
    return Session(
        id,
        csrf,
        caller.name,
        caller.role.name,
        caller.clusters,
        via,
        caller.token,
        caller.subject,
        caller.services,
        caller.groups,
    )


class Cookies:
    """Cookies signed with `key`. Over https their prefix keeps other hosts from setting them (RFC 6265bis, 4.1.3.2)."""

    def __init__(self, key: str, https: bool):
        self._key = key
        self._https = https
        self._prefix = '__Host-' if https else ''

    def name(self, name: str) -> str:
        return self._prefix + name

    def put(self, handler: RequestHandler, name: str, content: Any, same_site: str, seconds: int) -> None:
        """Set a cookie that scripts cannot read and clients cannot forge."""
        signed = create_signed_value(self._key, self.name(name), json.dumps(content))
        handler.set_cookie(
            self.name(name), signed, max_age=seconds, httponly=True, secure=self._https, samesite=same_site, path='/'
        )

    def take(self, request: HTTPServerRequest, name: str, days: float) -> Any:
        """The content given to `put`; None where the cookie is absent, too old, or not signed by this server."""
        morsel = request.cookies.get(self.name(name))
        if morsel is None:
            return None
        content = decode_signed_value(self._key, self.name(name), morsel.value, max_age_days=days)
        return json.loads(content) if content else None

    def made_at(self, request: HTTPServerRequest, name: str) -> int:
        """When the cookie that `take` gave was signed, in seconds since 1970.

        It is the second field of Tornado's format: version|length:key|length:timestamp|…
        """
        return int(request.cookies[self.name(name)].value.split('|')[2].partition(':')[2])

    def names(self, request: HTTPServerRequest, start: str) -> list[str]:
        """The names of a request's cookies with a prefix, the oldest first (RFC 6265, 5.4)."""
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
        """The session in a request's cookie, whether or not it has ended since."""
        content = self.cookies.take(request, self.NAME, LASTS_DAYS)
        if not content:
            return None
        # A session that began before tokens had services, or callers groups, has none in its cookie.
        patterns = {name: tuple(content.get(name, EVERYWHERE)) for name in ('clusters', 'services')}
        return Session(**{**content, **patterns, 'groups': tuple(content.get('groups', ()))})

    def ends_at(self, request: HTTPServerRequest) -> int:
        """When the session in a request's cookie ends by itself, in seconds since 1970."""
        return self.cookies.made_at(request, self.NAME) + LASTS_S

    def end(self, handler: RequestHandler) -> None:
        self.cookies.clear(handler, self.NAME)
