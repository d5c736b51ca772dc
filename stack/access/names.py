"""Names of people, each of one account only: two accounts, or an account and a token, are never shown under one name.

The first account with a name keeps it, as an object of its own in the bucket; another one of that name is shown with a
part of a hash of its account.
"""

import hashlib
import json
import logging
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace

from stack.access.access import Caller
from stack.aws.ports import ObjectStore
from stack.errors import AwsFailed, PreconditionFailed
from stack.runtime.lru import LruCache

log = logging.getLogger(__name__)

PEOPLE = 'nysa/people/'
REMEMBERED = 10_000


class Names:
    """`tokens` gives the names that holders of tokens have now."""

    def __init__(self, bucket: ObjectStore, tokens: Callable[[], Iterable[str]]):
        self._bucket = bucket
        self._tokens = tokens
        self._owners: LruCache[str, str] = LruCache(REMEMBERED)

    async def named(self, caller: Caller) -> Caller:
        """The caller under a name that is its own."""
        key = hashlib.sha256(_alike(caller.name).encode('utf-8', 'surrogatepass')).hexdigest()
        of_token = any(_alike(name) == _alike(caller.name) for name in self._tokens())
        if not of_token and await self._owner(key, caller) == caller.subject:
            return caller
        mark = hashlib.sha256(caller.subject.encode()).hexdigest()[:8]
        return replace(caller, name=f'{caller.name[:80]} ({mark})')

    async def _owner(self, key: str, caller: Caller) -> str | None:
        """The account that has the name; None where that cannot be found out."""
        known = self._owners.get(key)
        if known is not None:
            return known
        try:
            owner = await self._claimed(key, caller)
        except AwsFailed as failed:
            log.warning('who has the name %s is not known: %s', caller.name, failed)
            return None
        if owner is not None:
            self._owners.put(key, owner)
        return owner

    async def _claimed(self, key: str, caller: Caller) -> str | None:
        stored = await self._bucket.get(PEOPLE + key)
        if stored is None:
            body = json.dumps({'name': caller.name, 'subject': caller.subject}).encode()
            try:
                await self._bucket.put(PEOPLE + key, body, over=None)
            except PreconditionFailed:
                stored = await self._bucket.get(PEOPLE + key)
            else:
                return caller.subject
        try:
            return str(json.loads(stored.body)['subject']) if stored else None
        except (ValueError, KeyError, TypeError):
            return None


def _alike(name: str) -> str:
    """The same for names that a reader takes for one."""
    return unicodedata.normalize('NFKC', name).casefold()
