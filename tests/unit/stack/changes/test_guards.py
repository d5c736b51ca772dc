"""Freezes and quarantines as values."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from stack.changes.guards import (
    QUARANTINED_MOST,
    Freeze,
    Guards,
    Quarantine,
    StoppedDeployment,
    freeze_of,
    read_guards,
    refuse_frozen,
)
from stack.errors import StateUnreadable
from stack.reconcile.stop_order import StopOrder
from stack.state.revisions import Change, Origin

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
        Guards().with_stop(StoppedDeployment('web', StopOrder('arn:1', 'abort'))),
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


@pytest.mark.parametrize(
    ('until', 'expected'),
    [
        (None, None),
        ('2030-01-31T13:00:00+00:00', NOW + timedelta(hours=1)),
        ('2030-01-31T14:00:00+01:00', NOW + timedelta(hours=1)),
    ],
)
def test_a_recorded_freeze_is_read_from_its_change(until: str | None, expected: datetime | None):
    change = Change(Origin('maria', 'api', 'sale'), NOW, {'verb': 'freeze', 'until': until})
    assert freeze_of(change) == Freeze('maria', NOW, 'sale', expected)
    assert freeze_of(Change(Origin('maria', 'api', 'sale'), NOW, {'verb': 'freeze'})).until is None


@pytest.mark.parametrize(
    ('quarantine', 'image', 'concerned'),
    [
        (held('team/web:2'), 'team/web:2', True),
        (held('team/web:2'), 'team/web:3', False),
        (held('team/web:2'), 'team/web@sha256:bad', False),
        (held('team/web:2', 'sha256:bad'), 'team/web:3', True),
        (held('team/web:2', 'sha256:bad'), 'team/web@sha256:other', True),
        (held('team/web:2', 'sha256:bad'), 'team/api:2', False),
        (held('team/web:2'), 'host:5000/team/web:2', False),
    ],
)
def test_which_images_a_quarantine_may_concern(quarantine: Quarantine, image: str, concerned: bool):
    assert quarantine.concerns(image) is concerned


def test_each_change_of_guards_has_a_new_id():
    freeze = Freeze('maria', NOW, 'sale')
    first, second = Guards().renewed(freeze=freeze), Guards().renewed(freeze=freeze)
    assert first.id != second.id
    assert len(first.id) == 32
    held_too = first.with_quarantine([HELD])
    assert held_too.id not in ('', first.id)
    assert (held_too.freeze, held_too.quarantine) == (freeze, (HELD,))
    assert held_too.without_quarantine([HELD]).freeze == freeze
    assert held_too.without_quarantine([held('team/web:9')]) is held_too


def test_images_that_differ_in_service_tag_or_digest_are_held_beside_each_other():
    entries = [held('web:1'), held('web:1', 'sha256:bad'), held('web:1', service='api'), held('web:2')]
    guards = Guards()
    for entry in entries:
        guards = guards.with_quarantine([entry])
    assert set(guards.quarantine) == set(entries)
    assert guards.of_service('web') == (entries[0], entries[1], entries[3])
    assert guards.of_service('api') == (entries[2],)
    again = Quarantine('web', 'web:1', None, 'jo', NOW + timedelta(days=1), 'again', 'r9')
    assert again in guards.with_quarantine([again]).quarantine
    assert entries[0] not in guards.with_quarantine([again]).quarantine


def test_guards_are_written_with_their_moments_in_utc():
    cet = timezone(timedelta(hours=1))
    at = NOW.astimezone(cet)
    guards = Guards(
        'g1',
        Freeze('maria', at, 'sale', at + timedelta(hours=1)),
        (Quarantine('web', 'w:2', None, 'jo', at, 'x', 'r2'),),
    )
    assert guards.to_json() == {
        'id': 'g1',
        'freeze': {
            'by': 'maria',
            'at': '2030-01-31T12:00:00+00:00',
            'reason': 'sale',
            'until': '2030-01-31T13:00:00+00:00',
        },
        'quarantine': [
            {
                'service': 'web',
                'image': 'w:2',
                'digest': None,
                'by': 'jo',
                'at': '2030-01-31T12:00:00+00:00',
                'reason': 'x',
                'revision': 'r2',
            }
        ],
    }


def test_the_refusal_of_an_open_freeze_names_no_time():
    refusal = refuse_frozen('prod', Freeze('maria', NOW, 'sale'))
    assert refusal.message == 'prod is frozen by maria: sale. Nothing was changed.'


def test_unreadable_guards_are_reported_as_such():
    with pytest.raises(StateUnreadable, match='The guards of the cluster cannot be read; nothing was changed'):
        read_guards({})


def test_a_service_has_one_stop_the_newest_one():
    guards = Guards().with_quarantine([HELD])
    for number in ('1', '2'):
        guards = guards.with_stop(StoppedDeployment('web', StopOrder(f'arn:{number}', 'rollback')))
    guards = guards.with_stop(StoppedDeployment('api', StopOrder('arn:3', 'rollback')))
    assert [(stop.service, stop.order.deployment) for stop in guards.stops] == [('web', 'arn:2'), ('api', 'arn:3')]
    # What is released from quarantine, or thawed, leaves the stops.
    assert guards.without_quarantine([HELD]).stops == guards.renewed(freeze=None).stops == guards.stops
    assert guards.without_quarantine([HELD]).id
