"""A request's body taken apart: JSON or YAML, by its Content-Type."""

from collections.abc import Mapping
from email.message import Message
from typing import Any

from stack.errors import InvalidRequest, UnsupportedMedia
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.check import check_document
from stack.stackfile.places import Path
from stack.stackfile.problems import refusal
from stack.stackfile.reading import Document, Syntax, read, read_faulty

YAML_TYPES = {'application/yaml', 'text/yaml', 'application/x-yaml', 'text/x-yaml'}
JSON_TYPE = 'application/json'


def read_body(content: bytes, content_type: str) -> Document:
    """The body as plain data that knows its lines; without a Content-Type it is JSON.

    Raises `UnsupportedMedia`, `InvalidRequest`.
    """
    return read(content, _syntax(content_type))


async def read_stackfile(content: bytes, content_type: str, within: Path = ()) -> Document:
    """As `read_body`; where the text itself is faulty, all mistakes of the stackfile `within` it are told as well."""
    document = await call_off_loop(read_faulty, content, _syntax(content_type))
    if document.faults:
        report = await call_off_loop(check_document, document, within=within)
        raise refusal(report.mistakes, report.warnings)
    return document


def _syntax(content_type: str) -> Syntax:
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
    named = content_type.partition(';')[0].strip()[:100]
    raise UnsupportedMedia(f'{named} is not read here; {JSON_TYPE} and {", ".join(sorted(YAML_TYPES))} are.')


def read_fields(content: bytes, headers: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """The body as an object that has no other keys than these; no body is an empty one.

    Raises `UnsupportedMedia`, and `InvalidRequest` that names each key which is not known.
    """
    given = mapping(read_body(content or b'{}', headers.get('Content-Type', '')))
    only_known(given, known)
    return given


def only_known(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raise `InvalidRequest` that names each key which is not known."""
    unknown = [key for key in given if key not in known]
    if unknown:
        allowed = ', '.join(known)
        details = [{'path': key, 'message': f'not known here; {allowed} are'} for key in unknown]
        raise InvalidRequest(f'Not known here: {", ".join(map(str, unknown))}.', details)


def mapping(document: Document) -> dict[str, Any]:
    """The body, which must be an object. Raises `InvalidRequest`."""
    if not isinstance(document.data, dict):
        raise InvalidRequest('The body must be an object.', [{'path': '', 'message': 'an object'}])
    return document.data


def expect(name: str, value: Any, kind: type, allowed: str) -> None:
    """Raise `InvalidRequest` for a value that is given and is not of that kind."""
    if value is not None and not isinstance(value, kind):
        raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])
