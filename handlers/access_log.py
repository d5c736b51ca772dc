"""The access log: a line for each request, written without what `logging` looks up for other lines."""

import logging
from typing import Any

log = logging.getLogger('nysa.access')


def log_request(method: str, path: str | None, status: int, **fields: Any) -> None:
    """Log an answered request; `fields` are those of `stack.runtime.log_lines`. The line's place in the code is not
    looked up, which takes a third of its time.
    """
    if log.isEnabledFor(logging.INFO):
        record = logging.LogRecord(log.name, logging.INFO, __file__, 0, '%s %s %d', (method, path, status), None)
        record.__dict__.update(fields)
        log.handle(record)
