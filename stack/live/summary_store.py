"""Persisted summaries of clusters in the bucket: a cache, of which nothing is believed that is not proven.

`summaries/0` … `summaries/f` have the clusters by the hash of their names: a line of JSON about the object and one for
each cluster, compressed by gzip. An object that another release wrote, or that is damaged, counts as empty, and is
written again.
Each write is conditional: where another replica was faster, its object is read, and the next write goes on from there.
"""

import asyncio
import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Protocol

from stack.aws.ports import ObjectLister, ObjectStore
from stack.errors import PreconditionFailed
from stack.live.summary import Proof, Summary, load
from stack.runtime.off_loop import call_off_loop

log = logging.getLogger(__name__)

PREFIX = 'summaries/'
SHARDS = '0123456789abcdef'
# What the lines are made of; another number makes every object count as empty.
FORMAT = 1
# Bytes of a cluster's line, and of an object before compression. What is larger is left out.
LARGEST_LINE = 256 * 1024
LARGEST = 8 * 1024 * 1024

# The line of each cluster by its name, and what it is proven by.
Lines = Mapping[str, tuple[Proof, bytes]]


class Bucket(ObjectStore, ObjectLister, Protocol):
    """The calls that summaries are stored by."""


@dataclass
class Shard:
    """An object as it was read or written last, and what is to be written: a line for each name."""

    etag: str | None = None
    lines: Lines = field(default_factory=dict)
    due: dict[str, tuple[Proof, bytes]] = field(default_factory=dict)


class SummaryStore:
    """`release` is that of this process: another one may compute a summary in another way."""

    def __init__(self, bucket: Bucket, release: str):
        self._bucket = bucket
        self._release = release
        self._shards = {name: Shard() for name in SHARDS}

    def proof(self, cluster: str) -> Proof | None:
        """What the summary that is known of a cluster is proven by; None without one."""
        known = self._line(cluster)
        return known[0] if known else None

    def get(self, cluster: str) -> Summary | None:
        """The summary that is known of a cluster; None without one."""
        known = self._line(cluster)
        return load(known[1]) if known else None

    def put(self, summary: Summary) -> None:
        """Have a summary written with the next `write`."""
        line = summary.dump()
        if len(line) <= LARGEST_LINE:
            self._shard(summary.cluster).due[summary.cluster] = summary.proof, line

    async def refresh(self) -> None:
        """Read what other replicas wrote. Raises `AwsFailed`."""
        listed = {each.key.removeprefix(PREFIX): each.etag for each in await self._bucket.objects(prefix=PREFIX)}
        changed = [name for name, shard in self._shards.items() if shard.etag != listed.get(name)]
        await asyncio.gather(*map(self._read, changed))

    async def write(self, there: AbstractSet[str]) -> None:
        """Write what is due, without clusters that are not `there` any more. Raises `AwsFailed`."""
        for name, shard in self._shards.items():
            if shard.due or not shard.lines.keys() <= there:
                await self._write(name, shard, there)

    async def _write(self, name: str, shard: Shard, there: AbstractSet[str]) -> None:
        due = dict(shard.due)
        lines = {cluster: line for cluster, line in {**shard.lines, **due}.items() if cluster in there}
        body = await call_off_loop(dump_shard, self._release, lines)
        try:
            written = await self._bucket.put(PREFIX + name, body, over=shard.etag)
        except PreconditionFailed:
            await self._read(name)
            return
        shard.etag, shard.lines = written.etag, lines
        shard.due = {cluster: line for cluster, line in shard.due.items() if due.get(cluster) is not line}

    async def _read(self, name: str) -> None:
        stored = await self._bucket.get(PREFIX + name)
        lines: Lines = {}
        try:
            # It takes longer than the event loop may stand still.
            lines = await call_off_loop(load_shard, self._release, stored.body) if stored else {}
        except (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error, RecursionError) as error:
            log.warning('%s%s is not used, and will be written again: %s', PREFIX, name, error)
        shard = self._shards[name]
        shard.etag, shard.lines = stored.etag if stored else None, lines

    def _line(self, cluster: str) -> tuple[Proof, bytes] | None:
        shard = self._shard(cluster)
        return shard.due.get(cluster) or shard.lines.get(cluster)

    def _shard(self, cluster: str) -> Shard:
        return self._shards[shard_of(cluster)]


def shard_of(cluster: str) -> str:
    return hashlib.sha256(cluster.encode()).hexdigest()[0]


def dump_shard(release: str, lines: Lines) -> bytes:
    """The object with these lines, as many as it has room for."""
    kept, room = [], LARGEST
    for _, (_, line) in sorted(lines.items()):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    body = b'\n'.join(kept)
    head = {'format': FORMAT, 'release': release, 'sha256': hashlib.sha256(body).hexdigest()}
    return gzip.compress(json.dumps(head).encode() + b'\n' + body, mtime=0)


def load_shard(release: str, stored: bytes) -> Lines:
    """The lines of an object; none of another release.

    Raises ValueError, KeyError, TypeError, EOFError, OSError or zlib.error for what is no such object.
    """
    head, _, body = _unpacked(stored).partition(b'\n')
    about: Any = json.loads(head)
    if (about['format'], about['release']) != (FORMAT, release):
        log.info('summaries of release %s are not used', about['release'])
        return {}
    if hashlib.sha256(body).hexdigest() != about['sha256']:
        raise ValueError('its content is not what its hash states')
    found = ((load(line), line) for line in body.splitlines())
    return {summary.cluster: (summary.proof, line) for summary, line in found}


def _unpacked(stored: bytes) -> bytes:
    """The content of a gzip file that is not larger than an object may be."""
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    content = unpacking.decompress(stored, LARGEST + 1024)
    if not unpacking.eof:
        raise ValueError('it is cut off, or too large')
    return content
