"""Signing in with OpenID Connect: the authorisation code flow with PKCE, at any provider.

https://openid.net/specs/openid-connect-core-1_0.html (3.1), RFC 7636, RFC 9207, RFC 9700.
"""

import base64
import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stack.errors import NotAuthenticated, ProviderFailed

# None of them is made with a secret that a client shares.
ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']

DISCOVERED_S = 3600.0
# An unknown key may be new; the provider's keys are read again at most this often.
KEYS_S = 30.0
# What clocks may differ by.
LEEWAY_S = 30

# Asks an address, with a form where one is given, and reads the JSON answer.
# Raises `NotAuthenticated`, `ProviderFailed`.
Fetch = Callable[[str, Mapping[str, str] | None], Awaitable[Any]]


@dataclass(frozen=True)
class Client:
    """What a provider knows us as."""

    issuer: str
    id: str
    secret: str
    redirect_uri: str
    scopes: str


@dataclass(frozen=True)
class Attempt:
    """A sign-in in progress, stored in a cookie of the browser that began it."""

    state: str
    nonce: str
    verifier: str


class Provider:
    def __init__(self, client: Client, fetch: Fetch, clock: Callable[[], float] = time.time):
        self._client = client
        self._fetch = fetch
        self._clock = clock
        self._discovered: tuple[float, dict[str, Any]] = (float('-inf'), {})
        self._keys: tuple[float, KeySet | None] = (float('-inf'), None)

    @property
    def host(self) -> str:
        """The provider's name for users."""
        return urlsplit(self._client.issuer).hostname or self._client.issuer

    async def begin(self) -> tuple[str, Attempt]:
        """The address to redirect the browser to, and the attempt to check its return against."""
        attempt = Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b'=').decode()
        query = {
            'response_type': 'code',
            'client_id': self._client.id,
            'redirect_uri': self._client.redirect_uri,
            'scope': self._client.scopes,
            'state': attempt.state,
            'nonce': attempt.nonce,
            'code_challenge': challenge,
            'code_challenge_method': 'S256',
        }
        endpoint = (await self._configuration())['authorization_endpoint']
        return f'{endpoint}{"&" if "?" in endpoint else "?"}{urlencode(query)}', attempt

    async def end_address(self, page: str) -> str | None:
        """Where the browser ends its session at the provider, to come back to `page`; None where that is not offered.

        https://openid.net/specs/openid-connect-rpinitiated-1_0.html
        """
        endpoint = (await self._configuration()).get('end_session_endpoint')
        if not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in ('https', 'http'):
            return None
        query = urlencode({'client_id': self._client.id, 'post_logout_redirect_uri': page})
        return f'{endpoint}{"&" if "?" in endpoint else "?"}{query}'

    async def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> dict[str, Any]:
        """The claims of the user who signed in, from the parameters of the provider's redirect.

        Raises `NotAuthenticated` where a check fails, and `ProviderFailed`.
        """
        if not hmac.compare_digest(answer.get('state', '').encode(), attempt.state.encode()):
            raise NotAuthenticated('This sign-in was not started by this server; sign in again.')
        if answer.get('iss', self._client.issuer) != self._client.issuer:
            raise NotAuthenticated('Another provider has answered.')
        if not answer.get('code'):
            raise NotAuthenticated(f'The provider has refused: {answer.get("error", "no code")[:100]}.')
        form = {
            'grant_type': 'authorization_code',
            'code': answer['code'],
            'redirect_uri': self._client.redirect_uri,
            'client_id': self._client.id,
            'client_secret': self._client.secret,
            'code_verifier': attempt.verifier,
        }
        issued = await self._fetch((await self._configuration())['token_endpoint'], form)
        token = issued.get('id_token') if isinstance(issued, dict) else None
        if not isinstance(token, str):
            raise ProviderFailed('The provider gave no ID token.')
        return self._checked(await self._verified(token), attempt)

    def _checked(self, claims: Mapping[str, Any], attempt: Attempt) -> dict[str, Any]:
        """OpenID Connect Core 3.1.3.7."""
        audience = claims.get('aud')
        audience = audience if isinstance(audience, list) else [audience]
        now = self._clock()
        nonce = claims.get('nonce')
        faults = {
            'issuer': claims.get('iss') != self._client.issuer,
            'audience': self._client.id not in audience
            or claims.get('azp', self._client.id) != self._client.id
            or (len(audience) > 1 and 'azp' not in claims),
            'expiry': not _is_moment(claims.get('exp')) or claims['exp'] + LEEWAY_S <= now,
            'start': 'nbf' in claims and (not _is_moment(claims['nbf']) or claims['nbf'] - LEEWAY_S > now),
            'issue time': not _is_moment(claims.get('iat')) or claims['iat'] - LEEWAY_S > now,
            'nonce': not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), attempt.nonce.encode()),
            'subject': not isinstance(claims.get('sub'), str) or not claims['sub'],
        }
        wrong = [name for name, is_wrong in faults.items() if is_wrong]
        if wrong:
            raise NotAuthenticated(f'The ID token has the wrong {", ".join(wrong)}.')
        return dict(claims)

    async def _verified(self, token: str) -> dict[str, Any]:
        for _ in range(2):
            try:
                return jwt.decode(token, await self._key_set(), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError) as error:
                failed = error
                if self._clock() - self._keys[0] < KEYS_S:
                    break
                self._keys = (float('-inf'), None)
        raise NotAuthenticated('The signature of the ID token is wrong.') from failed

    async def _key_set(self) -> KeySet:
        since, keys = self._keys
        if keys is None or self._clock() - since > DISCOVERED_S:
            document = await self._fetch((await self._configuration())['jwks_uri'], None)
            try:
                keys = KeySet.import_key_set(document)
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise ProviderFailed("The provider's keys cannot be read.") from error
            self._keys = (self._clock(), keys)
        return keys

    async def _configuration(self) -> dict[str, Any]:
        since, known = self._discovered
        if self._clock() - since <= DISCOVERED_S:
            return known
        address = self._client.issuer.rstrip('/') + '/.well-known/openid-configuration'
        published = await self._fetch(address, None)
        needed = ('authorization_endpoint', 'token_endpoint', 'jwks_uri')
        if not isinstance(published, dict) or not all(isinstance(published.get(each), str) for each in needed):
            raise ProviderFailed('The provider does not publish where to sign in.')
        if published.get('issuer') != self._client.issuer:
            raise ProviderFailed('The provider publishes another issuer than NYSA_OIDC_ISSUER.')
        self._discovered = (self._clock(), published)
        return published


def _is_moment(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
