"""Answers are kept until what they tell has changed."""

from datetime import UTC, datetime

from handlers.api.answers import Answers
from stack.rollouts.cluster_state import ClusterState, Observation
from tests.unit.stack.rollouts.test_cluster_state import START, revision


def test_an_answer_is_made_once_for_each_state_and_name():
    answers, state, made = Answers(), ClusterState(revision('r1'), START), []

    def make() -> bytes:
        made.append(True)
        return b'answer %d' % len(made)

    assert [answers.get(state, 'all', make) for _ in range(3)] == [b'answer 1'] * 3
    assert answers.get(state, 'masked', make) == b'answer 2'
    state.look(Observation(datetime.now(UTC)))
    assert answers.get(state, 'all', make) == b'answer 1', 'nothing moved'
    state.look(Observation(datetime.now(UTC), autoscaled=frozenset({'web'})))
    assert answers.get(state, 'all', make) == b'answer 3'
    assert answers.get(ClusterState(revision('r1'), START), 'all', make) == b'answer 4'
