"""Sign-in with OpenID Connect: the redirect to the provider, and the way back."""

import base64
import hashlib
import json
import logging
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from handlers.access.session import Cookies, new_session
from handlers.api.operation import Parameter, operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.access.oidc import Attempt
from stack.errors import NotAuthenticated

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parents[2] / 'templates'
STYLE = (TEMPLATES / 'sign_in_failed.css').read_text()
CONTENT_SECURITY_POLICY = '; '.join(
    [
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

# Each attempt has a cookie of its own, so that two tabs can sign in at once; its name ends in the start of its state.
COOKIE = 'nysa-sign-in-'
STATE = re.compile(r'[A-Za-z0-9_-]{16,64}')
MOST_ATTEMPTS = 8
ATTEMPT_S = 600
PARAMETERS = ('state', 'code', 'iss', 'error')

# A page of the control plane: sign-in redirects nowhere else.
PAGE = re.compile(r'/cp(?:[/?][!-\[\]-~]*)?')
NEXT = (Parameter('next', 'The page of the control plane to come back to; `/cp` unless it is one.'),)


class SignInStep(ApiHandler):
    """A step in a browser: a failure is logged with its cause, and answered with a page where HTML is accepted."""

    page = '/cp'

    def get_template_path(self) -> str:
        return str(TEMPLATES)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        cause = value.__cause__ if value is not None else None
        why = f' ({type(cause).__name__}: {cause})' if cause is not None else ''
        log.warning('sign-in failed: %s%s', value, why, extra={'request_id': self.request_id})
        super().log_exception(typ, value, tb)

    def finish(self, chunk: Any = None) -> Any:
        """The answer; a refusal as a page for a browser, which asks for HTML."""
        if self.get_status() >= 400 and chunk and 'text/html' in self.request.headers.get('Accept', ''):
            self.set_header('Content-Type', 'text/html; charset=UTF-8')
            self.set_header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
            chunk = self.render_string(
                'sign_in_failed.html',
                style=STYLE,
                message=json.loads(chunk)['message'],
                again=f'/sign-in?{urlencode({"next": self.page})}',
                request=self.request_id,
            )
        return super().finish(chunk)

    def wanted_page(self, page: str) -> str:
        return page if PAGE.fullmatch(page) else '/cp'


class SignIn(SignInStep):
    @operation(Role.PUBLIC, status=302, answer='Away', parameters=NEXT, refusals=(401, 404, 502, 503))
    async def get(self) -> None:
        """Redirect a browser to the provider; only with `oidc` among the ways to sign in."""
        people, cookies = self.context.access.oidc(), self.context.access.controlled().sessions.cookies
        self.page = self.wanted_page(self.get_query_argument('next', '/cp'))
        address, attempt = await people.provider.begin()
        self.forget_oldest_attempts(cookies)
        kept = {'attempt': asdict(attempt), 'page': self.page}
        cookies.put(self, COOKIE + attempt.state[:16], kept, 'Lax', ATTEMPT_S)
        self.set_header('Cache-Control', 'no-store')
        self.redirect(address)

    def forget_oldest_attempts(self, cookies: Cookies) -> None:
        """Bound the cookies of abandoned attempts, which browsers send with every request."""
        names = cookies.names(self.request, COOKIE)
        for name in names[: len(names) - MOST_ATTEMPTS + 1]:
            cookies.clear(self, name)


class SignedIn(SignInStep):
    @operation(Role.PUBLIC, status=302, answer='Away', refusals=(401, 403, 404, 502, 503))
    async def get(self) -> None:
        """Begin a session, where the provider sends the browser back, and redirect to the page."""
        people, sessions = self.context.access.oidc(), self.context.access.controlled().sessions
        state = self.get_query_argument('state', '')
        name = COOKIE + state[:16]
        known = STATE.fullmatch(state) is not None
        kept = sessions.cookies.take(self.request, name, ATTEMPT_S / 86400) if known else None
        if kept is None:
            raise NotAuthenticated('This sign-in began in another browser or too long ago; sign in again.')
        self.page = self.wanted_page(kept['page'])
        sessions.cookies.clear(self, name)
        given = {parameter: self.query.text(parameter) for parameter in PARAMETERS}
        answer = {parameter: value for parameter, value in given.items() if value is not None}
        self.authenticated = await people.caller(Attempt(**kept['attempt']), answer)
        sessions.begin(self, new_session(self.caller, 'oidc'))
        self.context.installation_audit.signed_in(self.caller, self.source, 'oidc')
        self.set_header('Cache-Control', 'no-store')
        self.redirect(self.page)
