"""Revisions as the API and the live channel show them: the current one, those under way, and those that ended last."""

from dataclasses import replace
from datetime import timedelta

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.overtaken import DECIDED_AFTER
from stack.rollouts.revision_view import SHOWN_FOR, rollouts_json
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

WEB = {'image': 'registry:5000/web:1', 'desired_count': 2}


def test_revisions_that_were_overtaken_are_shown_with_how_they_ended():
    made, later = state(revision('r1', web=WEB)), START + timedelta(seconds=9)
    made.take_revision(revision('r2', web=WEB | {'image': 'web:2'}, at=later), later)
    made.book.decide(later + DECIDED_AFTER)
    overtaken, current = rollouts_json(made)
    assert (overtaken['revision'], overtaken['verdict']['ending']) == ('r1', 'superseded')
    assert (overtaken['services'], overtaken['seconds']) == (['web'], 9.0)
    assert (current['revision'], current['verdict'], current['seconds']) == ('r2', None, None)


def test_an_old_rollout_that_is_still_open_stays_beside_the_current_one():
    made = state(revision('r1', web=WEB))
    before = made.rollouts['web']
    made.take_revision(revision('r2', api=WEB, web=WEB, at=START + timedelta(seconds=9)), START)
    assert made.rollouts['web'] == replace(before, observed_at=made.rollouts['web'].observed_at)
    assert [(each['revision'], each['services']) for each in rollouts_json(made)] == [
        ('r1', ['web']),
        ('r2', ['api']),
    ]


def in_a_row(number: int) -> ClusterState:
    """A cluster whose revisions add a service each."""
    names = [f's{n}' for n in range(number)]
    made = state(revision('r0', **{names[0]: WEB}))
    for n in range(1, number):
        services = dict.fromkeys(names[: n + 1], WEB)
        made.take_revision(revision(f'r{n}', at=START + timedelta(seconds=n), **services), START)
    return made


def endings(made: ClusterState) -> dict[str, str | None]:
    return {each['revision']: each['verdict'] and each['verdict']['ending'] for each in rollouts_json(made)}


def test_a_revision_that_ends_after_another_was_stored_is_shown_with_its_ending():
    made = in_a_row(2)
    look(made, running('s0'))
    assert endings(made) == {'r0': 'succeeded', 'r1': None}


def test_all_that_ended_shortly_before_a_look_are_shown():
    made = in_a_row(7)
    for n in range(6):
        look(made, running(f's{n}'), minutes=n / 60)
    assert [ending for ending in endings(made).values() if ending] == ['succeeded'] * 6
    look(made, running('s0'), minutes=SHOWN_FOR.total_seconds() / 60 + 1)
    assert endings(made) == {'r6': None}
