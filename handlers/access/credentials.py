"""Credentials in headers: bearer tokens, basic authentication, and the name of the person a token speaks for."""

import base64
import binascii
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from urllib.parse import unquote

from stack.access import tokens
from stack.access.access import Caller, Role
from stack.errors import InvalidRequest


def token_of(authorization: str) -> str:
    """The token in an Authorization header: RFC 6750, or the password of RFC 7617; '' where there is none."""
    kind, _, rest = authorization.partition(' ')
    if kind.lower() == 'bearer':
        return rest.strip()
    return _basic(authorization)[1]


def on_behalf_of(caller: Caller, headers: Mapping[str, str]) -> Caller:
    """The caller under the name in X-Nysa-Actor, if there is one. Raises `InvalidRequest`."""
    actor = text_of(headers.get('X-Nysa-Actor', '')).strip()
    if not actor:
        return caller
    if not tokens.is_shown(actor):
        raise InvalidRequest('X-Nysa-Actor must be text of 1 to 100 characters, all of them visible.')
    return replace(caller, name=actor, speaker=caller.name)


def unchecked_caller(headers: Mapping[str, str]) -> Caller:
    """The caller where access is not controlled: an admin, under the name that its headers give."""
    name = headers.get('X-Nysa-Actor') or _basic(headers.get('Authorization', ''))[0]
    return _admin(name or 'anonymous')


_admin = lru_cache(1000)(partial(Caller, role=Role.ADMIN))


def source_of(headers: Mapping[str, str], address: str) -> str:
    """Where a request comes from, as records have it: its address and its program."""
    agent = headers.get('User-Agent', '').encode('ascii', 'replace').decode()[:100]
    return f'{address} {agent}'.strip()


def text_of(header: str) -> str:
    """A header that may contain any text: percent-encoded, or in UTF-8 as it is."""
    with contextlib.suppress(UnicodeError):
        header = header.encode('latin-1').decode()
    return unquote(header)


def _basic(authorization: str) -> tuple[str, str]:
    """Name and password of an `Authorization: Basic` header (RFC 7617); both empty in any other."""
    kind, _, rest = authorization.partition(' ')
    if kind.lower() != 'basic':
        return '', ''
    try:
        name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(':')
    except (binascii.Error, UnicodeDecodeError):
        return '', ''
    return name, password
