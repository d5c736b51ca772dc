"""A request's body taken apart: JSON or YAML, by its Content-Type."""

from collections.abc import Mapping
from email.message import Message
from typing import Any

from stack.errors import InvalidRequest, UnsupportedMedia
from stack.stackfile.reading import Document, read

YAML_TYPES = {'application/yaml', 'text/yaml', 'application/x-yaml', 'text/x-yaml'}
JSON_TYPE = 'application/json'


def read_body(content: bytes, content_type: str) -> Document:
    """The body as plain data that knows its lines; without a Content-Type it is JSON.

    Raises `UnsupportedMedia`, `InvalidRequest`.
    """
    header = Message()
    header['Content-Type'] = content_type or JSON_TYPE
    media = header.get_content_type()
    charset = header.get_content_charset('utf-8')
    if charset not in ('utf-8', 'utf8', 'us-ascii'):
        raise UnsupportedMedia(f'The body must be in UTF-8, not {charset}.')
    if media in YAML_TYPES:
        return read(content, 'yaml')
    if media == JSON_TYPE or media.endswith('+json'):
        return read(content, 'json')
    raise UnsupportedMedia(f'{media} is not read here; {JSON_TYPE} and {", ".join(sorted(YAML_TYPES))} are.')


def mapping(document: Document) -> dict[str, Any]:
    """The body, which must be an object. Raises `InvalidRequest`."""
    if not isinstance(document.data, dict):
        raise InvalidRequest('The body must be an object.', [{'path': '', 'message': 'an object'}])
    return document.data


def only_known(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raise `InvalidRequest` that names each key which is not known."""
    unknown = [key for key in given if key not in known]
    if unknown:
        allowed = ', '.join(known)
        details = [{'path': key, 'message': f'not known here; {allowed} are'} for key in unknown]
        raise InvalidRequest(f'Not known here: {", ".join(map(str, unknown))}.', details)
