"""Sessions in a browser: the current one, sign-in with a token, sign-out."""

from typing import Any

from handlers.access.audited import audit_refusal
from handlers.access.session import Session, new_session
from handlers.api.operation import operation
from handlers.base import ApiHandler
from stack.access.access import Caller, Role
from stack.errors import InvalidRequest, NotAuthenticated


class CurrentSession(ApiHandler):
    @operation(Role.PUBLIC, answer='Session', refusals=(429, 503))
    async def get(self) -> None:
        """The caller and the ways to sign in; `signed_in` is false without a valid token or session."""
        access = self.context.access
        try:
            caller = await access.caller(self.request)
        except NotAuthenticated as error:
            audit_refusal(self.context, self.request, error, None, None)
            self.reply(self.described(None, None))
            return
        session = access.session(self.request) if caller.session else None
        self.reply(self.described(caller, session))

    @operation(Role.PUBLIC, body='SignIn', answer='Session', refusals=(400, 401, 403, 413, 415, 422, 429, 503))
    async def post(self) -> None:
        """Sign in with a token: the answer sets a cookie that is valid for 12 hours, and no longer than the token."""
        access = self.context.access.controlled()
        given = self.body.fields({'token': 'text'})
        token = given.get('token')
        if not isinstance(token, str):
            raise InvalidRequest('token must be given as text.', [{'path': 'token', 'message': 'text'}])
        self.authenticated = access.by_token(token.strip(), self.request)
        session = new_session(self.caller, 'token')
        access.sessions.begin(self, session)
        self.context.installation_audit.signed_in(self.caller, self.source, 'token')
        self.reply(self.described(self.caller, session))

    @operation(Role.VIEWER, answer='Session')
    async def delete(self) -> None:
        """Sign out: the session ends on every replica, and its sockets are closed.

        `end_at_provider` is where a browser goes next, where the provider ends sessions as well.
        """
        access = self.context.access
        session = access.session(self.request) if self.caller.session else None
        if session is None:
            self.reply(self.described(None, None))
            return
        controlled = access.controlled()
        await controlled.store.end_session(session.id)
        controlled.sessions.end(self)
        content = self.described(None, None)
        if session.via == 'oidc' and 'oidc' in access.ways:
            address = await access.oidc().end_address()
            content |= {'end_at_provider': address} if address else {}
        self.reply(content)

    def described(self, caller: Caller | None, session: Session | None) -> dict[str, Any]:
        self.set_header('Cache-Control', 'no-store')
        access = self.context.access
        content: dict[str, Any] = {'signed_in': caller is not None, 'sign_in': access.ways}
        if 'oidc' in access.ways:
            content['provider'] = access.oidc().provider.host
        if caller:
            content |= {
                'name': caller.name,
                'role': caller.role.name.lower(),
                'clusters': list(caller.clusters),
                'services': list(caller.services),
                'via': session.via if session else caller.via,
            }
        return content | ({'csrf': session.csrf} if session else {})
