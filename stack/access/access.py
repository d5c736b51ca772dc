"""Who calls, and what a caller may do to which clusters."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Literal

from stack.runtime.patterns import matcher


class Role(IntEnum):
    """Each role may do what the ones below it may."""

    PUBLIC = 0
    VIEWER = 1
    DEPLOYER = 2
    ADMIN = 3


# What can be given to a caller.
ROLES = {role.name.lower(): role for role in (Role.VIEWER, Role.DEPLOYER, Role.ADMIN)}

EVERYWHERE = ('*',)

Via = Literal['nobody asked', 'token', 'session', 'load balancer']


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request. `name` is recorded as the author of its changes.

    `clusters` are names and patterns with `*`; nothing else is there for it. `token` and `session` are the ids of what
    it showed; `speaker` is the name of the token that spoke for another. `subject` is the account that signed in at a
    provider: its issuer and the id there, which last while names change.
    """

    name: str
    role: Role
    clusters: tuple[str, ...] = EVERYWHERE
    via: Via = 'nobody asked'
    token: str | None = None
    session: str | None = None
    speaker: str | None = None
    subject: str = ''

    @property
    def key(self) -> str:
        """What is counted by: the token where there is one, whoever it speaks for."""
        return f'token {self.token}' if self.token else f'{self.via} {self.name}'

    def may_see(self, cluster: str) -> bool:
        """Whether the cluster is there for this caller at all."""
        return self.clusters == EVERYWHERE or _matcher(self.clusters)(cluster)

    def covers(self, patterns: tuple[str, ...]) -> bool:
        """Whether everything that the patterns match is there for this caller.

        A `*` in them is only ever matched by a `*` of ours, and that also matches whatever it stands for.
        """
        return all(self.may_see(each) for each in patterns)


@lru_cache(1000)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    return matcher(patterns)
