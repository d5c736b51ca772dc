"""What a scheduler's last pass means for the rollout of a service that ECS shows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.reconcile.plan import Waits
from stack.rollouts import refusals
from stack.rollouts.pass_outcome import BLOCKED, GATE_FAILED, NOT_BEGUN, PassOutcome, Refusal
from stack.rollouts.rollout import Rollout, Verdict, begin, end
from tests.ecs_looks import START, at, goal

REFUSAL = Refusal('elbv2:CreateListener', 'CertificateNotFound', 'There is none.', at(20), 5)
SUCCEEDED = Verdict('succeeded', 'All 2 tasks run.', at(60))


def outcome(**more: Any) -> PassOutcome:
    values = {'refused': {'web': REFUSAL}, 'unfinished': frozenset({'web'})} | more
    return replace(PassOutcome(1, 'r2', START, at(30)), **values)


def judged(followed: Rollout, found: PassOutcome | None, before: Rollout | None = None) -> Rollout:
    return refusals.judge(before or begin(followed.goal), followed, found, 'r2')


def arrived() -> Rollout:
    return end(replace(begin(goal()), percent=100), SUCCEEDED)


def test_without_an_outcome_ecs_decides():
    assert judged(arrived(), None) == arrived()
    assert judged(arrived(), outcome(refused={}, unfinished=frozenset())) == arrived()


def test_it_has_not_succeeded_while_a_part_is_missing():
    found = judged(arrived(), outcome())
    assert (found.verdict, found.state, found.percent) == (None, 'rolling-out', 99)
    working = judged(arrived(), outcome(refused={}))
    assert (working.verdict, working.state) == (None, 'rolling-out')


def test_a_part_that_no_scheduler_makes_is_a_stall_in_the_end():
    before = begin(goal())
    working = outcome(refused={}, ended=False)
    for number in range(1, 15):
        followed = replace(arrived(), observed_at=at(60 * number))
        before = refusals.judge(before, followed, working, 'r2')
        assert before.open
    last = refusals.judge(before, replace(arrived(), observed_at=at(60 * 15)), working, 'r2')
    assert (last.verdict.ending, last.verdict.reason.endswith('does a scheduler run?')) == ('stalled', True)


def test_what_had_succeeded_before_stays_so():
    assert judged(arrived(), outcome(), before=arrived()) == arrived()


def test_a_service_that_is_refused_is_not_queued_as_if_no_scheduler_ran():
    assert judged(begin(goal()), outcome()).state == 'rolling-out'


def test_it_is_aborted_once_the_scheduler_gives_up():
    found = judged(begin(goal()), outcome(ended=True, given_up=True))
    assert found.verdict.ending == 'aborted'
    assert found.verdict.reason == (
        'AWS refused elbv2:CreateListener (CertificateNotFound): There is none. The scheduler gave up after 5 tries.'
    )


def test_so_is_one_that_is_blocked_once_the_pass_has_ended():
    refused = {'web': Refusal(None, BLOCKED, 'Its record is already that of api.', at(20))}
    found = outcome(refused=refused, blocked=frozenset({'web'}))
    assert judged(begin(goal()), found).open
    assert judged(begin(goal()), replace(found, ended=True)).verdict.reason == 'Its record is already that of api.'


def test_the_outcome_of_an_earlier_revision_is_nothing_to_a_later_one():
    earlier = outcome(revision='r1', stored_at=START - timedelta(seconds=9), ended=True, given_up=True)
    assert judged(begin(goal()), earlier) == begin(goal())


def test_that_of_a_later_revision_counts():
    later = outcome(revision='r3', stored_at=at(9), ended=True, given_up=True)
    assert judged(begin(goal()), later).verdict.ending == 'aborted'


def test_what_is_announced_again_is_tried_again():
    again = begin(goal(announced_at=at(100)))
    former = outcome(ended=True, given_up=True, asked_at=at(0))
    assert judged(again, former).open
    assert judged(again, replace(former, asked_at=at(100))).verdict.ending == 'aborted'


def test_what_is_not_announced_is_not_refused():
    held = begin(goal(announced_at=None))
    assert judged(held, outcome(ended=True, given_up=True)) == held


def test_a_stall_names_the_refusal():
    stalled = end(begin(goal()), Verdict('stalled', 'does a scheduler run?', at(900)))
    assert 'CertificateNotFound' in judged(stalled, outcome()).verdict.reason


def test_a_removal_that_is_refused_and_given_up():
    removal = begin(goal(kind='removal', count=0))
    found = outcome(unfinished=frozenset(), ended=True, given_up=True)
    assert judged(removal, found).verdict.ending == 'aborted'
    gone = end(removal, Verdict('removed', 'It is gone.', at(60)))
    assert judged(gone, found) == gone


def test_how_it_is_shown():
    shown = refusals.to_json(REFUSAL)
    assert {name: shown[name] for name in ('kind', 'call', 'code', 'message', 'since', 'tries')} == {
        'kind': 'refused',
        'call': 'elbv2:CreateListener',
        'code': 'CertificateNotFound',
        'message': 'There is none.',
        'since': '2026-03-01T12:00:20.000+00:00',
        'tries': 5,
    }
    denied = refusals.to_json(replace(REFUSAL, code='AccessDenied'))
    assert 'elbv2:CreateListener' in denied['advice']


WAITING = {'refused': {}, 'waits': {'web': Waits('web', ('api',), wave=2)}}


def test_a_service_that_waits_for_another_does_not_stall():
    before = begin(goal())
    for number in range(1, 40):
        followed = replace(before, observed_at=at(60 * number), idle=60.0 * number)
        followed = end(followed, Verdict('stalled', 'ECS was not asked for it.', at(60 * number)))
        before = refusals.judge(before, followed, outcome(**WAITING), 'r2')
        assert (before.verdict, before.state, before.idle) == (None, 'queued', 0.0)


def test_it_has_not_succeeded_while_a_gate_after_its_rollout_runs():
    waits = {'web': Waits('web', gate='smoke')}
    before = replace(begin(goal()), state='rolling-out', deployment='d-2')
    for number in range(1, 40):
        followed = replace(arrived(), observed_at=at(60 * number))
        before = refusals.judge(before, followed, outcome(refused={}, waits=waits), 'r2')
        assert (before.verdict, before.state, before.percent) == (None, 'rolling-out', 99)
    assert judged(arrived(), outcome(refused={}, unfinished=frozenset())).verdict == SUCCEEDED


@pytest.mark.parametrize('code', [GATE_FAILED, NOT_BEGUN])
def test_a_failed_gate_aborts_its_service_and_what_needs_it(code: str):
    refused = {'web': Refusal(None, code, 'pre_deploy migrate failed.', at(20), 3)}
    found = judged(begin(goal()), outcome(refused=refused, blocked=frozenset({'web'}), ended=True))
    assert (found.verdict.ending, found.verdict.reason) == ('aborted', 'pre_deploy migrate failed.')
    assert 'deploy again' in refusals.to_json(refused['web'])['advice']


def test_a_failed_check_rolls_back():
    refused = {'web': Refusal(None, GATE_FAILED, 'post_deploy smoke failed.', at(20))}
    found = outcome(refused=refused, blocked=frozenset({'web'}), rolled_back={'web': 'arn:td/web:1'})
    for followed in (
        begin(goal()),
        arrived(),
        end(begin(goal()), Verdict('superseded', 'ECS deployment d-3 took its place.', at(60), 'arn:td/web:1')),
    ):
        verdict = judged(followed, found, before=begin(goal())).verdict
        assert (verdict.ending, verdict.reason, verdict.by) == (
            'rolled-back',
            'post_deploy smoke failed.',
            'arn:td/web:1',
        )
