"""What a change needs, by the policies of the document that it is based on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stack.changes.approval_policy import (
    STRICT,
    Policies,
    read_requirement,
    requirements,
    traffic_requirement,
    with_policies,
)
from stack.state.revisions import Change, Origin

TOP: dict[str, Any] = {'by': ['group:platform']}
OWN: dict[str, Any] = {'required': 2, 'by': ['role:admin']}


def document(web: dict[str, Any] | None = None, api: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    services = {'web': web, 'api': api}
    return {**top, 'services': [{name: {'image': 'a:1', **(given or {})}} for name, given in services.items()]}


def needed(before: Any, after: Any, verb: str = 'change') -> list[tuple[tuple[str, ...], int]]:
    change = Change(Origin('kim', 'test'), datetime.now(UTC), {'verb': verb})
    return [(each.services, each.policy.required) for each in requirements(before, after, change)]


@pytest.mark.parametrize(
    ('before', 'after', 'verb', 'found'),
    [
        (document(), document({'image': 'a:2'}), 'change', []),
        (document(), document(approvals=TOP), 'change', []),
        (document(approvals=TOP), document(approvals=TOP), 'change', []),
        (document(approvals=TOP), document({'image': 'a:2'}, approvals=TOP), 'change', [(('web',), 1)]),
        (document(approvals=TOP), document({'image': 'a:2'}, approvals=TOP), 'promote', [(('web',), 1)]),
        (document(approvals=TOP), document({'image': 'a:2'}, approvals=TOP), 'rollback', []),
        (document(approvals=TOP), document({'restarted_at': '2030-01-31T18:00:00Z'}, approvals=TOP), 'change', []),
        (document(approvals={'when': ['promote']}), document({'image': 'a:2'}, approvals={'when': ['promote']}),
         'change', []),
        (document(approvals={'when': ['deploy']}), document({'image': 'a:2'}, approvals={'when': ['deploy']}),
         'promote', []),
        (document({'approvals': OWN}), document({'approvals': OWN}, {'image': 'a:2'}), 'change', []),
        (document({'approvals': OWN}, approvals=TOP), document({'approvals': OWN, 'memory': 9}, {'image': 'a:2'},
         approvals=TOP), 'change', [(('api',), 1), (('web',), 2)]),
        # Whatever loosens a policy needs what it demands, also where it asks for other occasions alone.
        (document(approvals={'when': ['traffic']}), document(), 'change', [(('api', 'web'), 1)]),
        (document({'approvals': {'when': ['traffic']}}), document(), 'change', [(('web',), 1)]),
        (document({'approvals': OWN}), {'services': [{'api': {'image': 'a:1'}}]}, 'change', [(('web',), 2)]),
        (document({'approvals': OWN}), {'services': [{'api': {'image': 'a:1'}}]}, 'rollback', [(('web',), 2)]),
        (document(approvals=TOP), document({'approvals': {'self': True}}, approvals=TOP), 'change', [(('web',), 1)]),
        (document(approvals=TOP), document(approvals=TOP, tags={'a': 'b'}), 'change', [(('api', 'web'), 1)]),
        (document(approvals=TOP), {}, 'remove cluster', [(('api', 'web'), 1)]),
        (document({'approvals': OWN}), document(), 'stop', [(('web',), 2)]),
        ({'services': []}, document({'approvals': OWN}), 'rollback', []),
    ],
)  # fmt: skip
def test_requirements(before: Any, after: Any, verb: str, found: list[Any]):
    assert needed(before, after, verb) == found


@pytest.mark.parametrize('broken', [None, 'yes', {'required': 0}, {'by': []}, {'who': 'me'}])
def test_what_another_program_broke_is_strict(broken: Any):
    assert Policies({'approvals': broken, 'services': []}).of('web') == STRICT
    assert needed(document(approvals=broken), document({'image': 'a:2'}, approvals=broken)) == [(('web',), 1)]


def test_a_rollback_keeps_the_policies():
    old, now = document({'memory': 9}), document({'approvals': OWN}, approvals=TOP)
    assert with_policies(old, now) == document({'memory': 9, 'approvals': OWN}, approvals=TOP)
    assert with_policies(now, old) == document()
    assert with_policies(now, now) is now


def test_traffic_and_storage():
    assert traffic_requirement(document(approvals=TOP), 'web') is None
    found = traffic_requirement(document(approvals={'required': 2, 'when': ['traffic']}), 'web')
    assert found is not None
    assert read_requirement(found.to_json()).policy.required == 2
