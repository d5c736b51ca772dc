"""What people may do now, read again from where it is decided: their token, their session, their groups.

An approval counts only while its author may approve. A token is looked up, and must be valid; a session must not have
ended. The groups of a person are those that the provider stated last, and their roles those of NYSA_GROUPS now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from stack.access.access import Caller, Role
from stack.access.groups import Grant, grant_of
from stack.access.memberships import Memberships
from stack.access.token_store import TokenStore
from stack.changes.approvers import Account, Approver, Decision
from stack.errors import ApprovalDenied


class Standings(Protocol):
    async def refresh(self) -> None:
        """Read the tokens and sessions again. Raises `AwsFailed`."""
        ...

    async def now(self, account: Account) -> Approver | None:
        """The account with what it may do now; None where it may do nothing any more. Raises `AwsFailed`."""
        ...


class OpenStandings:
    """Without access control every caller is an admin."""

    async def refresh(self) -> None:
        """There is nothing to read."""

    async def now(self, account: Account) -> Approver | None:
        return Approver(account, Caller(account.name, Role.ADMIN))


class ControlledStandings:
    """`grants` is what each group may do."""

    def __init__(self, tokens: TokenStore, grants: Mapping[str, Grant], memberships: Memberships):
        self._tokens = tokens
        self._grants = grants
        self._memberships = memberships

    async def refresh(self) -> None:
        await self._tokens.refresh()

    async def now(self, account: Account) -> Approver | None:
        if account.session and self._tokens.has_ended(account.session):
            return None
        caller = self._of_token(account) if account.token else await self._of_person(account)
        return Approver(replace(account, groups=caller.groups), caller) if caller else None

    def _of_token(self, account: Account) -> Caller | None:
        token = self._tokens.find(account.token or '')
        if token is None or token.is_over(datetime.now(UTC)):
            return None
        if account.speaker and not token.speaks_for:
            return None
        return replace(token.caller(), name=account.name, speaker=account.speaker)

    async def _of_person(self, account: Account) -> Caller | None:
        if not account.subject:
            return None
        stated = await self._memberships.of(account.subject)
        groups = account.groups if stated is None else stated
        granted = grant_of(groups, self._grants)
        if granted is None:
            return None
        named = tuple(group for group in groups if group in self._grants)
        return Caller(account.name, granted.role, granted.clusters, subject=account.subject, groups=named)


async def approver_now(standings: Standings, account: Account) -> Approver:
    """The account with what it may do now. Raises `ApprovalDenied` where it may do nothing any more."""
    approver = await standings.now(account)
    if approver is None:
        raise ApprovalDenied('You have no role here any more.')
    return approver


async def approvers_now(standings: Standings, decisions: Iterable[Decision], cluster: str) -> list[Approver]:
    """The people who decided, with what they may do now; those who may do nothing any more are left out."""
    found = [await standings.now(each.account) for each in decisions]
    return [each for each in found if each and each.caller.may_see(cluster)]
