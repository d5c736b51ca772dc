"""Tokens: created, recorded without their secret, and verified.

A token is `nysa_<id>_<secret>`. Its secret has 256 random bits, so that a plain SHA-256 of it can be kept: there is
nothing to be guessed that a slow hash would protect (NIST SP 800-63B, 5.1.1.2, asks for one for memorised secrets).
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stack.access.access import ROLES, Caller, Role
from stack.access.scope import EVERYWHERE
from stack.errors import InvalidRequest
from stack.runtime.moments import read_moment

TOKEN = re.compile(r'nysa_([0-9a-f]{12})_([A-Za-z0-9_-]{43})')
ID = re.compile(r'[0-9a-f]{12}')
NAME = re.compile(r'[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,100}')
# Characters that are not seen, or that turn the text around them (Unicode UAX 9): a name that is shown has none.
UNSEEN = re.compile('[\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]')
PATTERN = re.compile(r'[A-Za-z0-9_*-]{1,255}')
DURATION = re.compile(r'([1-9]\d{0,4})([dh])')
HASH = re.compile(r'[0-9a-f]{64}')

MOST_PATTERNS = 100
# The longest lifetime of a new token. A stored one may last longer, or have no expiry: earlier releases required none.
LONGEST = timedelta(days=366)

# Compared with where the id is unknown, so that an unknown id takes as long as a known one.
NO_HASH = hashlib.sha256(b'').hexdigest()


@dataclass(frozen=True)
class Token:
    """A token as it is stored. One that `speaks_for` others may name them in X-Nysa-Actor.

    A rotation makes another token, with an id of its own; `replaces` and `replaced_by` are the ids.
    """

    id: str
    name: str
    role: Role
    hash: str
    clusters: tuple[str, ...] = EVERYWHERE
    expires_at: datetime | None = None
    speaks_for: bool = False
    created_by: str | None = None
    created_at: datetime | None = None
    services: tuple[str, ...] = EVERYWHERE
    replaces: str | None = None
    replaced_by: str | None = None

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def caller(self) -> Caller:
        return Caller(
            self.name,
            self.role,
            self.clusters,
            'token',
            self.id,
            services=self.services,
            created_by=self.created_by,
        )

    def shown(self) -> dict[str, Any]:
        """Everything but the hash."""
        return {
            'id': self.id,
            'name': self.name,
            'role': self.role.name.lower(),
            'clusters': list(self.clusters),
            'services': list(self.services),
            'expires_at': self.expires_at.isoformat() if self.expires_at else None,
            'speaks_for': self.speaks_for,
            'created_by': self.created_by,
            'created_at': self.created_at.isoformat() if self.created_at else None,
            'replaces': self.replaces,
            'replaced_by': self.replaced_by,
        }

    def record(self) -> dict[str, Any]:
        """The token as it is stored in S3 or in the secret."""
        return self.shown() | {'hash': self.hash}


def make(asked: 'Asked', by: str | None, now: datetime) -> tuple[str, Token]:
    """Create a token: the text for its holder, and the record to store."""
    id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    token = Token(
        id,
        asked.name,
        asked.role,
        hash_of(secret),
        asked.clusters,
        asked.expires_at,
        asked.speaks_for,
        by,
        now,
        asked.services,
    )
    return f'nysa_{id}_{secret}', token


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def split(text: str) -> tuple[str, str] | None:
    """Id and secret, or None where it cannot be a token."""
    found = TOKEN.fullmatch(text)
    return (found[1], found[2]) if found else None


def with_secret(token: Token | None, secret: str) -> Token | None:
    """The token if that is its secret, compared in constant time. It may be over."""
    same = hmac.compare_digest(hash_of(secret), token.hash if token else NO_HASH)
    return token if same else None


# Creation


@dataclass(frozen=True)
class Asked:
    """The properties of a token to be created."""

    name: str
    role: Role
    clusters: tuple[str, ...] = EVERYWHERE
    expires_at: datetime | None = None
    speaks_for: bool = False
    services: tuple[str, ...] = EVERYWHERE


def read_asked(given: Mapping[str, Any], now: datetime) -> Asked:
    """Raises `InvalidRequest` that names everything that is wrong."""
    problems: list[dict[str, str]] = []

    def take(name: str, read: Any, default: Any) -> Any:
        try:
            return read(given[name]) if given.get(name) is not None else default
        except ValueError as error:
            problems.append({'path': name, 'message': str(error)})
            return default

    asked = Asked(
        take('name', _new_name, ''),
        take('role', _role, Role.PUBLIC),
        take('clusters', read_patterns, EVERYWHERE),
        take('expires', lambda text: read_expiry(text, now), None),
        take('speaks_for', _flag, False),
        take('services', read_patterns, EVERYWHERE),
    )
    required = ('name', 'role', 'expires')
    problems += [{'path': key, 'message': _missing(key)} for key in required if given.get(key) is None]
    if problems:
        raise invalid('The token cannot be created', problems)
    return asked


def _missing(key: str) -> str:
    return f'is missing: a time from now of at most {LONGEST.days}d, as 90d' if key == 'expires' else 'is missing'


def invalid(what: str, problems: list[dict[str, str]]) -> InvalidRequest:
    """The refusal that has every problem in its message and as a detail."""
    sentences = '; '.join(f'{problem["path"]}: {problem["message"]}' for problem in problems)
    return InvalidRequest(f'{what}: {sentences}.', problems)


def read_expiry(given: Any, now: datetime) -> datetime:
    """`30d`, `12h`, or a moment in ISO 8601 with its offset, within `LONGEST`. Raises ValueError."""
    allowed = ValueError(
        f'a time from now as 30d or 12h, or a moment to come as 2031-01-01T00:00:00+00:00, within {LONGEST.days}d'
    )
    if not isinstance(given, str):
        raise allowed
    found = DURATION.fullmatch(given)
    if found:
        lifetime = timedelta(days=int(found[1])) if found[2] == 'd' else timedelta(hours=int(found[1]))
    else:
        moment = read_moment(given)
        if moment is None:
            raise allowed
        lifetime = moment - now
    if not timedelta() < lifetime <= LONGEST:
        raise allowed
    return now + lifetime


def is_shown(name: str) -> bool:
    """Whether a text can be the name under which a caller is shown and recorded."""
    return NAME.fullmatch(name) is not None and name.strip() != '' and not UNSEEN.search(name)


def _new_name(given: Any) -> str:
    if not isinstance(given, str) or not is_shown(given):
        raise ValueError('text of 1 to 100 characters, all of them visible')
    return given.strip()


def _name(given: Any) -> str:
    if not isinstance(given, str) or not NAME.fullmatch(given) or not given.strip():
        raise ValueError('text of 1 to 100 characters')
    return given.strip()


def _role(given: Any) -> Role:
    if not isinstance(given, str) or given not in ROLES:
        raise ValueError(' or '.join(ROLES))
    return ROLES[given]


def read_patterns(given: Any) -> tuple[str, ...]:
    """Names and patterns of clusters or services. Raises ValueError."""
    fit = isinstance(given, list) and all(isinstance(each, str) and PATTERN.fullmatch(each) for each in given)
    if not fit or not 1 <= len(given) <= MOST_PATTERNS:
        raise ValueError(f'a list of 1 to {MOST_PATTERNS} names or patterns, as ["prod", "stag*"]')
    return EVERYWHERE if '*' in given else tuple(dict.fromkeys(given))


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError('true or false')
    return given


# Storage


def read_record(record: Any) -> Token:
    """Parse a stored token. Raises ValueError, whose message never contains the hash."""
    if not isinstance(record, Mapping):
        raise ValueError('a token is an object')
    id, hashed = record.get('id'), record.get('hash')
    if not isinstance(id, str) or not ID.fullmatch(id):
        raise ValueError('id must be 12 hexadecimal digits')
    if not isinstance(hashed, str) or not HASH.fullmatch(hashed):
        raise ValueError(f'token {id}: hash must be 64 hexadecimal digits')
    try:
        expires = record.get('expires_at')
        expires_at = _kept_moment(expires) if expires is not None else None
        created = record.get('created_at')
        return Token(
            id,
            _name(record.get('name')),
            _role(record.get('role')),
            hashed,
            read_patterns(record.get('clusters', list(EVERYWHERE))),
            expires_at,
            _flag(record.get('speaks_for', False)),
            str(record['created_by']) if record.get('created_by') else None,
            _kept_moment(created) if created is not None else None,
            read_patterns(record.get('services', list(EVERYWHERE))),
            _other(record.get('replaces')),
            _other(record.get('replaced_by')),
        )
    except ValueError as error:
        raise ValueError(f'token {id}: {error}') from None


def _other(given: Any) -> str | None:
    if given is not None and not (isinstance(given, str) and ID.fullmatch(given)):
        raise ValueError('the id of another token must be 12 hexadecimal digits')
    return given


def _kept_moment(text: Any) -> datetime:
    moment = read_moment(text) if isinstance(text, str) else None
    if moment is None:
        raise ValueError('a moment must be in ISO 8601 with its offset')
    return moment


def read_records(text: str) -> tuple[Token, ...]:
    """The tokens of the setting NYSA_TOKENS: a JSON list of records. Raises ValueError."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        records = None
    if not isinstance(records, list):
        raise ValueError('a JSON list of tokens, as `nysa_server.py token create` prints them')
    tokens = tuple(read_record(each) for each in records)
    if len({token.id for token in tokens}) < len(tokens):
        raise ValueError('a JSON list with each id once')
    return tokens
