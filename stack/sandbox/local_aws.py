"""The AWS of PROFILE=local: the home account, and beside it that of production, as most installations have it.

Both answer callers of the home account's endpoint, who assume a role to reach the other one.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stack.configuration.accounts import HOME
from stack.sandbox.calls import REGION
from stack.sandbox.ecs import Clock, RealClock
from stack.sandbox.server import ACCOUNT, EmbeddedAws, SeededFleet

if TYPE_CHECKING:
    from stack.sandbox.fleet.busy import BusyFleet

PRODUCTION = 'production'
PRODUCTION_ACCOUNT = '210987654321'

_ROLE = 'nysa'
_EXTERNAL_ID = 'nysa-local'


@dataclass(frozen=True)
class LocalAws:
    """The home account, and the other ones by their names in NYSA_ACCOUNTS."""

    home: EmbeddedAws
    others: dict[str, EmbeddedAws]

    def troubles(self) -> dict[str, str]:
        """What is not persisted now: subject → message."""
        found = self.home.troubles()
        for name, other in self.others.items():
            found |= {f'{subject} in the account {name}': message for subject, message in other.troubles().items()}
        return found

    def banner(self) -> list[str]:
        """The lines to print at the start: where each account answers, and an example call."""
        others = (f'Its account {name} ({aws.account}) answers at {aws.endpoint}.' for name, aws in self.others.items())
        return [*self.home.banner(), *others]


@contextmanager
def local_aws(
    directory: Path | None,
    fleet: SeededFleet,
    clock: Clock | None = None,
    accounts: tuple[str, str] = (ACCOUNT, PRODUCTION_ACCOUNT),
) -> Iterator[LocalAws]:
    """Start the accounts, and stop them after the block. `accounts` are the ids of the home account and the other.

    The small fleet is in one account, and so is every state of a version that had only one. Raises what
    `EmbeddedAws.start` raises.
    """
    clock = clock or RealClock()
    with ExitStack() as stack:
        if not _has_two(directory, fleet):
            yield LocalAws(
                stack.enter_context(EmbeddedAws.start(directory, clock=clock, fleet=fleet, account=accounts[0])), {}
            )
            return
        yield _two(stack, directory, clock, accounts)


def _two(stack: ExitStack, directory: Path | None, clock: Clock, accounts: tuple[str, str]) -> LocalAws:
    home_id, other_id = accounts
    fleet = cache(lambda: _busy_fleet(home_id, other_id, clock.now()))
    if directory:
        # Before anything is stored: whatever interrupts this start, the next one finds that there are two.
        (directory / 'accounts').mkdir(parents=True, exist_ok=True)
    home = stack.enter_context(
        EmbeddedAws.start(
            directory, clock=clock, account=home_id, seed=lambda aws: fleet().put_home(aws.ecs, aws.client)
        )
    )
    other = stack.enter_context(
        EmbeddedAws.start(
            directory / 'accounts' / PRODUCTION if directory else None,
            clock=clock,
            account=other_id,
            seed=lambda aws: fleet().put_other(PRODUCTION, aws.ecs, aws.client),
        )
    )
    other.send_events_to(home)
    home.trust(other, _ROLE, _EXTERNAL_ID)
    return LocalAws(home, {PRODUCTION: other})


def _busy_fleet(home_id: str, other_id: str, now: float) -> 'BusyFleet':
    # Of use at a first start alone, and slow to import before an embedded AWS has patched moto.
    from stack.sandbox.fleet.busy import BusyFleet
    from stack.sandbox.seed import place_of

    places = {HOME: place_of(home_id, REGION), PRODUCTION: place_of(other_id, REGION, registry=home_id)}
    return BusyFleet(places, now, _setting(other_id))


def _has_two(directory: Path | None, fleet: SeededFleet) -> bool:
    """Whether the state has two accounts; of a fresh one the fleet decides."""
    if directory is None or not (directory / 's3').exists():
        return fleet is SeededFleet.BUSY
    return (directory / 'accounts').exists()


def _setting(account: str) -> str:
    """The setting NYSA_ACCOUNTS."""
    role = f'arn:aws:iam::{account}:role/{_ROLE}'
    return json.dumps({PRODUCTION: {'role_arn': role, 'external_id': _EXTERNAL_ID, 'clusters': ['production*']}})
