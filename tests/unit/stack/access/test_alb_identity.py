"""The header of a load balancer, signed by a key that its region's endpoint has."""

import asyncio
import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stack.access.alb_identity import UNKNOWN_KEY_S, AlbIdentity, keys_address
from stack.errors import NotAuthenticated, ProviderUnavailable, SignInExpired

ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/nysa/0123456789abcdef'
KEY_ID = '12345678-1234-1234-1234-123456789012'
NOW = 1_900_000_000
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def signed(key: ec.EllipticCurvePrivateKey = KEY, **header: Any) -> str:
    """As a load balancer does it, padding and all."""
    whole = {'alg': 'ES256', 'kid': KEY_ID, 'signer': ARN, 'exp': NOW + 600} | header
    text = f'{encoded(whole)}.{encoded({"sub": "u-1", "email": "maria@example.com"})}'
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return f'{text}.{base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()}'


def claims(data: str) -> dict[str, Any]:
    async def fetch(address: str) -> str:
        assert address == keys_address(ARN) + KEY_ID
        return KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    return asyncio.run(AlbIdentity(ARN, keys_address(ARN), fetch, lambda: NOW).claims(data))


SIGNED = signed()
HEADER, BODY, SIGNATURE = SIGNED.split('.')


@pytest.mark.parametrize(
    'data',
    [
        '',
        'x',
        'x.y.z',
        '..',
        'a.b.c.d',
        f'{HEADER}.{BODY}',
        f'{HEADER}.{BODY}.',
        f'{HEADER}.{BODY}.{SIGNATURE[:-8]}',
        f'{HEADER}.{encoded({"sub": "root"})}.{SIGNATURE}',
        f'{encoded([1])}.{BODY}.{SIGNATURE}',
        f'{encoded("[" * 10)}.{BODY}.{SIGNATURE}',
        f'{HEADER}.{BODY}.{base64.urlsafe_b64encode(bytes(64)).decode()}',
        signed(OTHER),
        signed(alg='none'),
        signed(alg='HS256'),
        signed(signer=ARN[:-1] + '0'),
        signed(signer=None),
        signed(exp=NOW),
        signed(exp='later'),
        signed(exp=float('nan')),
        signed(exp=float('inf')),
        signed(exp=True),
        signed(kid='../../evil'),
        signed(kid=None),
        'ä' * 100,
    ],
)
def test_what_our_load_balancer_has_not_signed_is_refused(data: str):
    with pytest.raises(NotAuthenticated):
        claims(data)


def test_what_it_has_signed_counts():
    assert claims(SIGNED)['email'] == 'maria@example.com'


def test_its_keys_are_those_of_its_region():
    assert keys_address(ARN) == 'https://public-keys.auth.elb.eu-west-1.amazonaws.com/'


def test_expired_is_distinguished_from_invalid():
    with pytest.raises(SignInExpired):
        claims(signed(exp=NOW))


def test_the_issuer_comes_with_the_claims():
    assert claims(signed(iss='https://idp.example.com'))['iss'] == 'https://idp.example.com'


class Published:
    """Keys by address that are asked for; without any, each is refused as an endpoint of AWS refuses it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = float(NOW)
        self.away = False
        self.balancer = AlbIdentity(ARN, '', self.fetch, lambda: self.now)

    async def fetch(self, address: str) -> str:
        self.asked.append(address)
        if self.away:
            raise ProviderUnavailable('It cannot be reached.')
        raise NotAuthenticated('It refuses (403).')

    def claims(self) -> None:
        asyncio.run(self.balancer.claims(SIGNED))


def test_a_key_that_is_not_published_is_asked_for_once_a_minute():
    published = Published()
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            published.claims()
    assert published.asked == [KEY_ID]
    published.now += UNKNOWN_KEY_S - 1
    with pytest.raises(NotAuthenticated):
        published.claims()
    published.now += 1
    with pytest.raises(NotAuthenticated):
        published.claims()
    assert published.asked == [KEY_ID] * 2


def test_a_key_that_could_not_be_asked_for_is_not_unknown():
    published = Published()
    published.away = True
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            published.claims()
    assert published.asked == [KEY_ID] * 2
