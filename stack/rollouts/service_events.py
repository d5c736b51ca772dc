"""The event log of a service in ECS, packed: as objects, a hundred lines are more than all else that is known of it."""

import re
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import overload

# Between two texts, and in place of `(service NAME)`, with which ECS begins most lines.
_BETWEEN, _SERVICE = '\0', '\1'
# In place of what services do not share: an id in hexadecimal digits of 16 or 8 bytes, the number of a deployment, and
# an ARN; each followed by the number of the value among those of its kind.
_LONG, _SHORT, _NUMBER, _ARN = _KINDS = '\2\3\4\5'
_SIZES = {_LONG: 16, _SHORT: 8, _NUMBER: 8}
_VALUE = re.compile(
    r'(?P<arn>\barn:aws[!-\'*-~]+)'
    r'|\b(?P<long>[0-9a-f]{32})\b'
    r'|\b(?P<short>[0-9a-f]{16})\b'
    r'|(?<=\becs-svc/)(?P<number>[1-9][0-9]{17,18})\b'
)
_KIND_OF = {'long': _LONG, 'short': _SHORT, 'number': _NUMBER, 'arn': _ARN}
_PLACE = re.compile(r'([\2-\5])(.)', re.DOTALL)
# What a text cannot have, since it would be one of the above.
_RESERVED = re.compile(r'[\0-\5]')

# Times as milliseconds between two lines, as ECS states them; otherwise as they are.
_DELTAS, _TIMES = b'd', b't'
_MOST_MS = 2**32


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One line of the log."""

    at: datetime
    message: str


class ServiceEvents(Sequence[ServiceEvent]):
    """The lines, the newest first.

    `_texts` are the different texts without the values that services do not share, `_places` which of them each line
    has: one object each for all services whose logs are alike. `_own` has the times and the values.
    """

    __slots__ = ('_name', '_own', '_places', '_texts')

    def __init__(self, name: str, events: Iterable[ServiceEvent]):
        events = tuple(events)
        texts = [_without_name(name, event.message) for event in events]
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        shared, values = _split(_BETWEEN.join(places))
        self._name = name
        self._own = _packed_times([event.at for event in events]) + values
        self._places = sys.intern(''.join(chr(places[text]) for text in texts))
        self._texts = sys.intern(shared)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[ServiceEvent]:
        return iter(self._unpacked(slice(None)))

    @overload
    def __getitem__(self, place: int) -> ServiceEvent: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[ServiceEvent, ...]: ...
    def __getitem__(self, place: int | slice) -> ServiceEvent | tuple[ServiceEvent, ...]:
        if isinstance(place, slice):
            return self._unpacked(place)
        return self._unpacked(slice(place, place + 1 or None))[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServiceEvents) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __repr__(self) -> str:
        return f'ServiceEvents({self._name!r}, {tuple(self)!r})'

    def _content(self) -> tuple[str, bytes, str, str]:
        return self._name, self._own, self._places, self._texts

    def _unpacked(self, wanted: slice) -> tuple[ServiceEvent, ...]:
        times, values = _times(self._own, len(self._places))
        texts = [_with_name(self._name, text) for text in _joined(self._texts, values).split(_BETWEEN)]
        return tuple(
            ServiceEvent(datetime.fromtimestamp(at, UTC), texts[ord(place)])
            for at, place in zip(times[wanted], self._places[wanted], strict=True)
        )


def _without_name(name: str, message: str) -> str:
    begin = f'(service {name})'
    if not message.isprintable():
        message = _RESERVED.sub(' ', message)
    return _SERVICE + message.removeprefix(begin) if message.startswith(begin) else message


def _with_name(name: str, text: str) -> str:
    return f'(service {name}){text[1:]}' if text.startswith(_SERVICE) else text


def _split(text: str) -> tuple[str, bytes]:
    """A text without its values, and the values: those of each kind one after the other, each once."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}

    def place(match: re.Match[str]) -> str:
        kind = _KIND_OF[str(match.lastgroup)]
        values = found[kind]
        return kind + values.setdefault(match[0], chr(len(values)))

    shared = _VALUE.sub(place, text)
    digits = [bytes.fromhex(''.join(found[kind])) for kind in (_LONG, _SHORT)]
    numbers = [int(number).to_bytes(_SIZES[_NUMBER]) for number in found[_NUMBER]]
    return shared, b''.join([*digits, *numbers, _BETWEEN.join(found[_ARN]).encode()])


def _joined(shared: str, packed: bytes) -> str:
    """The text that `_split` was given."""
    numbers = dict.fromkeys(_KINDS, 0)
    for kind, number in _PLACE.findall(shared):
        numbers[kind] = max(numbers[kind], ord(number) + 1)
    if not any(numbers.values()):
        return shared
    ends = [0, *accumulate(numbers[kind] * size for kind, size in _SIZES.items())]
    parts = {
        kind: [packed[begin : begin + size] for begin in range(start, end, size)]
        for (kind, size), (start, end) in zip(_SIZES.items(), pairwise(ends), strict=True)
    }
    values = {kind: [part.hex() for part in parts[kind]] for kind in (_LONG, _SHORT)}
    values[_NUMBER] = [str(int.from_bytes(part)) for part in parts[_NUMBER]]
    values[_ARN] = packed[ends[-1] :].decode().split(_BETWEEN)
    return _PLACE.sub(lambda match: values[match[1]][ord(match[2])], shared)


def _packed_times(times: Sequence[datetime]) -> bytes:
    if not times:
        return _DELTAS
    seconds = [at.timestamp() for at in times]
    deltas = [round((after - before) * 1000) for after, before in pairwise(seconds)]
    if any(at.microsecond % 1000 for at in times) or not all(0 <= delta < _MOST_MS for delta in deltas):
        return _TIMES + array('d', seconds).tobytes()
    return _DELTAS + array('d', seconds[:1]).tobytes() + array('I', deltas).tobytes()


def _times(own: bytes, number: int) -> tuple[Sequence[float], bytes]:
    """The times of so many lines in seconds, and the bytes behind them."""
    if not number:
        return (), own[1:]
    if own.startswith(_TIMES):
        end = 1 + 8 * number
        return array('d', own[1:end]), own[end:]
    end = 9 + 4 * (number - 1)
    newest = round(array('d', own[1:9])[0] * 1000)
    return [ms / 1000 for ms in accumulate(array('I', own[9:end]), int.__sub__, initial=newest)], own[end:]
