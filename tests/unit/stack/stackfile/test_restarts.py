"""Restarts: when one is due, and what it makes of two task definitions."""

from datetime import datetime

import pytest

from stack.reconcile.definition import definition_changes, same_definition
from stack.reconcile.plan import Change
from stack.stackfile.restarts import LABEL, instant, is_due
from stack.stackfile.values import INSTANT

EARLY, LATE = '2030-01-01T00:00:00Z', '2030-01-01T00:00:00.001Z'


@pytest.mark.parametrize('value', [None, '', 'now', 7, '2030-01-01', '2030-01-01T00:00:00', '2030-02-30T00:00:00Z', []])
def test_what_is_no_point_in_time(value):
    assert instant(value) is None
    with pytest.raises(Exception, match='expected a time'):
        INSTANT.check(value)


@pytest.mark.parametrize('value', [EARLY, LATE, '2030-01-01T00:00:00.123456+05:30'])
def test_points_in_time(value):
    assert INSTANT.check(value) == value
    assert instant(value) == datetime.fromisoformat(value)


@pytest.mark.parametrize(
    ('wanted', 'done', 'due'),
    [
        (None, None, False),
        (None, EARLY, False),
        (EARLY, None, True),
        (EARLY, EARLY, False),
        (EARLY, '2030-01-01T01:00:00+01:00', False),
        (EARLY, LATE, False),
        (LATE, EARLY, True),
        (EARLY, 'yesterday', True),
        ('soon', None, False),
    ],
)
def test_only_a_later_restart_is_due(wanted, done, due):
    assert is_due(wanted, done) is due
    changes = [Change('restarted_at', done, wanted)] if due else []
    assert definition_changes(definition(done), definition(wanted)) == changes
    assert same_definition(definition(wanted), definition(done)) is not due


def test_labels_of_others_are_compared_as_ever():
    registered = definition(LATE, team='a')
    assert definition_changes(registered, definition(None)) == [Change('labels', {'team': 'a'}, None)]
    assert not same_definition(definition(EARLY), registered)


def definition(restarted_at: str | None, **labels: str) -> dict:
    labels |= {LABEL: restarted_at} if restarted_at else {}
    return {'family': 'x', 'containerDefinitions': [{'name': 'web', 'image': 'web:1', 'dockerLabels': labels}]}
