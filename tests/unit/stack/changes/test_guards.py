"""Freezes and quarantines as values."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from stack.changes.guards import QUARANTINED_MOST, Freeze, Guards, Quarantine, read_guards, refuse_frozen
from stack.errors import StateUnreadable

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
HELD = Quarantine('web', 'team/web:2', 'sha256:bad', 'maria', NOW, 'loses sessions', 'r2')


def held(image: str, digest: str | None = None, service: str = 'web') -> Quarantine:
    return Quarantine(service, image, digest, 'maria', NOW, '', 'r2')


@pytest.mark.parametrize(
    'guards',
    [
        Guards(),
        Guards().renewed(freeze=Freeze('maria', NOW, 'sale')),
        Guards().renewed(freeze=Freeze('maria', NOW, 'sale', NOW)).with_quarantine([HELD]),
    ],
)
def test_guards_are_read_as_they_were_written(guards: Guards):
    assert read_guards(json.loads(json.dumps(guards.to_json()))) == guards


@pytest.mark.parametrize(
    'record',
    [
        None,
        [],
        {},
        'x',
        {'id': 'a', 'freeze': {}},
        {'id': 'a', 'freeze': {'by': 'x'}, 'quarantine': []},
        {'id': 'a', 'freeze': None, 'quarantine': [{}]},
        {'id': 'a', 'freeze': None, 'quarantine': [{**HELD.to_json(), 'at': 'yesterday'}]},
    ],
)
def test_what_is_not_understood_is_not_taken_for_no_guard(record):
    with pytest.raises(StateUnreadable):
        read_guards(record)


def test_a_freeze_holds_until_its_time_has_come():
    freeze = Freeze('maria', NOW, 'sale', NOW + timedelta(hours=1))
    guards = Guards().renewed(freeze=freeze)
    assert guards.frozen(NOW) == freeze
    assert guards.frozen(NOW + timedelta(hours=1)) is None
    assert Freeze('maria', NOW, 'sale').is_active(NOW + timedelta(days=10_000))


def test_the_refusal_says_who_why_and_until_when():
    refusal = refuse_frozen('prod', Freeze('maria', NOW, 'sale', NOW + timedelta(hours=1)))
    assert refusal.message == 'prod is frozen by maria until 2030-01-31 13:00 UTC: sale. Nothing was changed.'
    assert refusal.extra()['frozen']['until'] == '2030-01-31T13:00:00+00:00'


def test_guards_without_anything_to_guard_are_none():
    frozen = Guards().renewed(freeze=Freeze('maria', NOW, 'sale'))
    assert frozen.renewed(freeze=None) == Guards()
    assert Guards().with_quarantine([HELD]).without_quarantine([HELD]) == Guards()


@pytest.mark.parametrize(
    ('quarantine', 'image', 'digest', 'same'),
    [
        (held('team/web:2'), 'team/web:2', None, True),
        (held('team/web:2'), 'team/web:3', None, False),
        (held('team/web:2'), 'other/web:2', None, False),
        (held('team/web:2', 'sha256:bad'), 'team/web:3', 'sha256:bad', True),
        (held('team/web:2', 'sha256:bad'), 'team/web:2', 'sha256:good', False),
        (held('team/web:2', 'sha256:bad'), 'team/web:2', None, True),
        (held('team/web:2', 'sha256:bad'), 'team/web:3', None, False),
        (held('team/web@sha256:bad'), 'team/web@sha256:bad', 'sha256:bad', True),
    ],
)
def test_an_image_is_known_by_its_digest_where_there_is_one(quarantine, image, digest, same):
    assert (quarantine.concerns(image) and quarantine.is_of(image, digest)) == same


def test_the_same_image_is_held_once_and_the_oldest_are_forgotten():
    guards = Guards().with_quarantine([held('web:1')]).with_quarantine([held('web:1')])
    assert len(guards.quarantine) == 1
    many = guards.with_quarantine([held(f'web:{n}') for n in range(2, 2 + QUARANTINED_MOST)])
    assert [each.image for each in many.of_service('web')] == [f'web:{n}' for n in range(2, 2 + QUARANTINED_MOST)]
    assert many.with_quarantine([held('web:1', service='other')]).of_service('other') != ()
