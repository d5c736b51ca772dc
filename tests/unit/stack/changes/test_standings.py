"""What people may do now: by their token, their session, and the groups that were stated last."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.access.access import ROLES, Role
from stack.access.groups import Grant
from stack.access.tokens import Asked, Token, make
from stack.changes.approvers import Account
from stack.changes.standings import ControlledStandings, OpenStandings
from tests.asynchronous import asynchronous

GRANTS = {'platform': Grant(Role.ADMIN), 'web': Grant(Role.DEPLOYER, ('stag-*',))}


class FakeTokens:
    """The tokens of a store, and the sessions that have ended."""

    def __init__(self, *tokens: Token):
        self.tokens = {token.id: token for token in tokens}
        self.ended: set[str] = set()

    def find(self, id: str) -> Token | None:
        return self.tokens.get(id)

    def has_ended(self, session: str) -> bool:
        return session in self.ended


class FakeMemberships:
    def __init__(self, **stated: tuple[str, ...]):
        self.stated = stated

    async def of(self, subject: str) -> tuple[str, ...] | None:
        return self.stated.get(subject)


def standings(tokens: FakeTokens | None = None, **stated: tuple[str, ...]) -> ControlledStandings:
    made: Any = tokens or FakeTokens(), GRANTS, FakeMemberships(**stated)
    return ControlledStandings(*made)


def token(role: str = 'deployer', **asked: Any) -> Token:
    return make(Asked('bob', ROLES[role], **asked), 'root', datetime.now(UTC))[1]


@asynchronous
async def test_a_token_counts_while_it_is_valid():
    valid, over = token(), token(expires_at=datetime.now(UTC) - timedelta(minutes=1))
    tokens = FakeTokens(valid, over)
    found = await standings(tokens).now(Account('bob', 'token', token=valid.id))
    assert found is not None
    assert (found.caller.name, found.caller.role) == ('bob', Role.DEPLOYER)
    assert await standings(tokens).now(Account('bob', 'token', token=over.id)) is None
    assert await standings(tokens).now(Account('bob', 'token', token='unknown')) is None
    session = Account('bob', 'session', token=valid.id, session='s')
    assert await standings(tokens).now(session) is not None
    tokens.ended.add('s')
    assert await standings(tokens).now(session) is None


@asynchronous
async def test_a_token_speaks_for_others_while_it_may():
    bot, plain = token(speaks_for=True), token()
    tokens = FakeTokens(bot, plain)
    found = await standings(tokens).now(Account('ann', 'token', token=bot.id, speaker='bob'))
    assert found is not None
    assert (found.caller.name, found.caller.speaker) == ('ann', 'bob')
    assert await standings(tokens).now(Account('ann', 'token', token=plain.id, speaker='bob')) is None


@pytest.mark.parametrize(
    ('signed_in', 'stated', 'role', 'groups'),
    [
        (('platform',), None, Role.ADMIN, ('platform',)),
        (('platform',), ('web',), Role.DEPLOYER, ('web',)),
        (('platform',), (), None, ()),
        (('gone',), None, None, ()),
        ((), ('web', 'gone'), Role.DEPLOYER, ('web',)),
    ],
)
@asynchronous
async def test_people_have_the_groups_that_were_stated_last(signed_in: Any, stated: Any, role: Any, groups: Any):
    account = Account('ann', 'session', 'idp', session='s', groups=signed_in)
    found = await standings(**({'idp': stated} if stated is not None else {})).now(account)
    assert (found and found.caller.role, found.caller.groups if found else ()) == (role, groups)


@asynchronous
async def test_who_is_neither_token_nor_person_may_do_nothing():
    assert await standings().now(Account('ann', 'session')) is None
    found = await OpenStandings().now(Account('ann', 'token'))
    assert found is not None
    assert found.caller.role is Role.ADMIN
