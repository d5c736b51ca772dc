"""The newest `desired` events of each cluster, for subscribers that were away for a moment."""

from collections import deque

from stack.events import Event

MOST_EVENTS = 100
MOST_BYTES = 256 * 1024


class EventLog:
    def __init__(self, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES):
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._events: dict[str, deque[tuple[str, str, Event]]] = {}
        self._bytes: dict[str, int] = {}

    def add(self, cluster: str, before: str, after: str, event: Event) -> None:
        """Remember the event that leads from one revision to the next."""
        events = self._events.setdefault(cluster, deque())
        if events and events[-1][1] != before:
            self.forget(cluster)
            events = self._events.setdefault(cluster, deque())
        events.append((before, after, event))
        self._bytes[cluster] = self._bytes.get(cluster, 0) + len(event.text(values=True))
        while len(events) > self._most_events or (self._bytes[cluster] > self._most_bytes and len(events) > 1):
            _, _, oldest = events.popleft()
            self._bytes[cluster] -= len(oldest.text(values=True))

    def since(self, cluster: str, known: str, last: str) -> list[Event] | None:
        """The events after a revision up to another; None where they are not all remembered."""
        found: list[Event] = []
        for before, after, event in self._events.get(cluster, ()):
            if before == known:
                found = []
            elif not found:
                continue
            found.append(event)
            if after == last:
                return found
        return None

    def forget(self, cluster: str) -> None:
        self._events.pop(cluster, None)
        self._bytes.pop(cluster, None)
