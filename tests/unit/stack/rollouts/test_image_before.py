"""The image that a service ran before the wanted one."""

from datetime import timedelta

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.image_before import image_before
from stack.rollouts.rollout import Ending, Goal, Verdict, begin, end
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state


def rolled_out(*rollouts: tuple[str, Ending]) -> ClusterState:
    """A state that wants `web:9` of the service `web`, after earlier rollouts of an image with an ending each."""
    made = state(revision('newest', web={'image': 'web:9', 'desired_count': 2}))
    for number, (image, ending) in enumerate(rollouts):
        since = START - timedelta(days=30 - number)
        goal = Goal('web', f'r{number}', since, image, 2, since)
        made.book.former[f'r{number}'] = {'web': end(begin(goal), Verdict(ending, '', since))}
    return made


def test_versions_that_failed_are_passed_over():
    made = rolled_out(('web:6', 'succeeded'), ('web:7', 'succeeded'), ('web:8', 'rolled-back'))
    assert image_before(made, 'web') == 'web:7'


def test_the_wanted_image_is_not_one_before_itself():
    assert image_before(rolled_out(('web:8', 'succeeded'), ('web:9', 'succeeded')), 'web') == 'web:8'


def test_a_deployment_that_was_rolled_back_between_two_looks_leads_to_what_runs():
    made = state(revision('r1', web={'image': 'web:8', 'desired_count': 2}))
    look(made, running())
    made.take_revision(revision('r2', web={'image': 'web:9', 'desired_count': 2}), START)
    made.ecs.images_before['web'] = 'web:7'
    made.book.former.clear()
    assert image_before(made, 'web') == 'web:8'


def test_before_the_first_success_nothing_is_known():
    assert image_before(rolled_out(), 'web') is None
    assert image_before(rolled_out(('web:8', 'stalled')), 'web') is None
