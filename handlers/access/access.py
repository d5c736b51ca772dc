"""Who calls: by token, session or proxy; from which page; and not too often. Whether it may is said above each verb."""

import base64
import binascii
import contextlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from tornado.httputil import HTTPServerRequest

from handlers.access.session import Session, Sessions
from stack.access import tokens
from stack.access.access import Caller, Role
from stack.access.alb_identity import HEADER, AlbIdentity
from stack.access.groups import Grant, caller_of_claims
from stack.access.limits import Allowances
from stack.access.names import Names
from stack.access.oidc import Attempt, Provider
from stack.access.token_store import TokenStore
from stack.errors import (
    AccessDenied,
    InvalidRequest,
    NotAuthenticated,
    ProviderFailed,
    SignInExpired,
    TooManyRequests,
)

log = logging.getLogger(__name__)

SAFE = ('GET', 'HEAD', 'OPTIONS')
LOOPBACK = ('localhost', '127.0.0.1', '::1')
CSRF_HEADER = 'X-CSRF-Token'

# Of failed sign-ins from one address so many at once, and one every so many seconds.
FAILURES = 10
FAILURE_EVERY_S = 6
RETRY_SOCKET_S = 30

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
class Neighbourhood:
    """Where the server stands: see the settings NYSA_URL, NYSA_ORIGINS and NYSA_PROXIES.

    One on loopback without access control answers to loopback's names alone: a page elsewhere may have its own name
    point here.
    """

    url: str | None = None
    others: frozenset[str] = frozenset()
    proxies: int = 0
    loopback_only: bool = False

    @property
    def is_https(self) -> bool:
        return bool(self.url) and self.url.startswith('https:')

    def is_own(self, origin: str, request: HTTPServerRequest) -> bool:
        if self.url:
            return origin == self.url
        return origin.partition('://')[2].lower() == request.host.lower()

    def address(self, request: HTTPServerRequest) -> str:
        """The client's address, as the outermost of our proxies has seen it."""
        if not self.proxies:
            return request.remote_ip
        forwarded = [each.strip() for each in request.headers.get('X-Forwarded-For', '').split(',') if each.strip()]
        return forwarded[-self.proxies][:45] if len(forwarded) >= self.proxies else request.remote_ip


@dataclass(frozen=True)
class Limits:
    """For each caller: requests and messages a second, and open sockets."""

    rate: int = 100
    sockets: int = 100


@dataclass(frozen=True)
class People:
    """Those who sign in at a provider, and what their groups let them do."""

    provider: Provider
    claim: str
    grants: Mapping[str, Grant]
    names: Names
    # Where the provider sends a browser that has signed out there.
    home: str

    async def caller(self, attempt: Attempt, answer: Mapping[str, str]) -> Caller:
        claims = await self.provider.finish(attempt, answer)
        return await self.names.named(caller_of_claims(claims, self.claim, self.grants, 'session'))

    async def end_address(self) -> str | None:
        """Where a browser ends its session at the provider; None where that cannot be found out, or is not offered."""
        try:
            return await self.provider.end_address(self.home)
        except (NotAuthenticated, ProviderFailed) as failed:
            log.warning('the session at the provider is not ended: %s', failed)
            return None


@dataclass(frozen=True)
class Proxy:
    """Those whom a load balancer has signed in."""

    balancer: AlbIdentity
    claim: str
    grants: Mapping[str, Grant]
    names: Names

    async def caller(self, data: str) -> Caller:
        claims = await self.balancer.claims(data)
        return await self.names.named(caller_of_claims(claims, self.claim, self.grants, 'load balancer'))


class Access:
    """`store` is None where access is not controlled: then everybody is who it says it is, and may do everything."""

    def __init__(
        self,
        store: TokenStore | None,
        sessions: Sessions,
        neighbourhood: Neighbourhood,
        limits: Limits,
        people: People | None = None,
        proxy: Proxy | None = None,
    ):
        self.store = store
        self.sessions = sessions
        self.people = people
        self.proxy = proxy
        self._where = neighbourhood
        self._limits = limits
        self._requests = Allowances(limits.rate, 2 * limits.rate)
        self._failures = Allowances(1 / FAILURE_EVERY_S, FAILURES)
        self._headers = SECURITY_HEADERS | (HSTS if neighbourhood.is_https else {})

    @property
    def ways(self) -> list[str]:
        """How people can sign in."""
        if self.store is None:
            return ['off']
        return ['token', 'oidc'] if self.people else ['token']

    def address(self, request: HTTPServerRequest) -> str:
        return self._where.address(request)

    def headers(self, request: HTTPServerRequest) -> dict[str, str]:
        """What goes with every answer."""
        origin = request.headers.get('Origin')
        if origin not in self._where.others:
            return self._headers
        return {**self._headers, 'Access-Control-Allow-Origin': origin, **CORS}

    def is_foreign_page(self, request: HTTPServerRequest) -> bool:
        """Whether a page of NYSA_ORIGINS asks."""
        return request.headers.get('Origin') in self._where.others

    def check_origin(self, request: HTTPServerRequest) -> None:
        """Raise `AccessDenied` for what the page of another site sends, unless it is one of NYSA_ORIGINS.

        Browsers send an Origin with whatever is no GET, and with every WebSocket. Whoever is no browser sends none.
        """
        if self._where.loopback_only and urlsplit(f'//{request.host}').hostname not in LOOPBACK:
            raise AccessDenied('This server stands on loopback without access control, and answers to localhost alone.')
        if not _changes(request):
            return
        origin = request.headers.get('Origin')
        if origin is None:
            allowed = request.headers.get('Sec-Fetch-Site', 'none') in ('none', 'same-origin')
        else:
            allowed = self._where.is_own(origin, request) or origin in self._where.others
        if not allowed:
            raise AccessDenied('The page of another origin asks for this.')

    async def caller(self, request: HTTPServerRequest) -> Caller:
        """Raises `NotAuthenticated`, `AccessDenied`, `TooManyRequests`; `Unavailable` where it cannot be told."""
        if self.store is None:
            return caller_of_headers(request.headers)
        caller = await self._find(request)
        self._count(caller)
        return caller

    def check_message(self, caller: Caller) -> None:
        """What holds for each message on a socket. Raises `NotAuthenticated`, `TooManyRequests`."""
        if self.store is None:
            return
        if not self.holds(caller):
            raise NotAuthenticated('Your token or session has ended.')
        self._count(caller)

    def check_sockets(self, opened: int) -> None:
        """Raise `TooManyRequests` where a caller has enough sockets open."""
        if self.store is not None and opened >= self._limits.sockets:
            raise TooManyRequests(f'{opened} sockets are open already.', RETRY_SOCKET_S)

    def _count(self, caller: Caller) -> None:
        seconds = self._requests.take(caller.key)
        if seconds:
            raise TooManyRequests(f'That is too often; come again in {seconds} s.', seconds)

    def holds(self, caller: Caller) -> bool:
        """Whether what a caller showed before still counts. Raises `Unavailable` where it cannot be told."""
        if self.store is None:
            return True
        token = self.store.find(caller.token) if caller.token else None
        if caller.token and (token is None or token.is_over(datetime.now(UTC))):
            return False
        return caller.session is None or not self.store.has_ended(caller.session)

    def by_token(self, text: str, request: HTTPServerRequest) -> Caller:
        """The holder of a token. Raises `NotAuthenticated`, or `TooManyRequests` where that happens too often.

        A right one is taken in any case, so that nobody can lock others out who share an address.
        """
        id, secret = tokens.split(text) or ('', '')
        token = self.store.find(id)
        if tokens.fits(token, secret, datetime.now(UTC)):
            return token.caller() if not token.speaks_for else _spoken_for(token.caller(), request.headers)
        raise self._failed(request)

    def session(self, request: HTTPServerRequest) -> Session | None:
        """The session whose cookie a request brings, if it has not been ended."""
        session = self.sessions.read(request)
        return None if session is None or self.store.has_ended(session.id) else session

    async def _find(self, request: HTTPServerRequest) -> Caller:
        authorization = request.headers.get('Authorization')
        if authorization is not None:
            return self.by_token(_credential(authorization), request)
        if self.proxy is not None and HEADER in request.headers:
            caller = await self._of_proxy(request)
            self._check_own_page(request)
            return caller
        session = self.session(request)
        if session is not None:
            self._check_page(session, request)
            return self._of_session(session)
        raise NotAuthenticated('Say who you are: with a token, or by signing in.')

    async def _of_proxy(self, request: HTTPServerRequest) -> Caller:
        try:
            return await self.proxy.caller(request.headers[HEADER])
        except SignInExpired:
            raise
        except NotAuthenticated as failed:
            # Each may have cost a call for a key.
            seconds = self._failures.take(self.address(request))
            log.warning('the header %s is refused: %s', HEADER, failed)
            if seconds:
                raise TooManyRequests(f'Too many failed sign-ins; retry in {seconds} s.', seconds) from failed
            raise

    def _of_session(self, session: Session) -> Caller:
        if session.token is None:
            return session.caller()
        token = self.store.find(session.token)
        if token is None or token.is_over(datetime.now(UTC)):
            raise NotAuthenticated('The token that this session began with no longer holds.')
        return replace(token.caller(), via='session', session=session.id)

    def _check_page(self, session: Session, request: HTTPServerRequest) -> None:
        """A cookie comes along by itself: what changes something must also show what only our own page knows."""
        if not _changes(request):
            return
        self._check_own_page(request)
        if not _is_socket(request) and not hmac.compare_digest(
            request.headers.get(CSRF_HEADER, '').encode(), session.csrf.encode()
        ):
            raise AccessDenied(f'A change in a session needs the header {CSRF_HEADER}, as `GET /session` gives it.')

    def _check_own_page(self, request: HTTPServerRequest) -> None:
        """What is sent along by itself, a browser's cookies, must come from our own page."""
        origin = request.headers.get('Origin')
        if _changes(request) and (origin is None or not self._where.is_own(origin, request)):
            raise AccessDenied('This must come from the page of this server: its Origin says otherwise.')

    def _failed(self, request: HTTPServerRequest) -> Exception:
        seconds = self._failures.take(self.address(request))
        if seconds:
            return TooManyRequests(f'Too many failed sign-ins; come again in {seconds} s.', seconds)
        return NotAuthenticated('This token is not known here, or no longer holds.')


def _is_socket(request: HTTPServerRequest) -> bool:
    return request.headers.get('Upgrade', '').lower() == 'websocket'


def _changes(request: HTTPServerRequest) -> bool:
    return request.method not in SAFE or _is_socket(request)


def _credential(authorization: str) -> str:
    """The token in an Authorization header: RFC 6750, or the password of RFC 7617; '' where there is none."""
    kind, _, rest = authorization.partition(' ')
    if kind.lower() == 'bearer':
        return rest.strip()
    return (_basic(authorization) or ('', ''))[1]


def _basic(authorization: str) -> tuple[str, str] | None:
    """Name and password of an `Authorization: Basic` header (RFC 7617)."""
    kind, _, rest = authorization.partition(' ')
    if kind.lower() != 'basic':
        return None
    try:
        name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(':')
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


def _spoken_for(caller: Caller, headers: Mapping[str, str]) -> Caller:
    """The caller under the name that it gives, if it gives one. Raises `InvalidRequest`."""
    actor = text_of(headers.get('X-Nysa-Actor', '')).strip()
    if not actor:
        return caller
    if not tokens.is_shown(actor):
        raise InvalidRequest('X-Nysa-Actor must be text of 1 to 100 characters, all of them visible.')
    return replace(caller, name=actor, speaker=caller.name)


def caller_of_headers(headers: Mapping[str, str]) -> Caller:
    """The caller where access is not controlled: whoever it says it is, and it may do everything."""
    name = headers.get('X-Nysa-Actor') or (_basic(headers.get('Authorization', '')) or ('', ''))[0]
    return Caller(name or 'anonymous', Role.ADMIN)


def text_of(header: str) -> str:
    """A header that may hold any text: percent-encoded, or in UTF-8 as it is."""
    with contextlib.suppress(UnicodeError):
        header = header.encode('latin-1').decode()
    return unquote(header)
