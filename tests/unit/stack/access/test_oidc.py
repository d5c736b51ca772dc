"""ID tokens that are refused for their moments, by a provider in this process."""

import asyncio
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from stack.access.oidc import LEEWAY_S, Client, Provider
from stack.errors import NotAuthenticated

ISSUER = 'https://idp.example.com'
NOW = 1_900_000_000
KEY = RSAKey.generate_key(2048, {'kid': 'k1'})
GOOD = {'iss': ISSUER, 'aud': 'nysa', 'sub': 'u-1', 'iat': NOW, 'exp': NOW + 600}
BACK = 'client_id=nysa&post_logout_redirect_uri=https%3A%2F%2Fnysa.example.com%2Fcp'
NAN, INFINITY = float('nan'), float('inf')


def claims_of(end_session: Any = None, **claims: Any) -> tuple[dict[str, Any], str | None]:
    """What a sign-in comes to whose ID token has these claims, and where it ends at the provider."""
    nonce = ''

    async def fetch(address: str, form: Any) -> Any:
        if form is not None:
            token = jwt.encode({'alg': 'RS256', 'kid': 'k1'}, {**GOOD, 'nonce': nonce, **claims}, KEY)
            return {'id_token': token}
        if address.endswith('openid-configuration'):
            found = {'issuer': ISSUER, 'end_session_endpoint': end_session}
            return (
                found
                | {f'{each}_endpoint': f'{ISSUER}/{each}' for each in ('authorization', 'token')}
                | {'jwks_uri': 'k'}
            )
        return {'keys': [KEY.as_dict(private=False)]}

    async def play() -> tuple[dict[str, Any], str | None]:
        nonlocal nonce
        client = Client(ISSUER, 'nysa', 'secret', 'https://nysa.example.com/signed-in', 'openid')
        provider = Provider(client, fetch, clock=lambda: NOW)
        _, attempt = await provider.begin()
        nonce = attempt.nonce
        found = await provider.finish(attempt, {'state': attempt.state, 'code': 'c'})
        return found, await provider.end_address('https://nysa.example.com/cp')

    return asyncio.run(play())


def test_a_right_token_is_accepted():
    assert claims_of(nbf=NOW + LEEWAY_S)[0]['sub'] == 'u-1'


@pytest.mark.parametrize('wrong', [NAN, INFINITY, -INFINITY, None, True, '1900000600', NOW - LEEWAY_S])
def test_an_expiry_that_is_no_moment_to_come_is_refused(wrong: Any):
    with pytest.raises(NotAuthenticated, match='wrong expiry'):
        claims_of(exp=wrong)


@pytest.mark.parametrize('wrong', [NAN, INFINITY, None, True, 'x', NOW + LEEWAY_S + 1])
def test_a_token_that_is_not_valid_yet_is_refused(wrong: Any):
    with pytest.raises(NotAuthenticated, match='wrong start'):
        claims_of(nbf=wrong)


@pytest.mark.parametrize('wrong', [NAN, NOW + LEEWAY_S + 1, None])
def test_a_token_that_was_issued_later_is_refused(wrong: Any):
    with pytest.raises(NotAuthenticated, match='wrong issue time'):
        claims_of(iat=wrong)


@pytest.mark.parametrize('wrong', [None, '', 7])
def test_a_token_of_no_account_is_refused(wrong: Any):
    with pytest.raises(NotAuthenticated, match='wrong subject'):
        claims_of(sub=wrong)


@pytest.mark.parametrize(
    ('offered', 'address'),
    [
        (None, None),
        ('javascript:alert(1)', None),
        (7, None),
        (f'{ISSUER}/end?a=b', f'{ISSUER}/end?a=b&{BACK}'),
    ],
)
def test_where_a_session_ends_at_the_provider(offered: Any, address: str | None):
    assert claims_of(offered)[1] == address
