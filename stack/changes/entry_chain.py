"""The links of a chained log: the hash of an entry, the key of an object by its number, and the next object.

See `stack.changes.chained_log`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]

# Before every key of earlier releases, which begin with 9: see `stack.changes.audit`.
KEY = re.compile(r'0(\d{12})')
END = 10**12
NO_HASH = '0' * 64


@dataclass(frozen=True)
class Head:
    """The number of the newest object, and the hash of its newest entry."""

    number: int = 0
    hash: str = NO_HASH
    # How many objects without a chain were there before the first one.
    before: int = 0


@dataclass(frozen=True)
class Mark:
    """The newest object and hash as they are recorded beside the log; both are empty where nothing is."""

    key: str = ''
    hash: str = ''

    @property
    def body(self) -> bytes:
        return f'{self.key} {self.hash}'.encode()


@dataclass(frozen=True)
class Linked:
    """Entries as they are stored, the newest first."""

    key: str
    entries: Sequence[Entry]
    head: Head

    @property
    def body(self) -> bytes:
        return json.dumps(self.entries).encode()

    @property
    def mark(self) -> Mark:
        return Mark(self.key, self.head.hash)


def digest(entry: Entry) -> str:
    """The hash of an entry with its link to the one before."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True, separators=(',', ':')).encode()).hexdigest()


def mark_in(body: bytes) -> Mark:
    """The mark as it is stored; those of earlier releases have the key alone."""
    key, _, newest = body.decode('utf-8', 'replace').partition(' ')
    return Mark(key, newest)


def key_of(prefix: str, number: int) -> str:
    return f'{prefix}0{END - number:012d}'


def number_of(prefix: str, key: str) -> int | None:
    """The number of an object; None for one without a chain, of an earlier release."""
    found = KEY.fullmatch(key.removeprefix(prefix))
    return END - int(found[1]) if found else None


def linked(prefix: str, entries: Sequence[Entry], head: Head) -> Linked:
    """Entries as the object after `head` has them."""
    number, last, chained = head.number + 1, head.hash, []
    for place, entry in enumerate(reversed(entries)):
        link: Entry = {'number': number, 'place': place, 'previous': last}
        if number == 1 and place == 0:
            link['before'] = head.before
        whole = {**entry, 'chain': link}
        last = digest(whole)
        chained.append(whole)
    return Linked(key_of(prefix, number), chained[::-1], Head(number, last))


def read_entries(body: bytes) -> list[Entry] | None:
    """The entries of an object, the newest first; None where another program stored something else there."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        return None
    are_entries = isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries)
    return entries if are_entries else None


def shown_entries(body: bytes) -> list[Entry]:
    """The entries of an object that have a time, as pages of an audit need it."""
    return [entry for entry in read_entries(body) or () if isinstance(entry.get('at'), str)]


def link_of(entry: Entry) -> Mapping[str, Any]:
    """The link of an entry; empty where it has none."""
    link = entry.get('chain')
    return link if isinstance(link, dict) else {}


def newest_hash(body: bytes) -> str:
    """The hash of the newest entry; that of the bytes where they are no entries, so that the log can go on."""
    entries = read_entries(body)
    return digest(entries[0]) if entries else hashlib.sha256(body).hexdigest()
