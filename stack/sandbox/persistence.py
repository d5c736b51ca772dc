"""Persistence of the embedded AWS on disk: at most the last second is lost."""

import fcntl
import hashlib
import logging
import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from stack.sandbox import snapshot
from stack.sandbox.buckets import Watch, backend, restore_buckets
from stack.sandbox.plain_files import PlainFiles
from stack.sandbox.serial import LOCK

log = logging.getLogger(__name__)

# Looking costs nothing where nothing was called; what comes in while it writes waits for the next look.
_INTERVAL_SECONDS = 0.2

_ABOUT = """\
What the embedded AWS of PROFILE=local keeps; `make clean-sandbox` starts afresh.

s3/        desired states and their whole history: plain files, a directory a key, index.jsonl first
snapshot   everything else, readable by the very version of moto that wrote it; without it the rest is created again
"""


class Found(Enum):
    """How much was restored."""

    NOTHING = 'nothing'
    OBJECTS = 'the S3 objects alone'
    EVERYTHING = 'everything'


class DirectoryInUse(RuntimeError):
    """Another process keeps its state in this directory."""


class Ecs(Protocol):
    """Our ECS, as far as it is kept; `changed` counts its changes."""

    changed: int

    def state(self) -> Any: ...

    def restore(self, state: Any) -> None: ...


class Keeper:
    """Keeps the state of one account in one directory, from `restore()` on until `stop()`.

    `touched` gives, and forgets, the calls that may have changed something since it was last asked.
    """

    def __init__(self, directory: Path, account: str, ecs: Ecs, touched: Callable[[], set[str]]):
        """Raises DirectoryInUse, and OSError where the directory cannot be written."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._account = account
        self._ecs = ecs
        self._touched = touched
        self._files = PlainFiles(directory / 's3')
        self._watch = Watch(account)
        self._snapshot = directory / 'snapshot'
        self._kept: tuple[str, int] = ('', -1)
        self._failed = ''
        self._unkept: dict[str, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name='sandbox-keeper')
        self._lock = (directory / 'lock').open('w')
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise DirectoryInUse(f'another process keeps its embedded AWS in {directory}') from error
        (directory / 'README').write_text(_ABOUT)

    def restore(self) -> Found:
        """Brings back what is on the disk. What cannot be read is left out, with a warning."""
        buckets = self._files.read()
        with LOCK:
            whole = self._restore_snapshot()
            restore_buckets(self._account, buckets)
            # The files are written first: a bucket that only the snapshot has was deleted after the snapshot.
            s3 = backend(self._account)
            deleted = s3.buckets.keys() - {bucket.name for bucket in buckets}
            for name in deleted:
                s3.delete_bucket(name)
        if not buckets:
            # An account without buckets is whole by its snapshot alone.
            return Found.EVERYTHING if whole and not deleted else Found.NOTHING
        return Found.EVERYTHING if whole else Found.OBJECTS

    def start(self) -> None:
        """Keeps what changes from now on, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Keeps the last of it, and gives the directory free."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.keep()
        self._lock.close()

    def keep(self) -> None:
        """Writes what has changed since it was last called; a failure is logged, and made good by the next call."""
        try:
            self._keep()
            self._failed = ''
        except Exception as wrong:
            self._watch.forget()
            # Five times a second the same stack would drown all else.
            if self._failed != str(wrong):
                log.exception('the embedded AWS could not be kept in %s', self._directory)
            self._failed = str(wrong)

    def troubles(self) -> dict[str, str]:
        """What is not persisted now: subject → message."""
        where = f'the directory {self._directory}'
        failed = {where: f'The embedded AWS is not kept: {self._failed}.'} if self._failed else {}
        return failed | {
            f'embedded {service}': f'It is not kept over a restart: {reason}.'
            for service, reason in self._unkept.items()
        }

    def _run(self) -> None:
        while not self._stopping.wait(_INTERVAL_SECONDS):
            self.keep()

    def _keep(self) -> None:
        with LOCK:
            touched = self._touched()
            changed = self._ecs.changed
            if not touched and changed == self._kept[1] and not self._failed:
                return
            retagged = any('Tagging' in call for call in touched)
            objects = self._watch.differences(self._files.known, retagged)
            payload = self._payload()
        # First, whatever becomes of the snapshot: these are what an upgrade of moto starts from.
        self._files.write(*objects)
        if isinstance(payload, Exception):
            raise payload
        digest = hashlib.sha256(payload).hexdigest()
        if digest != self._kept[0]:
            snapshot.write(self._snapshot, payload)
        self._kept = digest, changed

    def _payload(self) -> bytes | Exception:
        """All services that can be kept, or why that is none; the others are reported once."""
        while True:
            try:
                return snapshot.dump(self._account, self._ecs.state(), self._unkept)
            except snapshot.Unkeepable as found:
                self._unkept |= found.services
                for service, reason in found.services.items():
                    log.warning('%s of the embedded AWS is not kept over a restart: %s', service, reason)
            except Exception as failed:  # noqa: BLE001 - it is raised once the plain files are written
                return failed

    def _restore_snapshot(self) -> bool:
        try:
            payload = snapshot.read(self._snapshot)
            if payload is None:
                return False
            state = snapshot.restore(self._account, payload)
            self._ecs.restore(state)
        except snapshot.UnusableSnapshot as reason:
            log.warning(
                'everything but the S3 objects is created again, since the snapshot in %s is unusable: %s',
                self._directory,
                reason,
            )
            return False
        return True
