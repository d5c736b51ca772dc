"""Log lines: for a person on a terminal, one JSON object each everywhere else. Secrets in them are masked."""

import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii

from stack.runtime.masking import masked_text

# What a log call may hand over as `extra`.
FIELDS = ('request_id', 'actor', 'cluster', 'service', 'milliseconds')


class JsonLines(logging.Formatter):
    """Written piece by piece: each request has a line, and `json.dumps` of the whole takes three times as long.

    `process` is the number of the process, where a server has several.
    """

    def __init__(self, process: int | None = None):
        super().__init__()
        self._always = '' if process is None else f', "process": {process}'

    def format(self, record: logging.LogRecord) -> str:
        line = (
            f'{{"at": "{moment(record.created)}", "level": "{record.levelname.lower()}", "logger": "{record.name}", '
            f'"message": {encoded(masked_text(record.getMessage()))}{self._always}'
        )
        given = record.__dict__
        for name in FIELDS:
            # Not by `getattr`, to which each field that is absent is an exception.
            value = given.get(name)
            if value is not None:
                line += f', "{name}": {encoded(value)}'
        if record.exc_info:
            line += f', "stack": {encoded(masked_text(self.formatException(record.exc_info)))}'
        return line + '}'


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


def moment(seconds: float) -> str:
    """A point in time in milliseconds, as RFC 3339 has it."""
    whole = int(seconds)
    return f'{_whole_second(whole)}.{int((seconds - whole) * 1000):03}+00:00'


@lru_cache(maxsize=4)
def _whole_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime('%Y-%m-%dT%H:%M:%S')


def encoded(value: object) -> str:
    """A value as JSON."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    # `json.dumps` builds an encoder for a number, which it then writes like this.
    return repr(value) if type(value) in (int, float) else json.dumps(value)


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
    # It logs a stack for each call that finds its role denied, beside the error that it raises.
    logging.getLogger('botocore.credentials').setLevel(logging.ERROR)
