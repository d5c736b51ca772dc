"""Side effects: what is in the plan of the stored document and in that of the changed one."""

import pytest

from stack.reconcile.plan import Change, Row
from stack.reconcile.side_effects import losses, side_effects

SIDECAR = Change('containers.agent', {'image': 'agent:1'}, None)
COUNT = Change('desired_count', 5, 2)


def update(*changes: Change) -> list[Row]:
    return [Row('web', 'update', changes)]


def brief(effects) -> list[tuple]:
    return [(effect.service, effect.path, effect.effect) for effect in effects]


def test_the_change_itself_is_no_side_effect():
    stored, changed = update(COUNT), update(Change('image', 'web:1', 'web:2'), COUNT)
    assert brief(side_effects(stored, changed, ['web'])) == [('web', 'desired_count', 'changed')]


def test_what_is_not_declared_is_lost_and_comes_first():
    effects = side_effects(update(COUNT, SIDECAR), update(COUNT, SIDECAR))
    assert brief(effects) == [('web', 'containers.agent', 'lost'), ('web', 'desired_count', 'changed')]
    assert brief(losses(effects)) == [('web', 'containers.agent', 'lost')]
    assert effects[0].message == 'web loses containers.agent, which runs and is not declared'
    assert effects[0].to_json()['before'] == {'image': 'agent:1'}
    assert 'before' not in effects[0].brief()


@pytest.mark.parametrize('after', [2, 4])
def test_a_field_that_the_change_sets_otherwise_is_the_change(after: int):
    stored, changed = update(Change('desired_count', 5, 3)), update(Change('desired_count', 5, after))
    assert side_effects(stored, changed) == ()


@pytest.mark.parametrize(
    'change', [Change('family', 'old', 'new'), Change('container_name', 'a', 'b'), Change('tags', None, {'nysa': '1'})]
)
def test_names_and_marks_carry_no_behaviour(change: Change):
    assert side_effects(update(change), update(change)) == ()


@pytest.mark.parametrize(
    ('action', 'effect'), [('create', 'created'), ('run', 'run'), ('destroy', 'destroyed'), ('replace', 'replaced')]
)
def test_whole_services_beside_the_change(action, effect):
    rows = [Row('worker', action)]
    assert brief(side_effects(rows, rows, ['web'])) == [('worker', None, effect)]
    assert side_effects([], rows) == ()


@pytest.mark.parametrize('action', ['create', 'run'])
def test_a_touched_service_is_created_by_the_change(action):
    rows = [Row('web', action)]
    assert side_effects(rows, rows, ['web']) == ()
