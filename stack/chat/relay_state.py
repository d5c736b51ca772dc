"""What a relay has told, and what it has still to tell, in a file: one that is started anew goes on from there."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stack.errors import Misconfigured

log = logging.getLogger(__name__)


class RelayState:
    """`known` are revisions, `told` is what `ChatLines` remembers, `waiting` are lines that no webhook has taken yet.

    Without a path nothing is kept. Raises `Misconfigured` where the file cannot be written.
    """

    def __init__(self, path: Path | None = None):
        self.known: dict[str, str] = {}
        self.told: dict[str, Any] = {}
        self.waiting: list[str] = []
        self._path = path
        if path is not None:
            self._read(path)
            try:
                self._write(path)
            except OSError as failed:
                wrong = {'path': 'NYSA_RELAY_STATE', 'message': f'{path} cannot be written: {failed.strerror}'}
                raise Misconfigured('The relay cannot keep what it has told.', [wrong]) from failed

    def keep(self, waiting: Sequence[str]) -> None:
        """Write down how it stands; what cannot be written is logged, and told all the same."""
        self.waiting = list(waiting)
        try:
            if self._path is not None:
                self._write(self._path)
        except OSError as failed:
            log.warning('what was told cannot be kept: %s', failed)

    def _read(self, path: Path) -> None:
        try:
            kept = json.loads(path.read_text())
            self.known, self.told, self.waiting = dict(kept['known']), dict(kept['told']), list(kept['waiting'])
        except FileNotFoundError:
            log.info('nothing is kept in %s yet', path)
        except (ValueError, KeyError, TypeError):
            log.warning('what is kept in %s cannot be read; the relay starts anew', path)
        except OSError as failed:
            wrong = {'path': 'NYSA_RELAY_STATE', 'message': f'{path} cannot be read: {failed.strerror}'}
            raise Misconfigured('The relay cannot read what it has told.', [wrong]) from failed

    def _write(self, path: Path) -> None:
        new = path.with_name(f'{path.name}.new')
        new.write_text(json.dumps({'known': self.known, 'told': self.told, 'waiting': self.waiting}))
        new.replace(path)
