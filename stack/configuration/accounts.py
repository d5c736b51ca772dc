"""The AWS accounts of an installation, and the account and region of each cluster: pure decisions on the setting.

A cluster may name an account whose patterns match its name, and no other: the setting decides, not the document.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from stack.errors import InvalidRequest, Misplaced
from stack.runtime.patterns import matcher
from stack.stackfile.values import REGION_NAME

# The account of the process itself: bucket, queue and secret are there, and clusters that match no pattern.
HOME = 'home'

EXAMPLE = '{"prod-eu": {"role_arn": "arn:aws:iam::123456789012:role/nysa", "clusters": ["prod-*"]}}'

# The keys of a desired state that state where its cluster is.
KEYS = ('account', 'region', 'ecs_cluster')

# The names of clusters whose accounts are remembered.
MOST_NAMES = 10_000

# The place of a cluster as far as it is known without a read: work that waits for AWS is limited for each place.
PlaceOf = Callable[[str], 'Place']

# The same, by its desired state, which is read unless one is known.
FindPlace = Callable[[str], Awaitable['Place']]

# The region of a cluster with a desired state; None where it is not known.
RegionOf = Callable[[str, Any], str | None]

_NAME = re.compile(r'[a-z0-9][a-z0-9-]{0,62}')
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
_ROLE = re.compile(r'arn:aws[a-z-]*:iam::(?P<id>[0-9]{12}):role/[\w+=,.@/-]{1,512}', re.ASCII)
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_EXTERNAL_ID = re.compile(r'[\w+=,.@:/-]{2,1224}', re.ASCII)
_REGION = re.compile(REGION_NAME)
_PATTERN = re.compile(r'[A-Za-z0-9_*-]{1,255}')


@dataclass(frozen=True)
class Account:
    """One account of the setting; `region` is empty where it is that of the process."""

    name: str
    role_arn: str
    clusters: tuple[str, ...]
    external_id: str = field(default='', repr=False)
    region: str = ''

    @property
    def id(self) -> str:
        """The twelve digits of AWS."""
        return self.role_arn.split(':')[4]


@dataclass(frozen=True)
class Place:
    """An account, by its name in the setting, and a region in it; an empty region is that of the process."""

    account: str = HOME
    region: str = ''

    def __str__(self) -> str:
        where = 'the home account' if self.account == HOME else f'the account {self.account}'
        return f'{where}, region {self.region}' if self.region else where


@dataclass(frozen=True)
class Address:
    """An ECS cluster: its place, and its name there."""

    place: Place
    name: str

    def __str__(self) -> str:
        return f'the ECS cluster {self.name} in {self.place}'


class AccountTable:
    """The accounts in the order of the setting. A cluster belongs to the first one that matches its name, by default.

    `home_region` is the region of the process.
    """

    def __init__(self, accounts: Sequence[Account] = (), home_region: str | None = None):
        self.accounts = tuple(accounts)
        self._matches: dict[str, Callable[[str], bool]] = {each.name: matcher(each.clusters) for each in accounts}
        self._by_name = {each.name: each for each in accounts}
        self._by_id: dict[str, tuple[str, ...]] = {}
        for each in accounts:
            self._by_id[each.id] = (*self._by_id.get(each.id, ()), each.name)
        self._home_region = home_region or ''
        # Each look at a cluster asks for its place, and each account has patterns.
        self._allowed = lru_cache(MOST_NAMES)(self._matching)

    def account(self, name: str) -> Account | None:
        """The account of that name; None for the process's own."""
        return self._by_name.get(name)

    def allowed(self, cluster: str) -> tuple[str, ...]:
        """The accounts that a cluster may name, its default first."""
        return self._allowed(cluster)

    def _matching(self, cluster: str) -> tuple[str, ...]:
        return tuple(each.name for each in self.accounts if self._matches[each.name](cluster)) or (HOME,)

    def place(self, cluster: str, document: Any = None) -> Place:
        """Where a cluster with that desired state is.

        Raises `Misplaced` for an account that the setting does not give to the cluster.
        """
        stated: Mapping[str, Any] = document if isinstance(document, dict) else {}
        allowed = self.allowed(cluster)
        name = stated.get('account', allowed[0])
        if name not in allowed:
            raise Misplaced(cluster, name, allowed)
        region = stated.get('region')
        return Place(name, region) if isinstance(region, str) and region else self.usual(name)

    def address(self, cluster: str, document: Any = None) -> Address:
        """The ECS cluster that a managed cluster with that desired state is. Raises `Misplaced`."""
        return Address(self.place(cluster, document), ecs_name(cluster, document))

    def account_id(self, name: str) -> str:
        """The twelve digits of an account of the setting; `home` for the process's own."""
        account = self._by_name.get(name)
        return account.id if account else HOME

    def usual(self, name: str) -> Place:
        """The place of clusters in an account that state no region."""
        account = self._by_name.get(name)
        return Place(name, (account.region if account else '') or self._home_region)

    def named(self, name: str, region: str | None = None) -> Place:
        """The place that a caller names; without a region the usual one. Raises `InvalidRequest`."""
        if name != HOME and name not in self._by_name:
            known = ' or '.join([HOME, *self._by_name])
            raise InvalidRequest(f'account must be {known}.', [{'path': 'account', 'message': known}])
        if region is None:
            return self.usual(name)
        if not _REGION.fullmatch(region):
            example = 'a region, as eu-west-1'
            raise InvalidRequest(f'region must be {example}.', [{'path': 'region', 'message': example}])
        return Place(name, region)

    def usual_places(self) -> list[Place]:
        """The place of the process, and the usual one of each account."""
        return [self.usual(name) for name in (HOME, *self._by_name)]

    def names_of(self, account_id: str) -> tuple[str, ...]:
        """The names of the accounts with that id of AWS; the process's own where the setting has none."""
        return self._by_id.get(account_id, (HOME,))


def ecs_name(cluster: str, document: Any) -> str:
    """The name in ECS of a cluster with that desired state."""
    stated = document.get('ecs_cluster') if isinstance(document, Mapping) else None
    return stated if isinstance(stated, str) and stated else cluster


def in_one_place(_: str) -> Place:
    """The place of every cluster of a process without accounts: a `PlaceOf`."""
    return Place()


async def found_in_one_place(_: str) -> Place:
    """The same as a `FindPlace`."""
    return Place()


# A process without the setting: every cluster is in its own account.
NO_ACCOUNTS = AccountTable()


def read_accounts(text: str) -> tuple[Account, ...]:
    """The setting NYSA_ACCOUNTS. Raises ValueError with every mistake in it; external ids are not shown."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ValueError(f'accounts by name in JSON, as {EXAMPLE}')
    wrong = [f'{name}: {mistake}' for name, each in given.items() for mistake in _mistakes(name, each)]
    if wrong:
        raise ValueError(f'accounts by name in JSON, as {EXAMPLE}; {"; ".join(wrong)}')
    return tuple(
        Account(name, each['role_arn'], tuple(each['clusters']), each.get('external_id', ''), each.get('region', ''))
        for name, each in given.items()
    )


def _mistakes(name: str, given: Any) -> list[str]:
    """What is wrong with one account, as phrases."""
    wrong = []
    if not _NAME.fullmatch(name) or name == HOME:
        wrong.append(f'the name must be 1 to 63 lower-case letters, digits and hyphens, and not {HOME}')
    if not isinstance(given, dict):
        return [*wrong, 'must be a mapping']
    known = ('role_arn', 'external_id', 'region', 'clusters')
    wrong += [f'unknown key {key[:100]!r}; known are {", ".join(known)}' for key in given if key not in known]
    wrong += [f'{key} {expected}' for key, fits, expected in _CHECKS if not fits(given.get(key))]
    return wrong


def _fits(pattern: re.Pattern[str], *, optional: bool = False) -> Callable[[Any], bool]:
    return lambda value: (optional and value is None) or (isinstance(value, str) and bool(pattern.fullmatch(value)))


def _are_patterns(value: Any) -> bool:
    fits = _fits(_PATTERN)
    return isinstance(value, list) and bool(value) and all(fits(each) for each in value)


_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ('role_arn', _fits(_ROLE), 'must be the ARN of a role, as arn:aws:iam::123456789012:role/nysa'),
    ('external_id', _fits(_EXTERNAL_ID, optional=True), 'must be 2 to 1224 letters, digits and characters of +=,.@:/-'),
    ('region', _fits(_REGION, optional=True), 'must be a region, as eu-west-1'),
    ('clusters', _are_patterns, 'must be a list of names of clusters, or patterns as prod-*'),
)
