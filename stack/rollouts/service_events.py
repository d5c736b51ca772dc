"""The event log of a service in ECS, packed: as objects, a hundred lines are more than all else that is known of it."""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import overload

# Between two texts, and in place of `(service NAME)`, with which ECS begins most lines.
_BETWEEN, _SERVICE = '\0', '\1'


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One line of the log."""

    at: datetime
    message: str


class ServiceEvents(Sequence[ServiceEvent]):
    """The lines, the newest first. Each text is kept once, and is one object for all services that have the same."""

    __slots__ = ('_name', '_places', '_texts', '_times')

    def __init__(self, name: str, events: Iterable[ServiceEvent]):
        events = tuple(events)
        texts = [_without_name(name, event.message) for event in events]
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        self._name = name
        self._times = array('d', (event.at.timestamp() for event in events)).tobytes()
        self._places = sys.intern(''.join(chr(places[text]) for text in texts))
        self._texts = sys.intern(_BETWEEN.join(places))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[ServiceEvent]:
        return iter(self._unpacked(self._times, self._places))

    @overload
    def __getitem__(self, place: int) -> ServiceEvent: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[ServiceEvent, ...]: ...
    def __getitem__(self, place: int | slice) -> ServiceEvent | tuple[ServiceEvent, ...]:
        wanted = place if isinstance(place, slice) else slice(place, place + 1 or None)
        found = self._unpacked(array('d', self._times)[wanted].tobytes(), self._places[wanted])
        return found if isinstance(place, slice) else found[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServiceEvents) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __repr__(self) -> str:
        return f'ServiceEvents({self._name!r}, {tuple(self)!r})'

    def _content(self) -> tuple[str, bytes, str, str]:
        return self._name, self._times, self._places, self._texts

    def _unpacked(self, times: bytes, places: str) -> tuple[ServiceEvent, ...]:
        texts = [_with_name(self._name, text) for text in self._texts.split(_BETWEEN)]
        return tuple(
            ServiceEvent(datetime.fromtimestamp(at, UTC), texts[ord(place)])
            for at, place in zip(array('d', times), places, strict=True)
        )


def _without_name(name: str, message: str) -> str:
    begin = f'(service {name})'
    return _SERVICE + message.removeprefix(begin) if message.startswith(begin) else message


def _with_name(name: str, text: str) -> str:
    return f'(service {name}){text[1:]}' if text.startswith(_SERVICE) else text
