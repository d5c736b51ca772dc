"""Who calls, by token, session or load balancer, and how often. Whether the caller may is declared above each verb."""

import hmac
import logging
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tornado.httputil import HTTPServerRequest

from handlers.access.credentials import on_behalf_of, token_of, unchecked_caller
from handlers.access.origins import Origins, changes, is_socket
from handlers.access.providers import AlbPeople, OidcPeople
from handlers.access.session import Session, Sessions
from stack.access import tokens
from stack.access.access import Caller
from stack.access.alb_identity import HEADER
from stack.access.rate_limiter import RateLimiter
from stack.access.token_lifetime import expired_reason
from stack.access.token_store import TokenStore
from stack.errors import (
    AccessDenied,
    NotAuthenticated,
    NotFound,
    NysaError,
    SignInExpired,
    TokenExpired,
    TooManyRequests,
    Unprocessable,
)

log = logging.getLogger(__name__)

CSRF_HEADER = 'X-CSRF-Token'

# Failed sign-ins of one address: so many at once, and one more every so many seconds.
FAILURES = 10
FAILURE_EVERY_S = 6
RETRY_SOCKET_S = 30


@dataclass(frozen=True)
class Limits:
    """Of each caller: requests and messages a second, and open sockets."""

    rate: int = 100
    sockets: int = 100


class Access(ABC):
    """Access control of all requests. `origins` is checked first, then `caller` authenticates."""

    def __init__(self, origins: Origins):
        self.origins = origins

    @property
    @abstractmethod
    def ways(self) -> list[str]:
        """How people can sign in: `off`, or `token` and `oidc`."""

    @abstractmethod
    async def caller(self, request: HTTPServerRequest) -> Caller:
        """The authenticated caller of a request.

        Raises `NotAuthenticated`, `AccessDenied`, `TooManyRequests`; `Unavailable` where the tokens cannot be read.
        """

    @abstractmethod
    def check_message(self, caller: Caller) -> None:
        """Check each message on a socket. Raises `NotAuthenticated`, `TooManyRequests`, `Unavailable`."""

    @abstractmethod
    def check_sockets(self, opened: int) -> None:
        """Raise `TooManyRequests` where a caller has too many sockets open."""

    @abstractmethod
    def session(self, request: HTTPServerRequest) -> Session | None:
        """The session whose cookie a request has, unless it has ended."""

    @abstractmethod
    def controlled(self) -> 'ControlledAccess':
        """The access control with its tokens and sessions. Raises `Unprocessable` where it is off."""

    @abstractmethod
    def oidc(self) -> OidcPeople:
        """Sign-in with OpenID Connect. Raises `NotFound` where it is not configured."""


class OpenAccess(Access):
    """No access control: every caller is an admin, under any name."""

    @property
    def ways(self) -> list[str]:
        return ['off']

    async def caller(self, request: HTTPServerRequest) -> Caller:
        return unchecked_caller(request.headers)

    def check_message(self, caller: Caller) -> None:
        """Every message is accepted."""

    def check_sockets(self, opened: int) -> None:
        """Any number of sockets is accepted."""

    def session(self, request: HTTPServerRequest) -> Session | None:
        return None

    def controlled(self) -> 'ControlledAccess':
        raise Unprocessable('Access control is off (NYSA_AUTH=off): there are no tokens, and no sign-in is needed.')

    def oidc(self) -> OidcPeople:
        raise NotFound('Access control is off (NYSA_AUTH=off), so there is no sign-in with OpenID Connect.')


class ControlledAccess(Access):
    """Access by tokens and sessions, and where they are configured by OpenID Connect and a load balancer."""

    def __init__(
        self,
        store: TokenStore,
        sessions: Sessions,
        origins: Origins,
        limits: Limits,
        people: OidcPeople | None = None,
        proxy: AlbPeople | None = None,
    ):
        super().__init__(origins)
        self.store = store
        self.sessions = sessions
        self.people = people
        self.proxy = proxy
        self._limits = limits
        self._requests = RateLimiter(limits.rate, 2 * limits.rate)
        self._failures = RateLimiter(1 / FAILURE_EVERY_S, FAILURES)

    @property
    def ways(self) -> list[str]:
        return ['token', 'oidc'] if self.people else ['token']

    def controlled(self) -> 'ControlledAccess':
        return self

    def oidc(self) -> OidcPeople:
        if self.people is None:
            raise NotFound('Sign-in with OpenID Connect is not configured here (NYSA_OIDC_ISSUER).')
        return self.people

    async def caller(self, request: HTTPServerRequest) -> Caller:
        caller = await self._authenticate(request)
        self._count(caller)
        return caller

    def check_message(self, caller: Caller) -> None:
        if not self.is_valid(caller):
            raise NotAuthenticated('Your token or session has ended; sign in again.')
        self._count(caller)

    def check_sockets(self, opened: int) -> None:
        if opened >= self._limits.sockets:
            raise TooManyRequests(f'{opened} sockets are open already; close one, or retry later.', RETRY_SOCKET_S)

    def is_valid(self, caller: Caller) -> bool:
        """Whether the token or session that a caller opened a socket with is valid. Raises `Unavailable`."""
        if caller.token:
            token = self.store.find(caller.token)
            if token is None or token.is_over(datetime.now(UTC)):
                return False
        if caller.ends_at is not None and caller.ends_at <= time.time():
            return False
        return caller.session is None or not self.store.has_ended(caller.session)

    def by_token(self, text: str, request: HTTPServerRequest) -> Caller:
        """The holder of a token. Raises `NotAuthenticated`, or `TooManyRequests` after too many failures.

        That a token has expired is stated to its holder alone, who knows its secret: `TokenExpired`.

        A valid token is accepted even then, so that one client cannot lock out others of the same address.
        """
        id, secret = tokens.split(text) or ('', '')
        token = tokens.with_secret(self.store.find(id), secret)
        if token is None:
            raise self._failure(NotAuthenticated('This token is unknown here, or revoked.'), request)
        now = datetime.now(UTC)
        if token.is_over(now):
            self._count(token.caller())
            raise TokenExpired(expired_reason(token, now), token.id, token.name)
        return on_behalf_of(token.caller(), request.headers) if token.speaks_for else token.caller()

    def session(self, request: HTTPServerRequest) -> Session | None:
        session = self.sessions.read(request)
        return None if session is None or self.store.has_ended(session.id) else session

    async def _authenticate(self, request: HTTPServerRequest) -> Caller:
        authorization = request.headers.get('Authorization')
        if authorization is not None:
            return self.by_token(token_of(authorization), request)
        if self.proxy is not None and HEADER in request.headers:
            caller = await self._by_proxy(self.proxy, request)
            self.origins.check_own(request)
            return caller
        session = self.session(request)
        if session is not None:
            self._check_csrf(session, request)
            return replace(self._by_session(session), ends_at=self.sessions.ends_at(request))
        raise NotAuthenticated('Authentication required: send a token or sign in.')

    async def _by_proxy(self, proxy: AlbPeople, request: HTTPServerRequest) -> Caller:
        try:
            return await proxy.caller(request.headers[HEADER])
        except SignInExpired:
            raise
        except NotAuthenticated as failed:
            # Each may have cost a call for a key.
            log.warning('the header %s is refused: %s', HEADER, failed)
            raise self._failure(failed, request) from failed.__cause__

    def _by_session(self, session: Session) -> Caller:
        if session.token is None:
            return session.caller()
        token = self.store.find(session.token)
        if token is None or token.is_over(datetime.now(UTC)):
            raise NotAuthenticated('The token of this session has expired or was revoked; sign in again.')
        return replace(token.caller(), via='session', session=session.id)

    def _check_csrf(self, session: Session, request: HTTPServerRequest) -> None:
        """Browsers send cookies by themselves: a change also needs what only the server's own page can read."""
        if not changes(request):
            return
        self.origins.check_own(request)
        given = request.headers.get(CSRF_HEADER, '').encode()
        if not is_socket(request) and not hmac.compare_digest(given, session.csrf.encode()):
            raise AccessDenied(f'A change in a session needs the header {CSRF_HEADER}, as `GET /session` gives it.')

    def _count(self, caller: Caller) -> None:
        seconds = self._requests.take(caller.key)
        if seconds:
            raise TooManyRequests(f'Rate limit exceeded; retry in {seconds} s.', seconds)

    def _failure(self, failed: NotAuthenticated, request: HTTPServerRequest) -> NysaError:
        """The failed sign-in, or `TooManyRequests` where its address has had too many."""
        seconds = self._failures.take(self.origins.address(request))
        if not seconds:
            return failed
        return TooManyRequests(f'Too many failed sign-ins; retry in {seconds} s.', seconds, failed)
