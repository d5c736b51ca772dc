"""Plans with ids: the same as long as the same would be done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.changes.preview import Preview, restart_in
from stack.reconcile.plan import Change, Row

AT = datetime(2030, 1, 2, 3, 4, 5, 678_000, UTC)


def ecs(id: str, web: str = 'update', worker: str = 'nothing') -> dict[str, Any]:
    def step(service: str) -> dict[str, Any]:
        return {
            'id': f'{service}/service',
            'kind': 'ecs:UpdateService',
            'service': service,
            'why': [],
            'depends_on': [id],
        }

    rows = [{'service': name, 'action': action, 'changes': []} for name, action in (('web', web), ('worker', worker))]
    return {'id': id, 'services': rows, 'steps': [step(row['service']) for row in rows if row['action'] != 'nothing']}


def preview(**changes: Any) -> Preview:
    given = {'rows': (Row('web', 'update'), Row('worker', 'nothing')), 'settings': (), 'ecs': ecs('1')} | changes
    return Preview('staging', 'r1', content='c', **given)


@pytest.mark.parametrize('moved', [{'ecs': None}, {'ecs': ecs('2', web='create')}, {'restart': AT}])
def test_what_concerns_the_change_makes_another_plan(moved: dict):
    assert preview(**moved).id != preview().id


def test_what_becomes_of_other_services_meanwhile_does_not():
    assert preview(ecs=ecs('2', worker='update')).id == preview().id


@pytest.mark.parametrize('all_of', [{'settings': (Change('vpc', None, 'v'),)}, {'rows': (Row('web', 'nothing'),)}])
def test_what_concerns_all_services_is_held_against_all(all_of: dict):
    assert preview(ecs=ecs('2'), **all_of).id != preview(**all_of).id


def test_the_time_of_a_restart_stands_in_the_id():
    plan = preview(restart=AT)
    assert restart_in(plan.id) == AT
    assert preview(restart=AT + timedelta(milliseconds=1)).id != plan.id


@pytest.mark.parametrize('plan', [None, '', 'x', '0' * 24, f'{"0" * 24}-', f'{"0" * 24}-99999999999999999'])
def test_other_ids_have_none(plan: str | None):
    assert restart_in(plan) is None
