"""The state of a relay in a file, from which it continues after a restart."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from stack.chat.chat_lines import PostedCluster
from stack.errors import Misconfigured

log = logging.getLogger(__name__)

# The key of `posted` in files of version 0.1.
FORMER_KEY = 'told'


class RelayState:
    """`known` are revisions, `since` is the time of the last event, `posted` is the record of `ChatLines`.

    `waiting` are lines that are not posted yet.

    Without a path nothing is stored. Raises `Misconfigured` where the file cannot be written.
    """

    def __init__(self, path: Path | None = None):
        self.known: dict[str, str] = {}
        self.since: str | None = None
        self.posted: dict[str, PostedCluster] = {}
        self.waiting: list[str] = []
        self._path = path
        if path is not None:
            self._read(path)
            try:
                self._write(path)
            except OSError as failed:
                wrong = {'path': 'NYSA_RELAY_STATE', 'message': f'{path} cannot be written: {failed.strerror}'}
                raise Misconfigured('The relay cannot write its state.', [wrong]) from failed

    def keep(self, waiting: Sequence[str]) -> None:
        """Store the state; a failure is logged, and lines are posted nevertheless."""
        self.waiting = list(waiting)
        try:
            if self._path is not None:
                self._write(self._path)
        except OSError as failed:
            log.warning('the state of the relay cannot be written: %s', failed)

    def _read(self, path: Path) -> None:
        try:
            kept = json.loads(path.read_text())
            self.known, self.waiting = dict(kept['known']), list(kept['waiting'])
            self.since = since if isinstance(since := kept.get('since'), str) else None
            self.posted = dict(kept['posted'] if 'posted' in kept else kept[FORMER_KEY])
        except FileNotFoundError:
            log.info('%s does not exist yet', path)
        except (ValueError, KeyError, TypeError):
            log.warning('the relay starts from scratch: %s is not its state', path)
        except OSError as failed:
            wrong = {'path': 'NYSA_RELAY_STATE', 'message': f'{path} cannot be read: {failed.strerror}'}
            raise Misconfigured('The relay cannot read its state.', [wrong]) from failed

    def _write(self, path: Path) -> None:
        new = path.with_name(f'{path.name}.new')
        kept = {'known': self.known, 'since': self.since, 'posted': self.posted, 'waiting': self.waiting}
        new.write_text(json.dumps(kept))
        new.replace(path)
