"""Rollouts that a person stops: one verdict, whatever a replica saw of ECS before it knew of the stop."""

from datetime import timedelta

import pytest

from stack.rollouts.rollout import Ending
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, Revision, encode
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

NEW, OLD = {'image': 'web:2', 'desired_count': 2}, {'image': 'web:1', 'desired_count': 2}
STOPPED_AT = START + timedelta(minutes=2)


def stop(mode: str = 'rollback') -> Revision:
    did = {'verb': 'stop', 'service': 'web', 'mode': mode}
    change = Change(Origin('ada', 'test', 'loses sessions'), STOPPED_AT, did, 'deploy')
    body = serialise({'services': [{'web': OLD}]})
    return Revision('prod', '"s"', 'stop', body, STOPPED_AT, encode('w', [change]))


@pytest.mark.parametrize(('mode', 'ending'), [('rollback', 'rolled-back'), ('abort', 'aborted')])
@pytest.mark.parametrize('seen_after', [None, 0, 1])
def test_a_replica_that_saw_the_end_before_the_stop_agrees(mode: str, ending: Ending, seen_after: int | None):
    made = state(revision('r1', web=NEW))
    if seen_after is not None:
        look(made, running(), minutes=2 + seen_after)
        assert made.rollouts['web'].verdict.ending == 'succeeded'
    made.take_revision(stop(mode), STOPPED_AT + timedelta(minutes=5))
    made.book.decide(STOPPED_AT + timedelta(minutes=9))
    verdict = made.of_revision('r1')['web'].verdict
    assert (verdict.ending, verdict.cause, verdict.by) == (ending, 'stopped', 'stop')
    assert verdict.reason == 'Stopped by ada: loses sessions.'
    assert made.rollouts['web'].open


def test_a_rollout_that_had_ended_before_the_stop_keeps_its_verdict():
    made = state(revision('r1', web=NEW))
    look(made, running(), minutes=1)
    made.take_revision(stop(), STOPPED_AT)
    assert made.of_revision('r1')['web'].verdict.ending == 'succeeded'
