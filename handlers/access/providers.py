"""People whom a provider of identities signs in: over OpenID Connect, or a load balancer that has done so."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from stack.access.access import Caller
from stack.access.alb_identity import AlbIdentity
from stack.access.groups import Grant, caller_of_claims
from stack.access.names import Names
from stack.access.oidc import Attempt, Provider
from stack.errors import NotAuthenticated, ProviderFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OidcPeople:
    """People who sign in with OpenID Connect. `claim` names their groups, `grants` is what each group may do.

    The provider sends a browser that has signed out there to `home`.
    """

    provider: Provider
    claim: str
    grants: Mapping[str, Grant]
    names: Names
    home: str

    async def caller(self, attempt: Attempt, answer: Mapping[str, str]) -> Caller:
        claims = await self.provider.finish(attempt, answer)
        return await self.names.named(caller_of_claims(claims, self.claim, self.grants, 'session'))

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
    claim: str
    grants: Mapping[str, Grant]
    names: Names

    async def caller(self, data: str) -> Caller:
        claims = await self.balancer.claims(data)
        return await self.names.named(caller_of_claims(claims, self.claim, self.grants, 'load balancer'))
