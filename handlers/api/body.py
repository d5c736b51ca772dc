"""The body of a request: its bytes within bounds, read as JSON or YAML by its Content-Type."""

from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Any

from stack.errors import InvalidRequest, TooLarge, UnsupportedMedia
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.check import check_document
from stack.stackfile.places import Path
from stack.stackfile.problems import refusal
from stack.stackfile.reading import Document, Syntax, read, read_faulty

YAML_TYPES = {'application/yaml', 'text/yaml', 'application/x-yaml', 'text/x-yaml'}
JSON_TYPE = 'application/json'

# In bytes. More than SQS carries, so that a stackfile with comments fits.
BODY_LIMIT = 2 * 1024 * 1024


class Body:
    """The body as it comes in; bytes beyond `BODY_LIMIT` are counted and dropped.

    Each way to read it raises `TooLarge`, `UnsupportedMedia` and `InvalidRequest`.
    """

    def __init__(self, headers: Mapping[str, str]):
        self._headers = headers
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size <= BODY_LIMIT:
            self._chunks.append(chunk)

    def content(self) -> bytes:
        """The raw bytes. Raises `TooLarge`, and `UnsupportedMedia` for a compressed body."""
        encoding = self._headers.get('Content-Encoding', '').strip().lower()
        if encoding not in ('', 'identity'):
            raise UnsupportedMedia(f'The Content-Encoding {encoding[:100]} is not supported; send the body plain.')
        if self._size > BODY_LIMIT:
            raise TooLarge(f'The body has {self._size:,} bytes; at most {BODY_LIMIT:,} are accepted.')
        return b''.join(self._chunks)

    def document(self) -> Document:
        """Plain data with the line of each value; a body without a Content-Type is JSON."""
        return read(self.content(), self._syntax())

    async def stackfile(self, within: Path = ()) -> Document:
        """As `document`; syntax errors come together with all mistakes of the stackfile at the path `within`."""
        document = await call_off_loop(read_faulty, self.content(), self._syntax())
        if document.faults:
            report = await call_off_loop(check_document, document, within=within)
            raise refusal(report.mistakes, report.warnings)
        return document

    def fields(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """An object with no other keys than the known ones; an absent body is an empty object.

        Raises `InvalidRequest` that names each unknown key.
        """
        fields = mapping(read(self.content() or b'{}', self._syntax()))
        only_known(fields, known)
        return fields

    def _syntax(self) -> Syntax:
        content_type = self._headers.get('Content-Type', '')
        header = Message()
        header['Content-Type'] = content_type or JSON_TYPE
        media = header.get_content_type()
        charset = header.get_content_charset('utf-8')
        if charset not in ('utf-8', 'utf8', 'us-ascii'):
            raise UnsupportedMedia(f'The body must be in UTF-8, not {charset}.')
        if media in YAML_TYPES:
            return 'yaml'
        if media == JSON_TYPE or media.endswith('+json'):
            return 'json'
        name = content_type.partition(';')[0].strip()[:100]
        supported = f'{JSON_TYPE} and {", ".join(sorted(YAML_TYPES))}'
        raise UnsupportedMedia(f'The Content-Type {name} is not supported; {supported} are.')


def only_known(fields: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raise `InvalidRequest` that names each unknown key."""
    unknown = [key for key in fields if key not in known]
    if unknown:
        allowed = ', '.join(known)
        details = [{'path': key, 'message': f'unknown key; allowed are {allowed}'} for key in unknown]
        raise InvalidRequest(f'Unknown: {", ".join(map(str, unknown))}.', details)


def mapping(document: Document) -> dict[str, Any]:
    """The content of a body that must be an object. Raises `InvalidRequest`."""
    if not isinstance(document.data, dict):
        raise InvalidRequest('The body must be an object.', [{'path': '', 'message': 'an object'}])
    return document.data


def expect(name: str, value: Any, kind: type, allowed: str) -> None:
    """Raise `InvalidRequest` for a present value of another type."""
    if value is not None and not isinstance(value, kind):
        raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])


def expect_one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Raise `InvalidRequest` for a value that is none of these."""
    if value not in allowed:
        words = ' or '.join(allowed) if len(allowed) == 2 else f'one of {", ".join(allowed)}'
        raise InvalidRequest(f'{name} must be {words}.', [{'path': name, 'message': words}])
