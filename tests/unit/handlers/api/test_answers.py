"""Answers are kept until what they tell has changed."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from handlers.api.answers import Answers, AnswersOfNames
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
    assert answers.get(state, 'all', make) == b'answer 1', 'the look showed nothing new'
    state.look(Observation(datetime.now(UTC), autoscaled=frozenset({'web'})))
    assert answers.get(state, 'all', make) == b'answer 3'
    assert answers.get(ClusterState(revision('r1'), START), 'all', make) == b'answer 4'


CHANGES: dict[str, Callable[[ClusterState], object]] = {
    'a revision': lambda state: state.take_revision(revision('r2'), START),
    'a look': lambda state: state.look(Observation(START, autoscaled=frozenset({'web'}))),
    'an announcement': lambda state: state.announce(START),
    'rollouts of another process': lambda state: state.take_up({}),
    'a removal': lambda state: state.remove(START),
    'a schedule': lambda state: setattr(state, 'schedules', {'web': {'state': 'failing'}}),
    'a secret': lambda state: setattr(state, 'stale_secrets', {'web': ()}),
    'a freeze': lambda state: setattr(state, 'frozen', {'reason': 'release'}),
    'an ECS that does not answer': lambda state: setattr(state, 'failing', {'error': 'aws_failed'}),
}


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES.keys())
def test_an_answer_is_made_again_after_each_change(change: Callable[[ClusterState], object]):
    answers, state = Answers(), ClusterState(revision('r1'), START)
    assert answers.get(state, 'all', lambda: b'before') == b'before'
    change(state)
    assert answers.get(state, 'all', lambda: b'after') == b'after'


def test_answers_of_names_are_kept_for_the_same_object():
    answers, names = AnswersOfNames(), ('prod', 'staging')
    assert answers.get(names, 'all', lambda: b'1') == b'1'
    assert answers.get(names, 'all', lambda: b'2') == b'1'
    assert answers.get(names, 'masked', lambda: b'3') == b'3'
    assert answers.get(('prod',), 'all', lambda: b'4') == b'4'
