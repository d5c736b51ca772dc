"""Credentials in headers."""

import base64

import pytest

from handlers.access.credentials import on_behalf_of, text_of, token_of, unchecked_caller
from stack.access.access import Caller, Role
from stack.errors import InvalidRequest


def basic(text: str) -> str:
    return f'Basic {base64.b64encode(text.encode()).decode()}'


@pytest.mark.parametrize(
    ('header', 'token'),
    [
        ('Bearer nysa_1', 'nysa_1'),
        ('bearer  nysa_1 ', 'nysa_1'),
        (basic('bot:nysa_1'), 'nysa_1'),
        (basic('bot:a:b'), 'a:b'),
        ('Basic ???', ''),
        ('Digest nysa_1', ''),
        ('', ''),
    ],
)
def test_tokens(header: str, token: str):
    assert token_of(header) == token


@pytest.mark.parametrize(
    ('headers', 'name'),
    [
        ({}, 'anonymous'),
        ({'X-Nysa-Actor': 'kim'}, 'kim'),
        ({'Authorization': basic('jo:x')}, 'jo'),
        ({'X-Nysa-Actor': 'kim', 'Authorization': basic('jo:x')}, 'kim'),
    ],
)
def test_an_unchecked_caller_is_an_admin_of_any_name(headers: dict[str, str], name: str):
    caller = unchecked_caller(headers)
    assert (caller.name, caller.role) == (name, Role.ADMIN)


def test_a_token_that_speaks_for_others():
    bot = Caller('bot', Role.DEPLOYER, token='t1')
    assert on_behalf_of(bot, {}) is bot
    named = on_behalf_of(bot, {'X-Nysa-Actor': 'M%C3%BCller'})
    assert (named.name, named.speaker, named.key) == ('Müller', 'bot', bot.key)
    with pytest.raises(InvalidRequest):
        on_behalf_of(bot, {'X-Nysa-Actor': 'a%E2%80%AEb'})


@pytest.mark.parametrize(
    ('header', 'text'),
    [('plain', 'plain'), ('a%20b', 'a b'), ('MÃ¼ller', 'Müller'), ('caf%C3%A9', 'café'), ('100%', '100%')],
)
def test_headers_with_any_text(header: str, text: str):
    assert text_of(header) == text
