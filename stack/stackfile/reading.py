"""Texts into data, with the places that mistakes are reported at."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal

from stack.errors import InvalidRequest, TooLarge
from stack.stackfile import json_text, yaml12
from stack.stackfile.places import Place, find
from stack.stackfile.problems import Problem

Syntax = Literal['yaml', 'json']

# A message to SQS carries the whole desired state, and holds 1 MiB:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_BYTES = 1024 * 1024


class Document:
    """What a text says (`data`), where it says it, and what is wrong with the text itself (`faults`)."""

    def __init__(self, data: Any, places: Callable[[], Place], faults: Sequence[Problem] = ()):
        self.data = data
        self.faults = tuple(faults)
        self._find_places = places

    @cached_property
    def _places(self) -> Place:
        return self._find_places()

    def position(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Line and column, from 1: of the key of a mapping's entry, of a list's item.

        For a part that is not there, those of the nearest part around it.
        """
        return find(self._places, path)


def read(body: bytes | str, syntax: Syntax) -> Document:
    """Plain data from a text in UTF-8, a byte order mark or not.

    Raises TooLarge beyond `MAX_BYTES`, and InvalidRequest (InvalidStackfile for YAML) with line and column for
    what is not in that syntax or could blow up.
    """
    text = _text(body)
    if syntax == 'json':
        return Document(json_text.load(text), lambda: json_text.places(text))
    data, root = yaml12.load(text)
    return Document(data, lambda: root)


def read_faulty(body: bytes | str, syntax: Syntax) -> Document:
    """As `read`, but what can be read past, as a key that stands twice, is told in the document's `faults`."""
    text = _text(body)
    if syntax == 'json':
        data, faults = json_text.load_faulty(text)
        return Document(data, lambda: json_text.places(text), faults)
    data, root, faults = yaml12.load_faulty(text)
    return Document(data, lambda: root, faults)


def _text(body: bytes | str) -> str:
    try:
        raw = body if isinstance(body, bytes) else body.encode()
        if len(raw) > MAX_BYTES:
            raise TooLarge(f'the text has {len(raw):,} bytes: {MAX_BYTES:,} are taken at most')
        return raw.decode('utf-8-sig')
    except UnicodeDecodeError as e:
        raise InvalidRequest(f'the text is not UTF-8: byte {e.start + 1:,} belongs to no character') from None
    except UnicodeEncodeError as e:
        raise InvalidRequest(f'the text holds half of a surrogate pair, at character {e.start + 1:,}') from None
