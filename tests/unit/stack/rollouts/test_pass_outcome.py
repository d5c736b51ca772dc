"""What a pass leaves for others to know: by service, what was refused, blocked or is not made yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import AwsFailed, Unprocessable
from stack.reconcile.plan import Note, Plan, Step, Until
from stack.rollouts.pass_outcome import BLOCKED, NOT_RELEASED, PassLog, PassOutcome, read_outcome
from stack.scheduler.reconciler import Progress
from stack.state.revisions import Revision

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REVISION = Revision('prod', '"e"', 'r1', b'{}', NOW)
CERTIFICATE = AwsFailed(
    'AWS refused elbv2:CreateListener: CertificateNotFound: There is none.',
    'elbv2:CreateListener',
    'CertificateNotFound',
)


def step(name: str, kind: str, service: str | None = 'web', after: tuple[str, ...] = (), **more: Any) -> Step:
    return Step(name, kind, service, name, more.pop('arguments', {}), after, **more)


LISTENER = step('listener', 'elbv2:CreateListener')
SERVICE = step('service', 'ecs:CreateService', after=('listener',))
RECORD = step('record', 'route53:ChangeResourceRecordSets')


def outcome(*progress: Progress, steps: tuple[Step, ...] = (), before: PassOutcome | None = None, **more: Any):
    made = PassLog(7, REVISION, before, NOW)
    made.begin(Plan('prod', steps=steps or tuple(each.step for each in progress), notes=more.pop('notes', ())))
    for each in progress:
        made.take(each)
    if more.get('ended', True):
        made.end(more.get('given_up', False))
    return made.outcome(more.get('now', NOW))


def test_a_refusal_has_the_words_of_aws_and_so_does_what_depends_on_it():
    api = step('api/service', 'ecs:UpdateService', 'api', after=('shared',))
    shared = step('shared', 'servicediscovery:CreatePrivateDnsNamespace', None)
    denied = AwsFailed('AWS refused x: AccessDenied: no', 'servicediscovery:CreatePrivateDnsNamespace', 'AccessDenied')
    found = outcome(
        Progress(LISTENER, 'failed', error=CERTIFICATE),
        Progress(SERVICE, 'left'),
        Progress(shared, 'failed', error=denied),
        Progress(api, 'left'),
    )
    web = found.of('web')
    assert web is not None
    assert (web.call, web.code, web.message) == ('elbv2:CreateListener', 'CertificateNotFound', 'There is none.')
    assert found.of('api').code == 'AccessDenied'
    assert found.of('worker') is None
    assert found.is_unfinished('web')


def test_the_same_refusal_again_is_counted_on():
    first = outcome(Progress(LISTENER, 'failed', error=CERTIFICATE))
    again = outcome(Progress(LISTENER, 'failed', error=CERTIFICATE), before=first, now=NOW + timedelta(minutes=1))
    assert (again.of('web').since, again.of('web').tries) == (NOW, 2)
    other = AwsFailed('no', 'elbv2:CreateListener', 'TooManyListeners')
    assert outcome(Progress(LISTENER, 'failed', error=other), before=again).of('web').tries == 1


def test_what_ecs_does_not_show_is_unfinished_until_it_is_made():
    steps = (SERVICE, RECORD)
    assert outcome(steps=steps, ended=False).unfinished == {'web'}
    assert outcome(Progress(SERVICE, 'done'), steps=steps, ended=False).unfinished == {'web'}
    assert outcome(Progress(RECORD, 'waiting'), steps=steps).unfinished == {'web'}
    assert outcome(Progress(RECORD, 'left'), steps=steps).unfinished == {'web'}
    assert outcome(Progress(RECORD, 'done'), steps=steps, ended=False).unfinished == set()


@pytest.mark.parametrize(
    'removal',
    [
        step('old', 'elbv2:DeleteTargetGroup'),
        step('old', 'route53:ChangeResourceRecordSets', arguments={'ChangeBatch': {'Changes': [{'Action': 'DELETE'}]}}),
        step('old', 'ecs:DeregisterTaskDefinition'),
    ],
)
def test_a_service_is_complete_without_the_removal_of_old_parts(removal: Step):
    found = outcome(Progress(removal, 'failed', error=CERTIFICATE))
    assert found.of('web') is not None
    assert not found.is_unfinished('web')


def test_a_wait_is_nothing_that_is_missing():
    waits = step('active', 'elbv2:DescribeLoadBalancers', until=Until('State', ('active',)))
    assert outcome(Progress(waits, 'waiting')).unfinished == set()


def test_a_blocked_service_stays_so_until_a_person_acts():
    found = outcome(notes=(Note('web', 'Its record is already that of api.', blocks=True), Note('api', 'Fine.')))
    assert (found.of('web').call, found.of('web').code) == (None, BLOCKED)
    assert found.of('web').message == 'Its record is already that of api.'
    assert found.is_final('web')
    assert found.is_unfinished('web')
    assert not found.is_final('api')


def test_what_aws_has_not_released_counts_as_refused_once_it_is_given_up():
    assert outcome(Progress(RECORD, 'waiting')).of('web') is None
    found = outcome(Progress(RECORD, 'waiting'), given_up=True)
    assert found.of('web').code == NOT_RELEASED
    assert found.is_final('web')


def test_a_pass_that_fails_before_its_first_step_concerns_all_services():
    made = PassLog(7, REVISION, None, None)
    made.fail(Unprocessable("ECS has no active cluster 'prod'."))
    made.end(given_up=True)
    found = made.outcome(NOW)
    assert found.of('any').message == "ECS has no active cluster 'prod'."
    assert found.is_unfinished('any')
    assert found.is_final('any')


def test_it_is_read_back_as_it_was_written():
    before = outcome(Progress(LISTENER, 'failed', error=CERTIFICATE), Progress(SERVICE, 'left'), given_up=True)
    assert read_outcome(before.to_json()) == before


@pytest.mark.parametrize('record', [None, [], {}, {'number': 'x'}, 'text', {'refused': []}])
def test_what_is_no_outcome_is_none(record: Any):
    assert read_outcome(record) is None


def test_later_outcomes_are_newer():
    first = outcome(steps=(RECORD,), ended=False)
    last = outcome(Progress(RECORD, 'done'), now=NOW + timedelta(seconds=1))
    assert last.is_newer_than(first)
    assert not first.is_newer_than(last)
    assert first.is_newer_than(None)


def test_a_plan_without_steps_is_news_where_something_was_refused_or_blocked_before():
    blocking = Plan('prod', notes=(Note('web', 'no', blocks=True),))
    refused = outcome(Progress(LISTENER, 'failed', error=CERTIFICATE))
    blocked = outcome(notes=blocking.notes)
    assert not refused.fits(Plan('prod'))
    assert not blocked.fits(Plan('prod'))
    assert blocked.fits(blocking)
    assert outcome(Progress(RECORD, 'done')).fits(Plan('prod'))
