"""Signing in with a provider of identities: there, and back again."""

import re
from dataclasses import asdict

from handlers.base import ApiHandler
from handlers.operation import Parameter, operation
from handlers.session import new_session
from stack.access import Role
from stack.errors import NotAuthenticated, NotFound
from stack.oidc import Attempt

COOKIE = 'nysa-sign-in'
ATTEMPT_S = 600
PARAMETERS = ('state', 'code', 'iss', 'error')

# A page of our own: nobody is sent anywhere else from here.
PAGE = re.compile(r'/cp(?:[/?][!-\[\]-~]*)?')
NEXT = (Parameter('next', 'The page of the control plane to come back to; `/cp` unless it is one.'),)


class SignIn(ApiHandler):
    @operation(Role.PUBLIC, status=302, answer='Away', parameters=NEXT, refusals=(401, 404))
    async def get(self) -> None:
        """Go to the provider, for a browser; with `oidc` among the ways to sign in alone."""
        access = self.context.access
        if access.people is None:
            raise NotFound('There is no provider of identities here (NYSA_OIDC_ISSUER).')
        address, attempt = await access.people.provider.begin()
        page = self.get_query_argument('next', '/cp')
        kept = {'attempt': asdict(attempt), 'page': page if PAGE.fullmatch(page) else '/cp'}
        access.sessions.cookies.put(self, COOKIE, kept, 'Lax', ATTEMPT_S)
        self.set_header('Cache-Control', 'no-store')
        self.redirect(address)


class SignedIn(ApiHandler):
    @operation(Role.PUBLIC, status=302, answer='Away', refusals=(401, 403, 404))
    async def get(self) -> None:
        """Where the provider sends the browser back to: begins a session, and goes back to the page."""
        access = self.context.access
        if access.people is None:
            raise NotFound('There is no provider of identities here (NYSA_OIDC_ISSUER).')
        kept = access.sessions.cookies.take(self.request, COOKIE, ATTEMPT_S / 86400)
        if kept is None:
            raise NotAuthenticated('This sign-in was not begun in this browser, or too long ago.')
        access.sessions.cookies.clear(self, COOKIE)
        given = {name: self.get_query_argument(name, None) for name in PARAMETERS}
        answer = {name: value for name, value in given.items() if value is not None}
        self.caller = await access.people.caller(Attempt(**kept['attempt']), answer)
        access.sessions.begin(self, new_session(self.caller, 'oidc'))
        self.set_header('Cache-Control', 'no-store')
        self.redirect(kept['page'])
