"""People whom a provider of identities signs in: over OpenID Connect, or a load balancer that has done so."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.access.access import Caller, Via
from stack.access.alb_identity import AlbIdentity
from stack.access.groups import Grant, caller_of_claims, groups_of, subject_of
from stack.access.memberships import Memberships
from stack.access.names import Names
from stack.access.oidc import Attempt, Provider
from stack.errors import NotAuthenticated, ProviderFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class People:
    """Callers from the claims of people. `claim` names their groups, `grants` is what each group may do."""

    claim: str
    grants: Mapping[str, Grant]
    names: Names
    memberships: Memberships

    async def caller(self, claims: Mapping[str, Any], via: Via) -> Caller:
        """The caller of some claims. Raises `AccessDenied` for one in none of the groups."""
        await self.memberships.seen(subject_of(claims), groups_of(claims, self.claim, self.grants))
        return await self.names.named(caller_of_claims(claims, self.claim, self.grants, via))


@dataclass(frozen=True)
class OidcPeople:
    """People who sign in with OpenID Connect. The provider sends a browser that has signed out there to `home`."""

    provider: Provider
    people: People
    home: str

    async def caller(self, attempt: Attempt, answer: Mapping[str, str]) -> Caller:
        claims = await self.provider.finish(attempt, answer)
        return await self.people.caller(claims, 'session')

    async def end_address(self) -> str | None:
        """Where a browser ends its session at the provider; None where the provider does not offer it, or fails."""
        try:
            return await self.provider.end_address(self.home)
        except (NotAuthenticated, ProviderFailed) as failed:
            log.warning('the session at the provider is not ended: %s', failed)
            return None


@dataclass(frozen=True)
class AlbPeople:
    """People whom an AWS load balancer has signed in."""

    balancer: AlbIdentity
    people: People

    async def caller(self, data: str) -> Caller:
        claims = await self.balancer.claims(data)
        return await self.people.caller(claims, 'load balancer')
