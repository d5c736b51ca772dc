"""All that an embedded AWS holds at one moment, in memory, and the return to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stack.sandbox import moto_backends, snapshot
from stack.sandbox.buckets import Watch, restore_buckets
from stack.sandbox.ecs import ManualClock
from stack.sandbox.plain_files import Bucket
from stack.sandbox.serial import LOCK
from stack.sandbox.server import EmbeddedAws


class ReturningClock(ManualClock):
    """A clock that can be set back; in seconds since 1970."""

    def turn_to(self, now: float) -> None:
        self._now = now


@dataclass(frozen=True)
class Saved:
    """S3's buckets, everything else, and the time."""

    buckets: tuple[Bucket, ...]
    others: bytes
    now: float


def save(aws: EmbeddedAws) -> Saved:
    with LOCK:
        buckets, changes, _ = Watch(aws.account).differences({}, retagged=False)
        held = {bucket.name: {} for bucket in buckets}
        for change in changes:
            held[change.bucket][change.key] = change.versions
        filled = tuple(replace(bucket, keys=held[bucket.name]) for bucket in buckets)
        return Saved(filled, snapshot.dump(aws.account, aws.ecs.state()), aws.clock.now())


def restore(aws: EmbeddedAws, saved: Saved) -> None:
    """Put an embedded AWS, which runs by a ReturningClock, back to that moment."""
    assert isinstance(aws.clock, ReturningClock)
    with LOCK:
        moto_backends.forget(aws.account)
        aws.clock.turn_to(saved.now)
        aws.ecs.restore(snapshot.restore(aws.account, saved.others))
        restore_buckets(aws.account, saved.buckets)
