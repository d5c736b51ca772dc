"""Who calls, and what a caller's role lets it do."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role may do what the ones below it may."""

    PUBLIC = 0
    VIEWER = 1
    DEPLOYER = 2
    ADMIN = 3


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request. `name` is recorded as the author of its changes."""

    name: str
    role: Role
