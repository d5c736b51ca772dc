"""Log lines: for a person on a terminal, one JSON object each everywhere else. Secrets in them are masked."""

import json
import logging
import sys
from datetime import UTC, datetime

from stack.runtime.masking import masked_text

# What a log call may hand over as `extra`.
FIELDS = ('request_id', 'actor', 'cluster', 'service', 'milliseconds')


class JsonLines(logging.Formatter):
    """`process` is the number of the process, where a server has several."""

    def __init__(self, process: int | None = None):
        super().__init__()
        self._always = {} if process is None else {'process': process}

    def format(self, record: logging.LogRecord) -> str:
        line = {
            'at': datetime.fromtimestamp(record.created, UTC).isoformat(timespec='milliseconds'),
            'level': record.levelname.lower(),
            'logger': record.name,
            'message': masked_text(record.getMessage()),
        }
        line |= self._always | {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line['stack'] = masked_text(self.formatException(record.exc_info))
        return json.dumps(line)


class TerminalLines(logging.Formatter):
    """`process` is the number of the process, where a server has several."""

    def __init__(self, process: int | None = None):
        super().__init__()
        self._always = [] if process is None else [f'process={process}']

    def format(self, record: logging.LogRecord) -> str:
        message = masked_text(record.getMessage())
        line = f'{datetime.fromtimestamp(record.created):%H:%M:%S} {record.levelname.lower():7} {message}'
        known = [f'{name}={value}' for name in FIELDS if (value := getattr(record, name, None)) is not None]
        known += self._always
        if known:
            line += '  ' + ' '.join(known)
        return f'{line}\n{masked_text(self.formatException(record.exc_info))}' if record.exc_info else line


def set_up(level: int = logging.INFO, process: int | None = None) -> None:
    """Send every log line to standard error, with the number of the process where there is one."""
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalLines(process) if sys.stderr.isatty() else JsonLines(process))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # No line shows them: https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # botocore logs each credential that it finds, and moto's server each request.
    for name in ('botocore', 'boto3', 'urllib3', 'werkzeug', 'asyncio'):
        logging.getLogger(name).setLevel(logging.WARNING)
