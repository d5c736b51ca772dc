"""What the groups of a person, as a provider tells them, let that person do here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.access import EVERYWHERE, ROLES, Caller, Role, Via
from stack.errors import AccessDenied
from stack.tokens import NAME, read_clusters

# Whichever comes first names the person.
NAME_CLAIMS = ('preferred_username', 'email', 'sub')


@dataclass(frozen=True)
class Grant:
    role: Role
    clusters: tuple[str, ...] = EVERYWHERE


def read_groups(text: str) -> dict[str, Grant]:
    """The setting NYSA_GROUPS: `{"platform": "admin", "web": {"role": "deployer", "clusters": ["stag*"]}}`.

    Raises ValueError.
    """
    try:
        given = json.loads(text)
        return {group: _grant(each) for group, each in given.items()}
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        example = '{"platform": "admin", "web": {"role": "deployer", "clusters": ["stag*"]}}'
        raise ValueError(f'groups with their roles in JSON, as {example}') from None


def _grant(given: Any) -> Grant:
    if isinstance(given, str):
        return Grant(ROLES[given])
    return Grant(ROLES[given['role']], read_clusters(given.get('clusters', ['*'])))


def caller_of_claims(claims: Mapping[str, Any], claim: str, grants: Mapping[str, Grant], via: Via) -> Caller:
    """Who that is: with the highest role of all groups, in the clusters of those that give it.

    Raises `AccessDenied` for somebody in none of them.
    """
    named = claims.get(claim)
    groups = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    found = [grants[group] for group in groups if isinstance(group, str) and group in grants]
    if not found:
        raise AccessDenied(f'You are in no group that may come in here (claim {claim}).')
    role = max(grant.role for grant in found)
    clusters = tuple(dict.fromkeys(each for grant in found if grant.role == role for each in grant.clusters))
    return Caller(_name(claims), role, EVERYWHERE if '*' in clusters else clusters, via)


def _name(claims: Mapping[str, Any]) -> str:
    for claim in NAME_CLAIMS:
        name = claims.get(claim)
        if isinstance(name, str) and NAME.fullmatch(name.strip()):
            return name.strip()
    raise AccessDenied('Your provider does not say who you are.')
