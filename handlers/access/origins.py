"""Where requests may come from: addresses and origins, and the headers that tell browsers so."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from stack.errors import AccessDenied

SAFE = ('GET', 'HEAD', 'OPTIONS')
LOOPBACK = ('localhost', '127.0.0.1', '::1')

# On every answer; a page replaces the policy by its own. https://owasp.org/www-project-secure-headers/
SECURITY_HEADERS = {
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
}
HSTS = {'Strict-Transport-Security': 'max-age=31536000'}

# What the pages of NYSA_ORIGINS may send and read: never a cookie.
CORS = {
    'Access-Control-Allow-Methods': 'GET, HEAD, PUT, POST, PATCH, DELETE',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, If-Match, If-None-Match, X-Nysa-Actor, '
    'X-Nysa-Message, X-Request-Id',
    'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
    'Access-Control-Max-Age': '600',
    'Vary': 'Origin',
}


@dataclass(frozen=True)
class Origins:
    """The server's own origin, the others whose pages may call it, and the number of proxies in front of it.

    With `loopback_only` the server answers requests for loopback's names alone: DNS rebinding would otherwise let any
    page call a server without access control.
    """

    url: str | None = None
    others: frozenset[str] = frozenset()
    proxies: int = 0
    loopback_only: bool = False

    @property
    def is_https(self) -> bool:
        return self.url is not None and self.url.startswith('https:')

    def is_own(self, origin: str, request: HTTPServerRequest) -> bool:
        if self.url:
            return origin == self.url
        return origin.partition('://')[2].lower() == request.host.lower()

    def is_other(self, request: HTTPServerRequest) -> bool:
        """Whether the request comes from a page of NYSA_ORIGINS."""
        return request.headers.get('Origin') in self.others

    def address(self, request: HTTPServerRequest) -> str:
        """The client's address, as the outermost of the server's proxies has seen it."""
        # Without a peer's address, as on a Unix socket, all clients share one.
        peer = request.remote_ip or ''
        if not self.proxies:
            return peer
        forwarded = [each.strip() for each in request.headers.get('X-Forwarded-For', '').split(',') if each.strip()]
        return forwarded[-self.proxies][:45] if len(forwarded) >= self.proxies else peer

    @cached_property
    def always(self) -> Mapping[str, str]:
        """The headers of every answer."""
        return SECURITY_HEADERS | (HSTS if self.is_https else {})

    def cors(self, request: HTTPServerRequest) -> Mapping[str, str]:
        """The further headers of an answer to a page of NYSA_ORIGINS; none for another."""
        if not self.others or not self.is_other(request):
            return {}
        return {'Access-Control-Allow-Origin': request.headers['Origin'], **CORS}

    def headers(self, request: HTTPServerRequest) -> dict[str, str]:
        """Both."""
        return {**self.always, **self.cors(request)}

    def check(self, request: HTTPServerRequest) -> None:
        """Raise `AccessDenied` for a change that another site's page sends, unless it is one of NYSA_ORIGINS.

        Browsers send an Origin with every method but GET and HEAD, and with every WebSocket; other clients send none.
        """
        if self.loopback_only and urlsplit(f'//{request.host}').hostname not in LOOPBACK:
            raise AccessDenied('This server has no access control, so it answers requests for localhost only.')
        if not changes(request):
            return
        origin = request.headers.get('Origin')
        if origin is None:
            allowed = request.headers.get('Sec-Fetch-Site', 'none') in ('none', 'same-origin')
        else:
            allowed = self.is_own(origin, request) or origin in self.others
        if not allowed:
            raise AccessDenied('Requests from pages of this origin are not allowed; NYSA_ORIGINS lists those that are.')

    def check_own(self, request: HTTPServerRequest) -> None:
        """Raise `AccessDenied` for a change with a browser's own credentials from any page but the server's."""
        origin = request.headers.get('Origin')
        if changes(request) and (origin is None or not self.is_own(origin, request)):
            raise AccessDenied("Changes in a session must come from this server's own page; the Origin is another.")


def is_socket(request: HTTPServerRequest) -> bool:
    return request.headers.get('Upgrade', '').lower() == 'websocket'


def changes(request: HTTPServerRequest) -> bool:
    """Whether the request may change something: a WebSocket counts, since CORS does not guard it."""
    return request.method not in SAFE or is_socket(request)
