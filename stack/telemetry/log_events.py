"""Log events as CloudWatch gives them, and how they are asked for.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.runtime.masking import masked_text
from stack.runtime.moments import stamp
from stack.telemetry.log_sources import LogSource

# What begins a pattern of CloudWatch: JSON, fields, a regular expression, alternatives, an exclusion, a phrase.
_PATTERN_HEADS = ('{', '[', '%', '?', '-', '"')


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line; `milliseconds` since 1970 is the time at which it was written, as its container states it."""

    id: str
    milliseconds: int
    stream: str
    message: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """`token` leads to the next page; None on the last one. A page may be empty and have a token."""

    events: Sequence[LogEvent]
    token: str | None


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Events of a source from `start` until before `end`, in milliseconds since 1970; of one task, or of all."""

    source: LogSource
    start: int
    end: int
    pattern: str = ''
    task: str = ''
    newest_first: bool = False


class LogReader(Protocol):
    """Reads CloudWatch: see `stack.aws.logs.CloudWatchLogs`. Raises `AwsFailed`."""

    async def events(self, query: EventQuery, limit: int, token: str | None = None) -> EventPage: ...


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line as the API shows it."""

    at: datetime
    task: str
    container: str
    text: str

    def to_json(self, *, masks: bool = False) -> dict[str, Any]:
        """With `masks`, what looks like a secret is masked."""
        text = masked_text(self.text) if masks else self.text
        return {'at': stamp(self.at), 'task': self.task, 'container': self.container, 'line': text}


def log_line(event: LogEvent, source: LogSource) -> LogLine:
    at = datetime.fromtimestamp(event.milliseconds / 1000, UTC)
    return LogLine(at, event.stream.rpartition('/')[2], source.container, event.message.rstrip('\r\n'))


def filter_pattern(text: str) -> str:
    """The filter pattern of what a caller looks for: a pattern as it is, other text as a phrase.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    text = text.strip()
    if not text or text.startswith(_PATTERN_HEADS):
        return text
    escaped = text.replace('\\', '\\\\').replace('"', '\\"')
    return f'"{escaped}"'
