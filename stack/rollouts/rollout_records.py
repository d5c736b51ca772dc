"""The record of how each cluster's rollouts ended, in the bucket: ECS forgets, and so does this process.

One object for each cluster, `rollouts/{cluster}`, written when something has ended. A process that starts goes on from
there, and knows how the revisions before it ended. Each write is conditional, and merges what other replicas recorded.
"""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from stack.aws.ports import NotModified, ObjectLister, ObjectWriter, VersionReader
from stack.errors import AwsFailed, PreconditionFailed
from stack.reconcile.shared_terms import shared_value
from stack.rollouts import stages
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.overtaken import DECIDED_AFTER
from stack.rollouts.rollout import NOTHING, Goal, Rollout, Verdict
from stack.runtime.off_loop import call_by_size
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

PREFIX = 'rollouts/'
# How many rollouts of former revisions are kept, the newest, and the bytes of each.
MOST_KEPT, BYTES_EACH = 200, 1024
# So many seconds lie between two writes for one cluster: beginnings and endings come together.
PAUSE_S = 3.0
# Replicas date an announcement by their own clocks and by S3's, which has whole seconds.
DATED_WITHIN = timedelta(seconds=2)
# How often it is tried to write where other replicas write at the same time.
ATTEMPTS = 5

Json = dict[str, Any]
# Makes the state of a cluster at its first revision that is known here.
MakeState = Callable[[Revision, datetime], ClusterState]

_ROLLOUT, _GOAL, _VERDICT = (tuple(each.name for each in fields(kind)) for kind in (Rollout, Goal, Verdict))


class Stored(NamedTuple):
    """A version of a record in the bucket."""

    etag: str
    version: str | None


@dataclass(frozen=True)
class Record:
    """The rollouts of the `revision` that was the newest, by service, and those of former ones, the oldest first.

    `stored` is the version of the object that it was read from; None where there is none.
    """

    revision: str | None = None
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    former: Mapping[str, Mapping[str, Rollout]] = field(default_factory=dict)
    stored: Stored | None = field(default=None, compare=False)

    @property
    def etag(self) -> str | None:
        """The ETag of the object that it was read from; None where there is none."""
        return self.stored.etag if self.stored is not None else None


class Owner(Protocol):
    """What a cluster's rollouts are recorded from: see `stack.live.cluster.Cluster`."""

    state: ClusterState | None

    def recorded(self, record: Record) -> None: ...


class Bucket(VersionReader, ObjectWriter, ObjectLister, Protocol):
    """The calls that records are kept by."""


class RolloutRecords:
    def __init__(self, bucket: Bucket, pause_s: float = PAUSE_S):
        self._bucket = bucket
        self._pause_s = pause_s
        self._find: Callable[[str], Owner | None] = lambda _: None
        self._due: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    def of(self, find: Callable[[str], Owner | None]) -> None:
        """Record the clusters that are found by name; each is recorded as it is when the write begins."""
        self._find = find

    async def read(self, cluster: str, known: Record | None = None) -> Record:
        """What is recorded of a cluster: `known` itself while that is the newest. Raises `AwsFailed`.

        What cannot be read counts as nothing.
        """
        found = await self._bucket.get(PREFIX + cluster, known=known.stored if known is not None else None)
        if isinstance(found, NotModified):
            return known or Record()
        if found is None:
            return Record()
        return replace(await _read_by_size(cluster, found.body), stored=Stored(found.etag, found.version))

    async def etags(self) -> dict[str, str]:
        """The ETag of each cluster's record, by cluster. Raises `AwsFailed`."""
        listed = await self._bucket.objects(prefix=PREFIX)
        return {each.key.removeprefix(PREFIX): each.etag for each in listed}

    async def keep_now(self, cluster: str) -> None:
        """Record how the rollouts of a cluster stand, before this returns; what S3 refuses is logged."""
        self._due.add(cluster)
        await self._write(cluster)

    def keep(self, cluster: str) -> None:
        """Record how the rollouts of a cluster stand, soon."""
        if cluster in self._due:
            return
        self._due.add(cluster)
        task = asyncio.get_running_loop().create_task(self._write_soon(cluster))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Record what is due, without waiting any longer; what is being written is written to its end."""
        self._closing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write_soon(self, cluster: str) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), self._pause_s)
        await self._write(cluster)

    async def _write(self, cluster: str) -> None:
        if cluster not in self._due:
            return
        self._due.discard(cluster)
        try:
            for _ in range(ATTEMPTS):
                if await self._put(cluster):
                    return
            log.warning('the rollouts of %s were not recorded: others keep writing them', cluster)
        except AwsFailed as failed:
            log.warning('the rollouts of %s were not recorded: %s', cluster, failed)

    async def _put(self, cluster: str) -> bool:
        """Write a record; false where another replica has just written it."""
        stored = await self._bucket.get(PREFIX + cluster)
        record = await _read_by_size(cluster, stored.body) if stored is not None else Record()
        owner = self._find(cluster)
        if owner is None or owner.state is None:
            return True
        # What another replica recorded is not to be lost.
        owner.recorded(record)
        if stored is not None and not has_news(owner.state, record):
            return True
        kept = _kept(owner.state)
        body = await call_by_size(len(kept.current) * BYTES_EACH, _dumped, kept)
        try:
            await self._bucket.put(PREFIX + cluster, body, over=stored.etag if stored else None)
        except PreconditionFailed:
            return False
        return True


def resume(make: MakeState, record: Record, path: Sequence[Revision], now: datetime) -> ClusterState:
    """The state of a cluster at the last revision of a path, going on from a record of the first."""
    first, *later = path
    state = make(first, now)
    if first.id == record.revision:
        state.take_up(record.rollouts)
    for revision in later:
        state.take_revision(revision, now)
    state.book.remember(record.former, now)
    # The record is all that can be asked of what was overtaken before this process knew of it.
    state.book.decide(now + DECIDED_AFTER)
    return state


def readable_record(cluster: str, body: bytes) -> Record:
    """A record as it is stored; an empty one, and a line in the log, where it cannot be read."""
    try:
        return load(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning('what is kept of the rollouts of %s cannot be read', cluster)
        return Record()


async def _read_by_size(cluster: str, body: bytes) -> Record:
    return await call_by_size(len(body), readable_record, cluster, body)


def has_news(state: ClusterState, record: Record) -> bool:
    """Whether a cluster's rollouts stand otherwise than is recorded: all replicas see the same, at different times."""
    if state.revision.id != record.revision or state.rollouts.keys() != record.rollouts.keys():
        return True
    if any(_is_news(rollout, record.rollouts[name]) for name, rollout in state.rollouts.items()):
        return True
    former = _former(state)
    if former.keys() != record.former.keys():
        return True
    pairs = ((rollouts, record.former[revision]) for revision, rollouts in former.items())
    return any(
        len(rollouts) != len(recorded)
        or any(each.goal.service not in recorded or _is_news(each, recorded[each.goal.service]) for each in rollouts)
        for rollouts, recorded in pairs
    )


def _is_news(own: Rollout, recorded: Rollout) -> bool:
    """Whether a rollout stands otherwise than is recorded, but for its counts and times."""
    return _standing(own) != _standing(recorded) or _was_announced_later(own.goal, recorded.goal)


def _standing(rollout: Rollout) -> tuple[Any, ...]:
    goal, verdict, steps = rollout.goal, rollout.verdict, rollout.stages
    ending = (verdict.ending, verdict.reason, verdict.by, verdict.unasked, verdict.cause) if verdict else None
    wanted = (goal.revision, goal.image, goal.count, goal.kind)
    return wanted, rollout.state, ending, rollout.deployment, rollout.asked, rollout.given_up, steps and steps.step


def _was_announced_later(own: Goal, recorded: Goal) -> bool:
    if own.announced_at is None or recorded.announced_at is None:
        return own.announced_at is not recorded.announced_at
    return own.announced_at - recorded.announced_at >= DATED_WITHIN


def _former(state: ClusterState) -> dict[str, list[Rollout]]:
    """The rollouts of former revisions that are kept, the oldest first."""
    former: dict[str, list[Rollout]] = {}
    room = MOST_KEPT
    for revision, rollouts in reversed(state.book.as_recorded().items()):
        room -= len(rollouts)
        if room < 0:
            break
        former[revision] = rollouts
    return dict(reversed(former.items()))


def dump(state: ClusterState) -> bytes:
    """The rollouts of a cluster as they are recorded."""
    return _dumped(_kept(state))


class _Kept(NamedTuple):
    """What is recorded of a state, which may change meanwhile."""

    revision: str
    current: list[Rollout]
    former: dict[str, list[Rollout]]


def _kept(state: ClusterState) -> _Kept:
    return _Kept(state.revision.id, [each for _, each in sorted(state.rollouts.items())], _former(state))


def _dumped(kept: _Kept) -> bytes:
    former = {revision: list(map(rollout_json, rollouts)) for revision, rollouts in kept.former.items()}
    current = list(map(rollout_json, kept.current))
    return json.dumps({'revision': kept.revision, 'rollouts': current, 'former': former}).encode()


def load(body: bytes) -> Record:
    """What `dump` made; one that was made before former revisions were kept has none.

    Raises ValueError, KeyError, TypeError or AttributeError for anything else.
    """
    kept = json.loads(body)
    former = {revision: _by_service(each) for revision, each in kept.get('former', {}).items()}
    return Record(kept['revision'], _by_service(kept['rollouts']), former)


def _by_service(kept: Iterable[Json]) -> dict[str, Rollout]:
    return {each.goal.service: each for each in map(_rollout, kept)}


def rollout_json(rollout: Rollout) -> Json:
    """A rollout as it is stored: `dataclasses.asdict` at a ninth of its cost, with times and sets as JSON has them."""
    goal = {name: getattr(rollout.goal, name) for name in _GOAL}
    goal['since'] = rollout.goal.since.isoformat()
    # The name of the field in the records of older versions.
    announced_at = goal.pop('announced_at')
    goal['told'] = announced_at.isoformat() if announced_at else None
    verdict = None
    if rollout.verdict is not None:
        verdict = {name: getattr(rollout.verdict, name) for name in _VERDICT}
        verdict['at'] = rollout.verdict.at.isoformat()
        if rollout.verdict.cause is None:
            # Older versions read only the keys that they know.
            del verdict['cause']
    kept = {name: getattr(rollout, name) for name in _ROLLOUT if name != 'stages'}
    if rollout.stages is not None:
        kept['stages'] = stages.record(rollout.stages)
    return kept | {
        'goal': goal,
        'verdict': verdict,
        'observed_at': rollout.observed_at.isoformat(),
        'foreign': sorted(rollout.foreign),
        'idle': 0.0,
    }


def _shared(kept: Json) -> Json:
    """The values, with one object for equal texts: the rollouts of a cluster have most of them in common."""
    return {name: sys.intern(value) if isinstance(value, str) else value for name, value in kept.items()}


@lru_cache(1024)
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _rollout(kept: Json) -> Rollout:
    stored = _shared(kept['goal'])
    announced_at = stored.pop('told')
    times = {'since': _moment(stored['since']), 'announced_at': announced_at and _moment(announced_at)}
    goal = Goal(**stored | times)
    verdict = kept['verdict']
    if verdict is not None:
        known_keys = _shared({name: verdict[name] for name in _VERDICT if name in verdict})
        verdict = shared_value(Verdict(**known_keys | {'at': _moment(verdict['at'])}))
    observed_at = _moment(kept['observed_at'])
    known = _shared({name: kept[name] for name in _ROLLOUT if name in kept})
    if kept.get('stages') is not None:
        known['stages'] = stages.read_record(kept['stages'])
    values = known | {
        'goal': goal,
        'verdict': verdict,
        'observed_at': observed_at,
        'foreign': frozenset(kept['foreign']) or NOTHING,
    }
    return Rollout(**values)
