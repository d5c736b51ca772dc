"""Lists in pages, as ECS gives them: `maxResults`, and a `nextToken` that is only for its own kind of list."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from stack.sandbox.ecs.errors import invalid
from stack.sandbox.ecs.model import Wire


def page(items: Sequence[str], params: Wire, default: int = 100, most: int = 100) -> tuple[list[str], Wire]:
    """One page of sorted `items`, and the `nextToken` for the rest where there is more.

    The token names the last item given, so that items which come and go between two pages neither repeat nor hide
    others.
    """
    size = params.get('maxResults', default)
    if not 1 <= size <= most:
        raise invalid(f'maxResults must be between 1 and {most}.')
    after = _read(params['nextToken']) if params.get('nextToken') else None
    rest = items if after is None else [item for item in items if item > after]
    got = list(rest[:size])
    return got, {'nextToken': _write(got[-1])} if len(rest) > size else {}


def page_of(items: Sequence[Any], params: Wire, default: int = 100, most: int = 100) -> tuple[list[Any], Wire]:
    """One page of items in an order of their own, by position."""
    size = params.get('maxResults', default)
    if not 1 <= size <= most:
        raise invalid(f'maxResults must be between 1 and {most}.')
    start = 0
    if params.get('nextToken'):
        text = _read(params['nextToken'])
        if not text.isdecimal():
            raise invalid('Invalid token')
        start = int(text)
    end = start + size
    return list(items[start:end]), {'nextToken': _write(str(end))} if len(items) > end else {}


def _write(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b'-_', validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise invalid('Invalid token') from None
