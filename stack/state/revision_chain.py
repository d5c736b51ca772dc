"""The hash chain of a cluster's revisions: each one's metadata has its number and the hash of the revision before.

The writer of a revision has read the one that it is based on, and S3 stores it over that one alone: so the chain needs
no further call, and replicas that write at once cannot fork it. See docs/decisions/audit-chain.md.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from stack.state.proof import Finding, Proof, Severity

CHAIN_KEY = 'nysa-chain'
# Only what Nysa wrote itself is part of the hash: a copy of the bucket may have other metadata.
OWN = 'nysa-'
LINK = re.compile(r'([1-9]\d{0,9}):([A-Za-z0-9_-]{43})?')
# The bytes of the longest link, with its name.
ROOM = len(CHAIN_KEY) + len('9999999999:') + 43


class Stored(Protocol):
    """A revision: see `stack.state.revisions.Revision`. `body_hash` is the SHA-256 of its content."""

    @property
    def id(self) -> str: ...
    @property
    def body_hash(self) -> str: ...
    @property
    def metadata(self) -> Mapping[str, str]: ...
    @property
    def is_removal(self) -> bool: ...


@dataclass(frozen=True)
class Link:
    """`previous` is empty in a revision that was stored over nothing."""

    number: int
    previous: str


@dataclass(frozen=True)
class WithoutContent:
    """A revision as far as its chain needs it: a history may have more content than fits into memory."""

    id: str
    body_hash: str
    metadata: Mapping[str, str]
    is_removal: bool

    @staticmethod
    def of(revision: Stored) -> 'WithoutContent':
        return WithoutContent(revision.id, revision.body_hash, revision.metadata, revision.is_removal)


@dataclass(frozen=True)
class Deletion:
    """A deletion in a history."""

    id: str


def digest(revision: Stored) -> str:
    """The hash of a revision: its content and its record, without what S3 assigns, so that a copy has the same."""
    metadata = sorted((name, value) for name, value in revision.metadata.items() if name.startswith(OWN))
    content = json.dumps([revision.body_hash, metadata]).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()


def link_of(metadata: Mapping[str, str]) -> Link | None:
    """The link in a revision's metadata; None in one of an earlier release, or of another program."""
    found = LINK.fullmatch(metadata.get(CHAIN_KEY, ''))
    return Link(int(found[1]), found[2] or '') if found else None


def next_link(base: Stored | None) -> dict[str, str]:
    """The metadata that links a new revision to the one that it is stored over."""
    if base is None:
        return {CHAIN_KEY: '1:'}
    before = link_of(base.metadata)
    return {CHAIN_KEY: f'{before.number + 1 if before else 1}:{digest(base)}'}


def check(cluster: str, history: Sequence[Stored | Deletion]) -> Proof:
    """Check a history, the newest first."""
    findings: list[Finding] = []
    hashes: set[str] = set()
    checked = 0
    for newer, older in zip_longest(history, history[1:]):
        if isinstance(newer, Deletion):
            findings += _check_deletion(newer, older)
        else:
            checked += 1
            hashes.add(digest(newer))
            findings += _check_link(newer, older, history)
    revisions = [each for each in history if not isinstance(each, Deletion)]
    head = digest(revisions[0]) if revisions else ''
    return Proof(f'{cluster}: revisions', checked, head, tuple(findings), frozenset(hashes))


def _check_deletion(deletion: Deletion, older: Stored | Deletion | None) -> Iterator[Finding]:
    if older is None:
        yield _unproven(deletion.id, 'the revisions before this deletion are not there')
    elif isinstance(older, Deletion) or not older.is_removal:
        yield _unproven(deletion.id, 'another program deleted the cluster, or the record of its removal is missing')


def _check_link(
    newer: Stored, older: Stored | Deletion | None, history: Sequence[Stored | Deletion]
) -> Iterator[Finding]:
    link = link_of(newer.metadata)
    if link is None:
        yield _unproven(newer.id, 'has no chain: an earlier release or another program stored it')
    elif older is None:
        if link.number > 1 or link.previous:
            missing = f'the {link.number - 1} before it are' if link.number > 1 else 'the revision before it is'
            yield _unproven(newer.id, f'is the oldest, and {missing} not there: expired or deleted')
    elif isinstance(older, Deletion):
        if link.previous:
            yield _broken(newer.id, f'was stored over a revision, and follows the deletion {older.id}')
    elif not link.previous:
        yield _broken(newer.id, f'was stored over nothing, and follows {older.id}, which was inserted or moved')
    else:
        copied = _copied(older, link, history)
        if copied:
            yield _unproven(older.id, f'has the bytes of {copied}: another program stored them again')
        else:
            yield from _check_pair(newer, link, older)


def _copied(older: Stored, link: Link, history: Sequence[Stored | Deletion]) -> str:
    """The revision that another program stored again, byte for byte, if it is the one that was linked to.

    S3 compares ETags: a write that is conditional on a revision is also stored over a copy of it.
    """
    if link_of(older.metadata):
        return ''
    others = (each for each in history if not isinstance(each, Deletion) and each.body_hash == older.body_hash)
    return next((each.id for each in others if each is not older and link.previous == digest(each)), '')


def _check_pair(newer: Stored, link: Link, older: Stored) -> Iterator[Finding]:
    if link.previous == digest(older):
        return
    before = link_of(older.metadata)
    number = before.number if before else 0
    if number and number < link.number - 1:
        gap = f'{number + 1}' if number + 1 == link.number - 1 else f'{number + 1} to {link.number - 1}'
        yield _broken(newer.id, f'is number {link.number}, and number {gap} is missing before it, after {older.id}')
    elif number == link.number - 1:
        yield _broken(older.id, f'(number {number}) was changed: it has another hash than {newer.id} recorded')
    else:
        number_shown = f'number {number}' if number else 'without a chain'
        yield _broken(
            older.id,
            f'({number_shown}) was inserted, changed or moved: {newer.id} (number {link.number}) follows another',
        )


def _broken(where: str, message: str) -> Finding:
    return Finding(Severity.BROKEN, where, message)


def _unproven(where: str, message: str) -> Finding:
    return Finding(Severity.UNPROVEN, where, message)
