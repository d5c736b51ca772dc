"""Since when a service runs its image."""

from datetime import datetime, timedelta

import pytest

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.image_since import image_since
from stack.rollouts.rollout import Ending, Goal, Verdict, begin, end
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state


def after(*rollouts: tuple[str, Ending]) -> ClusterState:
    """A service `web` that runs `web:9`, after earlier rollouts of an image with an ending each, an hour apart."""
    made = state(revision('newest', web={'image': 'web:9', 'desired_count': 2}))
    look(made, running())
    del made.rollouts['web']
    for number, (image, ending) in enumerate(rollouts):
        goal = Goal('web', f'r{number}', ended(number) - timedelta(minutes=2), image, 2, None)
        made.book.former[f'r{number}'] = {'web': end(begin(goal), Verdict(ending, '', ended(number)))}
    return made


def ended(number: int) -> datetime:
    return START - timedelta(hours=10 - number)


@pytest.mark.parametrize(
    ('rollouts', 'since'),
    [
        ([('web:8', 'succeeded'), ('web:9', 'succeeded')], 1),
        # A restart leaves the version as old as it was.
        ([('web:8', 'succeeded'), ('web:9', 'succeeded'), ('web:9', 'succeeded')], 1),
        ([('web:9', 'succeeded'), ('web:10', 'rolled-back'), ('web:11', 'superseded')], 0),
        # A person went back to it.
        ([('web:9', 'succeeded'), ('web:10', 'succeeded'), ('web:9', 'succeeded')], 2),
        ([('web:9', 'succeeded'), ('', 'removed'), ('web:9', 'succeeded')], 2),
    ],
)
def test_it_is_the_end_of_the_rollout_that_brought_the_image(rollouts: list[tuple[str, Ending]], since: int):
    assert image_since(after(*rollouts), 'web') == ended(since)


def test_an_image_that_no_known_rollout_brought_is_dated_by_ecs():
    made = after(('web:8', 'succeeded'))
    assert image_since(made, 'web') == made.ecs.services['web'].deployments[0].created_at


def test_before_the_first_look_nothing_is_known():
    assert image_since(state(revision('r1', web={'image': 'web:9'})), 'web') is None
    assert image_since(after(), 'api') is None
