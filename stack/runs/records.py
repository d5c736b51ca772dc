"""The runs of each service in the bucket: one object, `runs/{cluster}/{service}`.

It is written on the condition that no other replica has written it since.
"""

import logging
from collections.abc import Callable

from stack.aws.ports import ObjectStore
from stack.errors import PreconditionFailed, Unavailable
from stack.runs.history import History, dump, load

log = logging.getLogger(__name__)

PREFIX = 'runs/'
# How often it is tried to write where other replicas write at the same time.
ATTEMPTS = 5


class RunRecords:
    def __init__(self, bucket: ObjectStore):
        self._bucket = bucket

    async def read(self, cluster: str, service: str) -> History:
        """The runs of a service; what cannot be read counts as none. Raises `AwsFailed`."""
        stored = await self._bucket.get(_key(cluster, service))
        return _readable(cluster, service, stored.body) if stored else History()

    async def update(self, cluster: str, service: str, change: Callable[[History], History]) -> tuple[History, History]:
        """Store what `change` makes of the newest record, and return both. Raises `AwsFailed`."""
        key = _key(cluster, service)
        for _ in range(ATTEMPTS):
            stored = await self._bucket.get(key)
            before = _readable(cluster, service, stored.body) if stored else History()
            after = change(before)
            if after == before:
                return before, after
            try:
                await self._bucket.put(key, dump(after), over=stored.etag if stored else None)
            except PreconditionFailed:
                continue
            return before, after
        raise Unavailable(
            f'{key} was not written: other replicas keep writing it', 's3:PutObject', 'Busy', pending=False
        )


def _key(cluster: str, service: str) -> str:
    return f'{PREFIX}{cluster}/{service}'


def _readable(cluster: str, service: str, body: bytes) -> History:
    try:
        return load(body)
    except (ValueError, KeyError, TypeError):
        log.warning('what is kept of the runs of %s in %s cannot be read', service, cluster)
        return History()
