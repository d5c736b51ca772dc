"""The lifetime of tokens: states, warnings, and what a rotation gives or refuses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stack.access.access import Role
from stack.access.token_lifetime import (
    LONGEST_OVERLAP,
    USUAL_OVERLAP,
    ExpiryLog,
    Rotation,
    State,
    counted,
    expired_reason,
    read_rotation,
    rotated,
    state_of,
    warning_of,
    with_state,
)
from stack.access.tokens import LONGEST, Asked, Token, make, split, with_secret
from stack.errors import Conflict, InvalidRequest, Unprocessable

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def a_token(lasts: timedelta | None = 90 * DAY, **changes) -> Token:
    expires_at = NOW + lasts if lasts else None
    asked = Asked('hubot', Role.DEPLOYER, ('prod',), expires_at, speaks_for=True, services=('web',))
    return replace(make(asked, 'maria', NOW)[1], **changes)


@pytest.mark.parametrize(
    ('lasts', 'after', 'state'),
    [
        (90 * DAY, timedelta(), State.VALID),
        (90 * DAY, 75 * DAY, State.VALID),
        (90 * DAY, 76 * DAY, State.EXPIRING),
        (90 * DAY, 90 * DAY, State.EXPIRED),
        (4 * DAY, 2.9 * DAY, State.VALID),
        (4 * DAY, 3 * DAY, State.EXPIRING),
        (None, 1000 * DAY, State.NO_EXPIRY),
    ],
)
def test_the_state_of_a_token(lasts: timedelta | None, after: timedelta, state: State):
    token = a_token(lasts)
    assert state_of(token, NOW + after) is state
    assert (warning_of(token, NOW + after) is None) is (state in (State.VALID, State.EXPIRED))


def test_a_token_without_a_known_creation_is_warned_of_two_weeks_ahead():
    token = a_token(90 * DAY, created_at=None)
    assert state_of(token, NOW + 75 * DAY) is State.VALID
    assert state_of(token, NOW + 76 * DAY) is State.EXPIRING


@pytest.mark.parametrize(
    ('left', 'shown'),
    [(10 * DAY, 'in 10 days'), (timedelta(hours=47), 'in 47 hours'), (timedelta(seconds=5), 'in 1 minutes')],
)
def test_a_warning_states_what_is_left(left: timedelta, shown: str):
    token = a_token(90 * DAY)
    assert shown in str(with_state(token, token.expires_at - left)['warning'])


def test_the_number_of_tokens_in_each_state():
    known = [a_token(), a_token(), a_token(None), a_token(replaced_by='0' * 12), a_token(timedelta(hours=-1))]
    assert counted(known, NOW) == {'valid': 2, 'expiring': 0, 'expired': 1, 'replaced': 1, 'no_expiry': 1}


def test_a_token_that_expires_soon_is_logged_once_a_day(caplog: pytest.LogCaptureFixture):
    watch, known = ExpiryLog(), [a_token(90 * DAY), a_token(None)]
    for hours in (0, 1, 23):
        watch.look(known, NOW + 80 * DAY + timedelta(hours=hours))
    assert [record.levelname for record in caplog.records] == ['WARNING']
    assert f'token {known[0].id} (hubot): It expires in 10 days' in caplog.text
    watch.look(known, NOW + 81 * DAY)
    assert len(caplog.records) == 2


def test_a_rotation_gives_a_token_of_the_same_reach_and_ends_the_old_one():
    old = a_token(90 * DAY)
    text, new, ended = rotated(old, Rotation(), 'otto', NOW + DAY)
    assert with_secret(new, split(text)[1]) is new
    reach = ('name', 'role', 'clusters', 'services', 'speaks_for')
    assert [getattr(new, each) for each in reach] == [getattr(old, each) for each in reach]
    assert (new.expires_at, new.created_by, new.replaces) == (NOW + 91 * DAY, 'otto', old.id)
    assert ended == replace(old, expires_at=NOW + DAY + USUAL_OVERLAP, replaced_by=new.id)
    assert 'rotated' in expired_reason(ended, NOW + 3 * DAY)
    assert new.id in expired_reason(ended, NOW + 3 * DAY)


def test_a_rotation_never_lengthens_the_old_token():
    old = a_token(timedelta(hours=2))
    _, _, ended = rotated(old, Rotation(timedelta(days=7)), 'otto', NOW)
    assert ended.expires_at == old.expires_at


def test_a_token_without_an_expiry_gets_one():
    with pytest.raises(InvalidRequest) as raised:
        rotated(a_token(None), Rotation(), 'otto', NOW)
    assert [each['path'] for each in raised.value.details()] == ['expires']
    _, new, ended = rotated(a_token(None), Rotation(timedelta(), NOW + DAY), 'otto', NOW)
    assert (new.expires_at, ended.expires_at) == (NOW + DAY, NOW)


def test_a_long_lifetime_of_an_earlier_release_is_not_taken_over():
    _, new, _ = rotated(a_token(5 * LONGEST), Rotation(), 'otto', NOW)
    assert new.expires_at == NOW + LONGEST


def test_what_cannot_be_rotated():
    with pytest.raises(Conflict, match='000000000000'):
        rotated(a_token(replaced_by='0' * 12), Rotation(), 'otto', NOW)
    with pytest.raises(Unprocessable):
        rotated(a_token(timedelta(hours=-1)), Rotation(), 'otto', NOW)


@pytest.mark.parametrize(
    ('given', 'wrong'),
    [
        ({'overlap': 5}, {'overlap'}),
        ({'overlap': ''}, {'overlap'}),
        ({'overlap': '-1h'}, {'overlap'}),
        ({'overlap': '31d'}, {'overlap'}),
        ({'overlap': '99999d'}, {'overlap'}),
        ({'overlap': '24'}, {'overlap'}),
        ({'overlap': '1h\n'}, {'overlap'}),
        ({'expires': '367d'}, {'expires'}),
        ({'expires': 'never', 'overlap': True}, {'expires', 'overlap'}),
    ],
)
def test_every_fault_of_a_rotation_is_named(given: dict, wrong: set[str]):
    with pytest.raises(InvalidRequest) as raised:
        read_rotation(given, NOW)
    assert {each['path'] for each in raised.value.details()} == wrong


@pytest.mark.parametrize(
    ('given', 'overlap'),
    [
        ({}, USUAL_OVERLAP),
        ({'overlap': None}, USUAL_OVERLAP),
        ({'overlap': '0m'}, timedelta()),
        ({'overlap': '30d'}, LONGEST_OVERLAP),
    ],
)
def test_the_overlap_of_a_rotation(given: dict, overlap: timedelta):
    assert read_rotation(given, NOW).overlap == overlap
