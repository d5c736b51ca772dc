"""Parser of stackfiles in YAML or JSON, with positions for messages."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal

from stack.errors import InvalidRequest, TooLarge
from stack.stackfile import json_text, yaml12
from stack.stackfile.places import Place, find
from stack.stackfile.problems import Problem

Syntax = Literal['yaml', 'json']

# A message to SQS contains the whole desired state, and is limited to 1 MiB:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_BYTES = 1024 * 1024


class Document:
    """The data of a text, the positions of its parts, and the syntax faults of the text."""

    def __init__(self, data: Any, places: Callable[[], Place], faults: Sequence[Problem] = ()):
        self.data = data
        self.faults = tuple(faults)
        self._find_places = places

    @cached_property
    def _places(self) -> Place:
        return self._find_places()

    def position(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Line and column, from 1, of the key of a mapping's entry or of a list's item.

        Those of the nearest part around an absent one.
        """
        return find(self._places, path)


def read(body: bytes | str, syntax: Syntax) -> Document:
    """The document in a UTF-8 text, with or without a byte order mark.

    Raises TooLarge beyond `MAX_BYTES`, and InvalidRequest (InvalidStackfile for YAML) with line and column for
    a text that is invalid in that syntax or expands too much.
    """
    text = _text(body)
    if syntax == 'json':
        return Document(json_text.load(text), lambda: json_text.places(text))
    data, root = yaml12.load(text)
    return Document(data, lambda: root)


def read_faulty(body: bytes | str, syntax: Syntax) -> Document:
    """As `read`, but recoverable faults, such as a repeated key, are in the document's `faults`."""
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
            raise TooLarge(f'the text has {len(raw):,} bytes; at most {MAX_BYTES:,} are accepted')
        return raw.decode('utf-8-sig')
    except UnicodeDecodeError as e:
        raise InvalidRequest(f'the text is not UTF-8: byte {e.start + 1:,} is not part of a character') from None
    except UnicodeEncodeError as e:
        raise InvalidRequest(f'the text contains half of a surrogate pair, at character {e.start + 1:,}') from None
