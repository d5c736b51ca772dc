"""The user whom an AWS load balancer has signed in, from the header that it signs.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
"""

import base64
import binascii
import hmac
import json
import math
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from stack.errors import NotAuthenticated, SignInExpired
from stack.runtime.lru import LruCache

HEADER = 'X-Amzn-Oidc-Data'
KEY_ID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
ARN = re.compile(r'arn:(aws[a-z-]*):elasticloadbalancing:([a-z0-9-]+):\d{12}:loadbalancer/app/[\w-]+/[0-9a-f]+')
MOST_KEYS = 100
# For so long a key that is not published is not asked for again.
UNKNOWN_KEY_S = 60.0

# Reads a text at an address. Raises `NotAuthenticated` where there is none, and `ProviderFailed`.
FetchText = Callable[[str], Awaitable[str]]


def keys_address(arn: str) -> str:
    """Where the load balancers of the ARN's region publish their keys. Raises ValueError for another ARN."""
    match = ARN.fullmatch(arn)
    if match is None:
        raise ValueError('the ARN of an application load balancer')
    return f'https://public-keys.auth.elb.{match[2]}.amazonaws.com/'


class AlbIdentity:
    """`arn` names the one load balancer that is believed, `keys` is the address before each key's id."""

    def __init__(self, arn: str, keys: str, fetch: FetchText, clock: Callable[[], float] = time.time):
        self._arn = arn
        self._address = keys
        self._fetch = fetch
        self._clock = clock
        self._keys: LruCache[str, ec.EllipticCurvePublicKey] = LruCache(MOST_KEYS)
        # Ids under which no key is published, and when that was found.
        self._unknown: LruCache[str, float] = LruCache(MOST_KEYS)

    async def claims(self, data: str) -> dict[str, Any]:
        """The claims of the signed-in user. Raises `NotAuthenticated`, `SignInExpired`, `ProviderFailed`.

        Not read by a library for JWTs: the load balancer pads its base64, and signs the padded text.
        """
        parts = data.split('.')
        try:
            header, claims, signature = (base64.urlsafe_b64decode(each + '=' * (-len(each) % 4)) for each in parts)
            header, claims = json.loads(header), json.loads(claims)
        except (ValueError, binascii.Error, RecursionError):
            raise NotAuthenticated(f'{HEADER} cannot be read.') from None
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise NotAuthenticated(f'{HEADER} cannot be read.')
        signer = header.get('signer')
        if header.get('alg') != 'ES256' or not isinstance(signer, str):
            raise NotAuthenticated(f'{HEADER} is not signed as load balancers do.')
        if not hmac.compare_digest(signer.encode(), self._arn.encode()):
            raise NotAuthenticated(f'{HEADER} is not signed by the load balancer in NYSA_ALB_ARN.')
        key = await self._key(header.get('kid'))
        if len(signature) != 64 or not _is_signed(key, signature, '.'.join(parts[:2]).encode()):
            raise NotAuthenticated(f'The signature of {HEADER} is wrong.')
        ends = header.get('exp')
        if isinstance(ends, bool) or not isinstance(ends, int | float) or not math.isfinite(ends):
            raise NotAuthenticated(f'{HEADER} has no expiry.')
        if ends <= self._clock():
            raise SignInExpired('The sign-in at the load balancer has run out.')
        return {'iss': header.get('iss'), **claims}

    async def _key(self, id: Any) -> ec.EllipticCurvePublicKey:
        if not isinstance(id, str) or not KEY_ID.fullmatch(id):
            raise NotAuthenticated(f'{HEADER} names no key.')
        known, missed_at = self._keys.get(id), self._unknown.get(id)
        if known is not None:
            return known
        if missed_at is not None and self._clock() - missed_at < UNKNOWN_KEY_S:
            raise NotAuthenticated(f'{HEADER} names no key of a load balancer.')
        try:
            key = load_pem_public_key((await self._fetch(self._address + id)).encode())
        except (ValueError, NotAuthenticated):
            key = None
        if not isinstance(key, ec.EllipticCurvePublicKey):
            self._unknown.put(id, self._clock())
            raise NotAuthenticated(f'{HEADER} names no key of a load balancer.')
        self._keys.put(id, key)
        return key


def _is_signed(key: ec.EllipticCurvePublicKey, signature: bytes, text: bytes) -> bool:
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        key.verify(encode_dss_signature(r, s), text, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
