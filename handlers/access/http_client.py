"""An HTTP client for OpenID providers, and for the public keys of load balancers."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPError

from stack.errors import NotAuthenticated, ProviderFailed, ProviderUnavailable

TIMEOUT_S = 10
LARGEST_ANSWER = 1024 * 1024


async def fetch_json(address: str, form: Mapping[str, str] | None) -> Any:
    """The JSON at an address, in answer to a form where there is one.

    Raises `NotAuthenticated` where the provider refuses (4xx), `ProviderUnavailable` and `ProviderFailed` otherwise.
    """
    text = await _fetch(address, urlencode(form) if form is not None else None)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ProviderFailed('The identity provider did not answer in JSON.') from None


async def fetch_text(address: str) -> str:
    """The text at an address. Raises as `fetch_json` does."""
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
    except HTTPError as error:
        # Tornado's own 599: no answer in time.
        if error.code >= 500:
            raise ProviderUnavailable(f'The identity provider did not answer ({error.code}).') from error
        raise NotAuthenticated(f'The identity provider refused the request ({error.code}).') from error
    except UnicodeDecodeError as error:
        raise ProviderFailed('The identity provider did not answer in UTF-8.') from error
    except (OSError, ValueError) as error:
        raise ProviderUnavailable('The identity provider cannot be reached.') from error
    finally:
        client.close()
