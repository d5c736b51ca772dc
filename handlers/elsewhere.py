"""What is asked of other servers over HTTP: an OpenID provider, and where load balancers keep their keys."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPError

from stack.errors import NotAuthenticated

TIMEOUT_S = 10
LARGEST_ANSWER = 1024 * 1024


async def fetch_json(address: str, form: Mapping[str, str] | None) -> Any:
    """The JSON at an address, in answer to a form where there is one. Raises `NotAuthenticated`."""
    text = await _fetch(address, urlencode(form) if form is not None else None)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotAuthenticated('The provider of identities does not answer in JSON.') from None


async def fetch_text(address: str) -> str:
    """Raises `NotAuthenticated`."""
    return await _fetch(address, None)


async def _fetch(address: str, body: str | None) -> str:
    client = AsyncHTTPClient(force_instance=True, max_body_size=LARGEST_ANSWER)
    try:
        answer = await client.fetch(
            address,
            method='GET' if body is None else 'POST',
            body=body,
            headers={'Accept': 'application/json, text/plain'},
            follow_redirects=False,
            request_timeout=TIMEOUT_S,
        )
        return answer.body.decode()
    except (HTTPError, OSError, UnicodeDecodeError) as error:
        said = f'{error.code}' if isinstance(error, HTTPError) else 'nothing that can be read'
        raise NotAuthenticated(f'The provider of identities answers {said}.') from error
    finally:
        client.close()
