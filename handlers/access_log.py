"""The access log: a line for each request, written without what `logging` looks up for other lines."""

import logging
import time
from typing import Any

log = logging.getLogger('nysa.access')


# What lines of this log have in common: making a record looks up the file, the thread and the process each time.
_COMMON = logging.LogRecord(log.name, logging.INFO, __file__, 0, '%s %s %d', (), None).__dict__


def log_request(method: str, path: str | None, status: int, **fields: Any) -> None:
    """Log an answered request; `fields` are those of `stack.runtime.log_lines`. The line's place in the code is not
    looked up, which takes a third of its time.
    """
    if log.isEnabledFor(logging.INFO):
        now = time.time()
        record = logging.LogRecord.__new__(logging.LogRecord)
        record.__dict__ = {**_COMMON, 'args': (method, path, status), 'created': now, 'msecs': now % 1 * 1000, **fields}
        log.handle(record)
