"""The audit of the installation: sign-ins, acts on tokens, and requests without a permission that concern no cluster.

Requests without a permission for a managed cluster are in that cluster's audit. No entry has a secret: of a token it
has the id, of a request the method and the path without its query.
"""

import base64
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.access.access import Caller
from stack.access.tokens import Token
from stack.aws.ports import ObjectReplacer
from stack.changes import chained_log
from stack.changes.audit import Audit
from stack.changes.entry_chain import Entry, Mark, shown_entries
from stack.changes.entry_recorder import EntryRecorder, Urgency
from stack.errors import AwsFailed, InvalidRequest, NysaError, TokenExpired
from stack.runtime.lru import LruCache

log = logging.getLogger(__name__)

INSTALLATION = 'nysa/installation/audit/'
# Names the newest object, so that `audit verify` finds it missing.
MARK = 'nysa/installation/audited'
NAME = 'installation'
OBJECTS_KEPT = 1_000
PATH_MOST = 200


class Bucket(chained_log.Bucket, ObjectReplacer, Protocol):
    """The calls that the audit and its mark are stored by."""


class InstallationAudit:
    """`is_managed` states whether there is a cluster of a name: no caller can have audits of made-up names created."""

    def __init__(self, bucket: Bucket, clusters: Audit, is_managed: Callable[[str], bool]):
        self.recorder = EntryRecorder(bucket, lambda _: INSTALLATION, lambda _: MARK)
        self.recorder.wrote.append(self._wrote)
        self._bucket = bucket
        self._clusters = clusters
        self._is_managed = is_managed
        self._known: LruCache[str, list[Entry]] = LruCache(OBJECTS_KEPT)

    def signed_in(self, caller: Caller, source: str, via: str) -> None:
        """Record that a session began."""
        did = {'verb': 'sign in', 'via': via} | ({'token': caller.token} if caller.token else {})
        subject = {'subject': caller.subject} if caller.subject else {}
        self.recorder.note(NAME, _entry('sign-in', caller.name, source, did) | subject)

    def sign_in_failed(self, error: NysaError, source: str, token: str | None) -> None:
        """Record a failed sign-in, or the use of an expired token; `token` is the id that was sent, if one was."""
        if isinstance(error, TokenExpired):
            entry = _entry('expired-token', error.holder, source, {'verb': 'use token', 'token': error.token})
        else:
            did = {'verb': 'sign in'} | ({'token': token} if token else {})
            entry = _entry('failed-sign-in', None, source, did)
        self.recorder.note(NAME, entry | _refusal(error), Urgency.AS_FAILURE)

    def denied(self, caller: Caller | None, error: NysaError, source: str, request: str, cluster: str | None) -> None:
        """Record a request without the permission for it: method and path."""
        did = {'verb': 'request', 'request': request[:PATH_MOST]} | _token_of(caller)
        entry = _entry('refusal', caller.name if caller else None, source, did) | _refusal(error)
        if cluster is not None and self._is_managed(cluster):
            self._clusters.denied(cluster, entry | {'summary': request[:PATH_MOST]})
        else:
            self.recorder.note(NAME, entry | {'kind': 'denied'}, Urgency.AS_FAILURE)

    def token_created(self, caller: Caller, source: str, token: Token) -> None:
        self._token(caller, source, 'create token', token)

    def token_rotated(self, caller: Caller, source: str, token: Token, ended: Token) -> None:
        until = ended.expires_at.isoformat() if ended.expires_at else None
        self._token(caller, source, 'rotate token', token, replaces=ended.id, until=until)

    def token_revoked(self, caller: Caller, source: str, token: Token) -> None:
        self._token(caller, source, 'revoke token', token)

    def _token(self, caller: Caller, source: str, verb: str, token: Token, **more: Any) -> None:
        shown = token.shown()
        reach = {key: shown[key] for key in ('name', 'role', 'clusters', 'services', 'expires_at', 'speaks_for')}
        did = {'verb': verb, 'token': token.id, **reach, **more}
        self.recorder.note(NAME, _entry('token', caller.name, source, did))

    async def page(self, limit: int, after: str | None = None) -> tuple[list[Entry], str | None]:
        """The entries of up to `limit` objects, the newest first, and where the next page begins.

        Raises `InvalidRequest` for an `after` that cannot be, and `AwsFailed`.
        """
        await self.recorder.flush(NAME)
        begin = _read_cursor(after)
        listed = await self._bucket.objects(prefix=INSTALLATION, after=begin, limit=limit)
        entries: list[Entry] = []
        for position, stored in enumerate(listed, 1):
            entries += await self._read(stored.key)
            if len(entries) >= limit and position < len(listed):
                return entries, _cursor(stored.key)
        return entries, _cursor(listed[-1].key) if len(listed) == limit else None

    async def close(self) -> None:
        """Store what waits."""
        await self.recorder.close()

    async def _wrote(self, _: str, newest: Mark) -> None:
        try:
            await self._bucket.replace(MARK, newest.body)
        except AwsFailed as failed:
            log.warning('audit %s: %s is not marked as the newest object: %s', NAME, newest.key, failed)

    async def _read(self, key: str) -> list[Entry]:
        entries = self._known.get(key)
        if entries is None:
            stored = await self._bucket.get(key)
            entries = shown_entries(stored.body) if stored else []
            self._known.put(key, entries)
        return entries


def _entry(kind: str, by: str | None, source: str, did: Entry) -> Entry:
    return {'kind': kind, 'at': datetime.now(UTC).isoformat(), 'by': by, 'source': source, 'message': None, 'did': did}


def _refusal(error: NysaError) -> Entry:
    return {'error': error.code, 'reason': error.message}


def _token_of(caller: Caller | None) -> Entry:
    return {'token': caller.token} if caller and caller.token else {}


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.removeprefix(INSTALLATION).encode()).decode()


def _read_cursor(after: str | None) -> str | None:
    if after is None:
        return None
    try:
        key = base64.urlsafe_b64decode(after).decode('ascii')
    except ValueError:
        key = ''
    if not key.isalnum():
        raise InvalidRequest(
            'after must be the `next` of a page.', [{'path': 'after', 'message': 'the `next` of a page'}]
        )
    return INSTALLATION + key
