"""Tokens: create, list, rotate, revoke."""

from datetime import UTC, datetime

from handlers.api.operation import operation
from handlers.base import ApiHandler
from stack.access import tokens
from stack.access.access import Caller, Role
from stack.access.token_lifetime import read_rotation, rotated, with_state
from stack.access.token_store import TokenStore
from stack.access.tokens import Token
from stack.errors import AccessDenied, NotFound, Unprocessable

ROTATED = ('overlap', 'expires')
ASKED = ('name', 'role', 'clusters', 'services', 'expires', 'speaks_for')


class TokenHandler(ApiHandler):
    def store(self) -> TokenStore:
        """The tokens. Raises `Unprocessable` where access is not controlled."""
        return self.context.access.controlled().store

    def stored(self, id: str) -> Token:
        """A token in the bucket. Raises `NotFound`, and `Unprocessable` for one of the secret."""
        found = {each.id: (each, where) for each, where in self.store().listed()}.get(id)
        if found is None or not _within(self.caller, found[0]):
            raise NotFound(f'There is no token {id[:100]!r} here.')
        if found[1] == 'secret':
            raise Unprocessable('This token is in the setting NYSA_TOKENS; replace or remove it there.')
        return found[0]

    def reply_made(self, text: str, token: Token, now: datetime) -> None:
        self.set_header('Cache-Control', 'no-store')
        made = {'message': 'keep it: it is not shown again', 'token': text}
        self.reply(made | with_state(token, now) | {'kept': 's3'})


class Tokens(TokenHandler):
    @operation(Role.ADMIN, answer='AccessTokens', refusals=(422,))
    async def get(self) -> None:
        """Every token with no more reach than the caller, without its secret; `kept` is where it is stored."""
        listed, now = self.store().listed(), datetime.now(UTC)
        content = [with_state(token, now) | {'kept': where} for token, where in listed if _within(self.caller, token)]
        self.reply({'content': content})

    @operation(Role.ADMIN, status=201, body='NewToken', answer='MadeToken', refusals=(400, 413, 415, 422))
    async def post(self) -> None:
        """Make a token. Its text is in this answer, and never shown again."""
        store = self.store()
        given = self.body.fields(dict.fromkeys(ASKED))
        now = datetime.now(UTC)
        text, token = tokens.make(tokens.read_asked(given, now), self.caller.name, now)
        if not _within(self.caller, token):
            clusters, services = ', '.join(self.caller.clusters), ', '.join(self.caller.services)
            raise AccessDenied(
                f'A token may not reach further than its creator: clusters {clusters}; services {services}.'
            )
        await store.add(token)
        self.context.installation_audit.token_created(self.caller, self.source, token)
        self.reply_made(text, token, now)


class OneToken(TokenHandler):
    @operation(Role.ADMIN, answer='Revoked', refusals=(404, 422))
    async def delete(self, token: str) -> None:
        """Revoke a token: at once here, within seconds on every replica. Sockets opened with it are closed."""
        revoked = self.stored(token)
        await self.store().revoke(token)
        self.context.installation_audit.token_revoked(self.caller, self.source, revoked)
        self.reply({'message': f'{revoked.name} is revoked'})


class Rotate(TokenHandler):
    @operation(Role.ADMIN, status=201, body='TokenRotation', answer='MadeToken', refusals=(404, 409, 422))
    async def post(self, token: str) -> None:
        """Replace a token: the answer has the text of the new one. The old one is accepted for the `overlap`."""
        given = self.body.fields(dict.fromkeys(ROTATED))
        now = datetime.now(UTC)
        rotation = read_rotation(given, now)
        text, new, ended = rotated(self.stored(token), rotation, self.caller.name, now)
        await self.store().rotate(new, ended)
        self.context.installation_audit.token_rotated(self.caller, self.source, new, ended)
        self.reply_made(text, new, now)


def _within(caller: Caller, token: Token) -> bool:
    return caller.covers(token.clusters) and caller.scope.covers(token.services)
