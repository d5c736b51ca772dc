"""The valid tokens and the ended sessions: read from the secret and from S3, and refreshed periodically."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from stack.access import tokens
from stack.access.token_lifetime import ExpiryLog, counted
from stack.access.tokens import Token
from stack.aws.ports import ObjectDeleter, ObjectLister, ObjectStore
from stack.errors import AwsFailed, Conflict, NotFound, NysaError, OutcomeUnknown, PreconditionFailed, Unavailable

log = logging.getLogger(__name__)

TOKENS = 'nysa/tokens/'
ENDED = 'nysa/sessions/ended/'

# The refresh interval: for as long, a token that another replica created is unknown.
REFRESH_S = 5.0
# The age of the last refresh beyond which no token is accepted: it may have been revoked since.
BELIEVED_S = 20.0
# How long ended sessions are listed: a little longer than a session can last.
REMEMBERED = timedelta(hours=13)
# How long a token that was replaced is listed after its end, so that its holder learns why it is refused.
REPLACED_KEPT = timedelta(days=30)


class Bucket(ObjectStore, ObjectDeleter, ObjectLister, Protocol):
    """The calls that tokens and ended sessions are stored by."""


class TokenStore:
    """`configured()` gives the tokens of the secret; it may raise `AwsFailed`, and ValueError where they are broken."""

    def __init__(
        self,
        bucket: Bucket,
        configured: Callable[[], Awaitable[Sequence[Token]]],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._bucket = bucket
        self._read_configured = configured
        self._clock = clock
        self._configured: dict[str, Token] = {}
        self._stored: dict[str, tuple[str, Token | None]] = {}
        self._ended: set[str] = set()
        self._read_at = float('-inf')
        self._lock = asyncio.Lock()
        self._expiries = ExpiryLog()

    def __len__(self) -> int:
        return len(self._configured) + sum(token is not None for _, token in self._stored.values())

    def find(self, id: str) -> Token | None:
        """The token with that id. Raises `Unavailable` where the last refresh is too old."""
        self._be_sure()
        if id in self._configured:
            return self._configured[id]
        return self._stored[id][1] if id in self._stored else None

    def has_ended(self, session: str) -> bool:
        """Whether the session was ended by a sign-out. Raises `Unavailable` as `find` does."""
        self._be_sure()
        return session in self._ended

    def names(self) -> list[str]:
        """The names of the holders of tokens."""
        return [token.name for token, _ in self.listed()]

    def counted(self) -> dict[str, int]:
        """The number of tokens in each state of `stack.access.token_lifetime`."""
        return counted([token for token, _ in self.listed()], datetime.now(UTC))

    def listed(self) -> list[tuple[Token, str]]:
        """Every token and where it is stored, `secret` or `s3`, sorted by name."""
        found = [(token, 'secret') for token in self._configured.values()]
        found += [(token, 's3') for _, token in self._stored.values() if token and token.id not in self._configured]
        return sorted(found, key=lambda each: (each[0].name, each[0].id))

    async def add(self, token: Token) -> None:
        """Store a token in S3; it is valid here at once. Raises `AwsFailed`, `OutcomeUnknown`."""
        async with self._lock:
            body = json.dumps(token.record()).encode()
            try:
                written = await self._bucket.put(TOKENS + token.id, body, over=None)
            except OutcomeUnknown as unknown:
                where = f'Look at /api/v1/tokens: if {token.id} is there, revoke it, as its secret was not shown.'
                raise unknown.about(f'the token {token.name} was created', where) from unknown
            self._stored[token.id] = (written.etag, token)

    async def rotate(self, new: Token, ended: Token) -> None:
        """Store the token that replaces another, and the end of the other: valid here at once.

        A process that is killed in between leaves a token of which no holder has the text. Raises `NotFound`,
        `Conflict` where the other changed in the meantime, `OutcomeUnknown`, `AwsFailed`.
        """
        await self.add(new)
        try:
            await self._end(ended)
        except OutcomeUnknown:
            raise
        except NysaError:
            # Its text is never shown: it must not stay in the list as if a holder had it.
            await self.revoke(new.id)
            raise

    async def _end(self, ended: Token) -> None:
        async with self._lock:
            etag, current = self._stored.get(ended.id, ('', None))
            if current is None:
                raise NotFound(f'There is no token {ended.id!r} here.')
            message = f'{ended.id} was rotated or revoked in the meantime; look at /api/v1/tokens.'
            if current.replaced_by:
                raise Conflict(message)
            try:
                written = await self._bucket.put(TOKENS + ended.id, json.dumps(ended.record()).encode(), over=etag)
            except PreconditionFailed as failed:
                raise Conflict(message) from failed
            except OutcomeUnknown as unknown:
                where = f'Look at /api/v1/tokens: if {ended.replaced_by} replaces it, rotate that one again.'
                raise unknown.about(f'the token {ended.id} was rotated', where) from unknown
            self._stored[ended.id] = (written.etag, ended)

    async def revoke(self, id: str) -> None:
        """Revoke a token in S3: here at once, on other replicas within seconds. Raises `NotFound`, `OutcomeUnknown`."""
        async with self._lock:
            if id not in self._stored:
                raise NotFound(f'There is no token {id[:100]!r} here.')
            try:
                await self._bucket.delete(TOKENS + id)
            except OutcomeUnknown as unknown:
                where = 'Look at /api/v1/tokens, and revoke it again if it is there.'
                raise unknown.about(f'the token {id} is revoked', where) from unknown
            del self._stored[id]

    async def end_session(self, session: str) -> None:
        """End a session on every replica. Raises `OutcomeUnknown`."""
        async with self._lock:
            if session in self._ended:
                return
            try:
                await self._bucket.put(ENDED + session, b'{}', over=None)
            except PreconditionFailed:
                log.debug('a session was ended by another replica')
            except OutcomeUnknown as unknown:
                raise unknown.about('the session has ended', 'Sign out again.') from unknown
            self._ended.add(session)

    async def refresh(self) -> None:
        """Read everything again. Raises `AwsFailed`; the former tokens stay valid until they are too old."""
        async with self._lock:
            asked = self._clock()
            try:
                self._configured = {token.id: token for token in await self._read_configured()}
            except ValueError as error:
                log.error('NYSA_TOKENS is broken; the former tokens stay valid: %s', error)
            listed = await self._bucket.objects(prefix=TOKENS)
            self._stored = {each.key.removeprefix(TOKENS): await self._read(each) for each in listed}
            await self._forget_replaced()
            self._ended = await self._still_remembered(await self._bucket.objects(prefix=ENDED))
            self._read_at = asked
            self._expiries.look([token for token, _ in self.listed()], datetime.now(UTC))

    async def run(self) -> None:
        """Refresh periodically, without end."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except AwsFailed as failed:
                log.warning('the tokens could not be read: %s', failed)

    def _be_sure(self) -> None:
        if self._clock() - self._read_at > BELIEVED_S:
            raise Unavailable(
                'Tokens cannot be checked: the bucket has not been readable for too long.', 's3:ListObjectsV2', 'Stale'
            )

    async def _read(self, listed: Any) -> tuple[str, Token | None]:
        id = listed.key.removeprefix(TOKENS)
        if id in self._stored and self._stored[id][0] == listed.etag:
            return self._stored[id]
        stored = await self._bucket.get(listed.key)
        try:
            token = tokens.read_record(json.loads(stored.body)) if stored else None
        except (ValueError, RecursionError):
            token = None
        if stored and (token is None or token.id != id):
            log.error('%s holds no token', listed.key)
            token = None
        return listed.etag, token

    async def _forget_replaced(self) -> None:
        """Delete tokens that were replaced and ended a while ago: rotation leaves one each time."""
        oldest = datetime.now(UTC) - REPLACED_KEPT
        for id, (_, token) in list(self._stored.items()):
            if token and token.replaced_by and token.is_over(oldest):
                await self._bucket.delete(TOKENS + id)
                del self._stored[id]

    async def _still_remembered(self, listed: list[Any]) -> set[str]:
        oldest = datetime.now(UTC) - REMEMBERED
        for each in listed:
            if each.modified < oldest:
                await self._bucket.delete(each.key)
        return {each.key.removeprefix(ENDED) for each in listed}
