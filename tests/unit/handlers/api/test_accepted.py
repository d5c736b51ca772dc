"""The content of an answer to an accepted change."""

import pytest

from handlers.api.accepted import DEPLOYING, accepted_content
from stack.changes.change_request import Accepted
from stack.stackfile.problems import Problem
from tests.unit.stack.rollouts.test_cluster_state import revision

REVISION = revision('r1', web={'image': 'web:1'})


@pytest.mark.parametrize(
    ('announced', 'content'),
    [
        (True, {'message': DEPLOYING, 'notification': 'sent'}),
        (False, {'message': DEPLOYING, 'notification': 'pending'}),
        (None, {'message': 'stored, not deployed'}),
    ],
)
def test_it_states_whether_the_schedulers_were_notified(announced: bool | None, content: dict[str, str]):
    assert accepted_content(Accepted(REVISION, announced), DEPLOYING) == {**content, 'revision': 'r1'}


def test_another_message_stays_without_a_deployment():
    assert accepted_content(Accepted(REVISION, None), 'staging is frozen')['message'] == 'staging is frozen'


def test_warnings_and_further_keys_are_added():
    accepted = Accepted(REVISION, True, [Problem(('services', 0), 'no tag')], {'unmanaged': ['web']})
    content = accepted_content(accepted, DEPLOYING)
    assert content['unmanaged'] == ['web']
    assert [warning['message'] for warning in content['warnings']] == ['no tag']
