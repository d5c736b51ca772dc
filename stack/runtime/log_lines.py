"""Log lines: for a person on a terminal, one JSON object each everywhere else. Secrets in them are masked."""

import json
import logging
import sys
from datetime import UTC, datetime

from stack.runtime.masking import masked_text

# What a log call may hand over as `extra`.
FIELDS = ('request_id', 'actor', 'cluster', 'service', 'milliseconds')


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            'at': datetime.fromtimestamp(record.created, UTC).isoformat(timespec='milliseconds'),
            'level': record.levelname.lower(),
            'logger': record.name,
            'message': masked_text(record.getMessage()),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line['stack'] = masked_text(self.formatException(record.exc_info))
        return json.dumps(line)


class TerminalLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = masked_text(record.getMessage())
        line = f'{datetime.fromtimestamp(record.created):%H:%M:%S} {record.levelname.lower():7} {message}'
        known = [f'{name}={value}' for name in FIELDS if (value := getattr(record, name, None)) is not None]
        if known:
            line += '  ' + ' '.join(known)
        return f'{line}\n{masked_text(self.formatException(record.exc_info))}' if record.exc_info else line


def set_up(level: int = logging.INFO) -> None:
    """Send every log line to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalLines() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # No line shows them: https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # botocore logs each credential that it finds, and moto's server each request.
    for name in ('botocore', 'boto3', 'urllib3', 'werkzeug', 'asyncio'):
        logging.getLogger(name).setLevel(logging.WARNING)
