"""The lifetime of tokens: the expiry that a new one needs, its rotation, and the warning before its end."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from stack.access import tokens
from stack.access.tokens import LONGEST, Asked, Token, read_expiry
from stack.errors import Conflict, InvalidRequest, Unprocessable

log = logging.getLogger(__name__)

OVERLAP = re.compile(r'(0|[1-9]\d{0,4})([mhd])')
UNITS = {'m': 'minutes', 'h': 'hours', 'd': 'days'}
# How long the old value is accepted after a rotation: by default, and at most.
USUAL_OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)

# The warning comes this long before the expiry, and not before three quarters of the lifetime have passed.
WARNED_BEFORE = timedelta(days=14)
WARNED_PART = 4
LOGGED_EVERY = timedelta(days=1)


class State(StrEnum):
    """What a holder can expect of a token. Values of the API and of the metric `nysa_tokens`."""

    VALID = 'valid'
    EXPIRING = 'expiring'
    EXPIRED = 'expired'
    REPLACED = 'replaced'
    NO_EXPIRY = 'no_expiry'


def state_of(token: Token, now: datetime) -> State:
    if token.expires_at is None:
        return State.NO_EXPIRY
    if token.is_over(now):
        return State.EXPIRED
    if token.replaced_by:
        return State.REPLACED
    return State.EXPIRING if token.expires_at - now <= _warned_before(token, token.expires_at) else State.VALID


def warning_of(token: Token, now: datetime) -> str | None:
    """What the owner of a token should do; None where there is nothing to do."""
    left = f'in {_shown(token.expires_at - now)}' if token.expires_at else ''
    return {
        State.NO_EXPIRY: 'It never expires; rotate it with an expiry.',
        State.EXPIRING: f'It expires {left}; rotate it.',
        State.REPLACED: f'It was rotated, and its old value ends {left}.',
    }.get(state_of(token, now))


def with_state(token: Token, now: datetime) -> dict[str, Any]:
    """A token as a list shows it."""
    return token.shown() | {'state': state_of(token, now).value, 'warning': warning_of(token, now)}


def counted(known: Iterable[Token], now: datetime) -> dict[str, int]:
    """The number of tokens in each state."""
    counts = Counter(state_of(token, now) for token in known)
    return {state.value: counts[state] for state in State}


def expired_reason(token: Token, now: datetime) -> str:
    """A sentence on a token that is over, for its holder."""
    ended = f'This token expired at {token.expires_at.isoformat(timespec="seconds") if token.expires_at else now}'
    if token.replaced_by:
        return f'{ended}: it was rotated, and {token.replaced_by} replaces it.'
    return f'{ended}; ask an admin for a new one.'


def _warned_before(token: Token, expires: datetime) -> timedelta:
    return min(WARNED_BEFORE, (expires - token.created_at) / WARNED_PART) if token.created_at else WARNED_BEFORE


def _shown(left: timedelta) -> str:
    hours = int(left.total_seconds() // 3600)
    if hours >= 48:
        return f'{hours // 24} days'
    return f'{hours} hours' if hours >= 2 else f'{max(1, int(left.total_seconds() // 60))} minutes'


class ExpiryLog:
    """Logs tokens that expire soon, each once a day."""

    def __init__(self) -> None:
        self._logged: dict[str, datetime] = {}

    def look(self, known: Iterable[Token], now: datetime) -> None:
        self._logged = {id: at for id, at in self._logged.items() if now - at < LOGGED_EVERY}
        for token in known:
            if state_of(token, now) is State.EXPIRING and token.id not in self._logged:
                self._logged[token.id] = now
                log.warning('token %s (%s): %s', token.id, token.name, warning_of(token, now))


# Rotation


@dataclass(frozen=True)
class Rotation:
    """What a rotation asks for; without `expires_at` the new value lasts as long as the old one was to."""

    overlap: timedelta = USUAL_OVERLAP
    expires_at: datetime | None = None


def read_rotation(given: Mapping[str, Any], now: datetime) -> Rotation:
    """Raises `InvalidRequest` that names everything that is wrong."""
    problems: list[dict[str, str]] = []
    overlap, expires_at = USUAL_OVERLAP, None
    if given.get('overlap') is not None:
        try:
            overlap = _read_overlap(given['overlap'])
        except ValueError as error:
            problems.append({'path': 'overlap', 'message': str(error)})
    if given.get('expires') is not None:
        try:
            expires_at = read_expiry(given['expires'], now)
        except ValueError as error:
            problems.append({'path': 'expires', 'message': str(error)})
    if problems:
        raise tokens.invalid('The token cannot be rotated', problems)
    return Rotation(overlap, expires_at)


def _read_overlap(given: Any) -> timedelta:
    found = OVERLAP.fullmatch(given) if isinstance(given, str) else None
    overlap = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    if overlap is None or overlap > LONGEST_OVERLAP:
        raise ValueError(f'a duration from 0m to {LONGEST_OVERLAP.days}d, as 30m, 24h or 7d')
    return overlap


def rotated(old: Token, rotation: Rotation, by: str, now: datetime) -> tuple[str, Token, Token]:
    """The text of the new token, its record, and the old token with its end.

    Raises `Conflict` where it was rotated before, `Unprocessable` where it is over, and `InvalidRequest` where neither
    the old token nor the rotation has an expiry.
    """
    if old.replaced_by:
        raise Conflict(f'{old.id} was rotated already; rotate {old.replaced_by}, which replaces it.')
    if old.is_over(now):
        raise Unprocessable(f'{old.id} has expired; create a new token.')
    expires_at = rotation.expires_at or _as_long(old, now)
    asked = Asked(old.name, old.role, old.clusters, expires_at, old.speaks_for, old.services)
    text, new = tokens.make(asked, by, now)
    end = now + rotation.overlap
    ended = replace(old, replaced_by=new.id, expires_at=min(end, old.expires_at) if old.expires_at else end)
    return text, replace(new, replaces=old.id), ended


def _as_long(old: Token, now: datetime) -> datetime:
    if old.expires_at is None or old.created_at is None:
        missing = [{'path': 'expires', 'message': f'is missing: a time from now of at most {LONGEST.days}d, as 90d'}]
        raise InvalidRequest(f'{old.id} has no lifetime that its new value could have; give expires.', missing)
    return now + min(old.expires_at - old.created_at, LONGEST)
