"""Only an admin may make a change that interrupts requests."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.changes.interrupting import check_interruptions
from stack.errors import AccessDenied
from stack.state.revisions import Change, Origin
from tests.unit.stack.reconcile.settled import example, service_in

ADMIN = Change(Origin('kim', 'here'), datetime.now(UTC), {'verb': 'change'})
DEPLOYER = replace(ADMIN, may_interrupt=False)


def test_an_interrupting_change_needs_the_role_admin():
    after = copy.deepcopy(example())
    service_in(after, 'web')['elb'].update(protocol='HTTP', certificates=[])
    check_interruptions('staging', ADMIN, example(), after)
    with pytest.raises(AccessDenied, match=r'web: elb.protocol HTTPS → HTTP.*requires the role admin'):
        check_interruptions('staging', DEPLOYER, example(), after)


def test_a_default_that_interrupts_is_found():
    after: dict[str, Any] = copy.deepcopy(example())
    after['defaults']['network_mode'] = 'awsvpc'
    with pytest.raises(AccessDenied, match='network_mode host → awsvpc'):
        check_interruptions('staging', DEPLOYER, example(), after)


@pytest.mark.parametrize('before', [{}, example(), {'services': 'unreadable'}])
def test_any_other_change_is_left_alone(before: dict[str, Any]):
    after = copy.deepcopy(example())
    service_in(after, 'web')['image'] = 'registry/web:2'
    check_interruptions('staging', DEPLOYER, before, after)
