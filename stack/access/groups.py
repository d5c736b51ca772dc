"""The role and clusters of a user, from the groups in the claims of an identity provider."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.access.access import ROLES, Caller, Role, Via
from stack.access.scope import EVERYWHERE
from stack.access.tokens import UNSEEN, is_shown, read_patterns
from stack.errors import AccessDenied

# What S3 keeps of each change is short.
LONGEST_SUBJECT = 160

# The first claim that is present names the user.
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
    return Grant(ROLES[given['role']], read_patterns(given.get('clusters', ['*'])))


def caller_of_claims(claims: Mapping[str, Any], claim: str, grants: Mapping[str, Grant], via: Via) -> Caller:
    """The caller of some claims: the highest role of its groups, in the clusters of the groups that grant it.

    Raises `AccessDenied` for a user in none of the groups.
    """
    groups = groups_of(claims, claim, grants)
    granted = grant_of(groups, grants)
    if granted is None:
        raise AccessDenied(f'None of your groups has access here (claim {claim}); NYSA_GROUPS lists those that have.')
    return Caller(_name(claims), granted.role, granted.clusters, via, subject=subject_of(claims), groups=groups)


def groups_of(claims: Mapping[str, Any], claim: str, grants: Mapping[str, Grant]) -> tuple[str, ...]:
    """The groups with access here that some claims state."""
    named = claims.get(claim)
    listed = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    return tuple(dict.fromkeys(group for group in listed if isinstance(group, str) and group in grants))


def grant_of(groups: Iterable[str], grants: Mapping[str, Grant]) -> Grant | None:
    """What the members of several groups may do; None where none of the groups has access."""
    found = [grants[group] for group in groups if group in grants]
    if not found:
        return None
    role = max(grant.role for grant in found)
    clusters = tuple(dict.fromkeys(each for grant in found if grant.role == role for each in grant.clusters))
    return Grant(role, EVERYWHERE if '*' in clusters else clusters)


def _name(claims: Mapping[str, Any]) -> str:
    for claim in NAME_CLAIMS:
        name = claims.get(claim)
        shown = UNSEEN.sub('', name).strip() if isinstance(name, str) else ''
        if is_shown(shown):
            return shown
    raise AccessDenied('Your identity provider sends no name: none of the claims preferred_username, email and sub.')


def subject_of(claims: Mapping[str, Any]) -> str:
    """Issuer and id, together one account (OpenID Connect Core, 5.7); a hash of them where they are long."""
    subject = f'{claims.get("iss")} {claims.get("sub")}'
    if subject.isascii() and subject.isprintable() and len(subject) <= LONGEST_SUBJECT:
        return subject
    return f'sha256:{hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()}'
