"""Several rollouts together."""

from dataclasses import replace

from stack.rollouts.rollout import Verdict, abandoned, begin
from stack.rollouts.rollout_summary import summarise
from tests.ecs_looks import at, goal, leaving, looks, new, service


def test_the_whole_fails_as_soon_as_one_fails():
    going = looks(service(new(1), leaving(1)))[-1]
    failed = abandoned(replace(going, goal=goal(service='api')), 'Out of memory.', at(30))
    both = summarise([going, failed])
    assert (both.state, both.verdict.ending, both.verdict.reason) == ('failed', 'aborted', 'api: Out of memory.')


def test_the_whole_succeeds_when_all_have():
    done = looks(service(new(2, state='COMPLETED')))[-1]
    zero = replace(done, verdict=Verdict('scaled-to-zero', 'None.', at(50)))
    going = looks(service(new(1), leaving(1)))[-1]
    assert summarise([done, going]).verdict is None
    assert (summarise([done, going]).state, summarise([done, going]).percent) == ('rolling-out', 75)
    together = summarise([done, zero])
    assert (together.verdict.ending, together.verdict.at) == ('succeeded', at(50))
    assert summarise([]).verdict is None


def test_the_whole_waits_while_all_wait():
    assert summarise([begin(goal()), begin(goal(service='api'))]).state == 'queued'
