"""Callers: their role, and the clusters that exist for them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Literal

from stack.access.scope import EVERYWHERE, ServiceScope
from stack.runtime.patterns import matcher


class Role(IntEnum):
    """Each role may do what the ones below it may."""

    PUBLIC = 0
    VIEWER = 1
    DEPLOYER = 2
    ADMIN = 3


# The roles of tokens and groups.
ROLES = {role.name.lower(): role for role in (Role.VIEWER, Role.DEPLOYER, Role.ADMIN)}

# Values of the API: `GET /session` has them.
Via = Literal['nobody asked', 'token', 'session', 'load balancer']


@dataclass(frozen=True)
class Caller:
    """The sender of a request. `name` is recorded as the author of its changes.

    `clusters` are names and patterns with `*`; other clusters do not exist for the caller. `token` and `session` are
    ids; `speaker` is the name of the token that spoke for another user; `subject` is the account at an identity
    provider: its issuer and the id there, which last while names change. `services` are those that it may change.
    `groups` are those of NYSA_GROUPS that a person is in; `created_by` is the name under which the token was created.
    `ends_at` is when a session ends by itself, in seconds since 1970.
    """

    name: str
    role: Role
    clusters: tuple[str, ...] = EVERYWHERE
    via: Via = 'nobody asked'
    token: str | None = None
    session: str | None = None
    speaker: str | None = None
    subject: str = ''
    services: tuple[str, ...] = EVERYWHERE
    groups: tuple[str, ...] = ()
    created_by: str | None = None
    ends_at: int | None = None

    @property
    def key(self) -> str:
        """The key of rate limits: the token where there is one, whatever names it speaks for."""
        return f'token {self.token}' if self.token else f'{self.via} {self.name}'

    @property
    def scope(self) -> ServiceScope:
        return ServiceScope(self.services)

    def may_see(self, cluster: str) -> bool:
        """Whether the cluster exists for this caller."""
        return self.clusters == EVERYWHERE or _matcher(self.clusters)(cluster)

    def covers(self, patterns: tuple[str, ...]) -> bool:
        """Whether the caller's clusters include everything that the patterns match.

        A `*` in them is only matched by a `*` of the caller, which also matches whatever the former stands for.
        """
        return all(self.may_see(each) for each in patterns)


@lru_cache(1000)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    return matcher(patterns)
