"""A log in memory, as CloudWatch pages through it."""

from dataclasses import dataclass, field

from stack.errors import AwsFailed
from stack.telemetry.log_events import EventPage, EventQuery, LogEvent


@dataclass
class MemoryLogs:
    """`events_a_page` are given by one call; `empty_pages` come before the first one that has events."""

    events_a_page: int = 3
    empty_pages: int = 0
    failure: AwsFailed | None = None
    written: dict[str, list[LogEvent]] = field(default_factory=dict)
    queries: list[tuple[EventQuery, str | None]] = field(default_factory=list)

    def write(self, container: str, milliseconds: int, message: str, task: str = 't1') -> None:
        events = self.written.setdefault(container, [])
        events.append(LogEvent(f'{container}-{len(events)}', milliseconds, f'svc/{container}/{task}', message))

    async def events(self, query: EventQuery, limit: int, token: str | None = None) -> EventPage:
        self.queries.append((query, token))
        if self.failure is not None:
            raise self.failure
        events = [
            event
            for event in self.written.get(query.source.container, ())
            if query.start <= event.milliseconds < query.end
            and (not query.task or event.stream.endswith(f'/{query.task}'))
            and query.pattern.strip('"') in event.message
        ]
        events.sort(key=lambda event: event.milliseconds, reverse=query.newest_first)
        page = int(token or 0)
        first = (page - self.empty_pages) * self.events_a_page
        if first < 0:
            return EventPage((), str(page + 1))
        following = first + self.events_a_page
        return EventPage(events[first:following], str(page + 1) if following < len(events) else None)
