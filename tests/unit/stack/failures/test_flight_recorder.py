"""The flight recorder where something goes wrong while it records: a real bucket, and an ECS that fails."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.errors import NotFound, Unavailable
from stack.failures.flight_recorder import PREFIX, FlightRecorder
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task, task
from stack.rollouts.pass_outcome import PassOutcome, Refusal
from stack.rollouts.rollout import Rollout, Verdict, end
from stack.sandbox.faults import Fault
from stack.state.diff import difference
from tests.aws import Aws
from tests.fake_s3 import FakeS3, World
from tests.places import InOnePlace
from tests.rolling import eventually
from tests.server import connect
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

WEB = {'image': 'web:1', 'desired_count': 2}
KILLED = {
    'taskArn': 'arn:task/t1',
    'stopCode': 'EssentialContainerExited',
    'stoppedReason': 'OutOfMemoryError: container killed',
    'createdAt': START + timedelta(minutes=1),
    'startedBy': 'ecs-svc/web',
}


class FailingEcs:
    """Answers after some failures."""

    def __init__(self, *failures: Exception):
        self.failures = list(failures)

    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]:
        if self.failures:
            raise self.failures.pop(0)
        return (task(KILLED),)

    async def definition(self, arn: str) -> TaskDefinition | None:
        return None

    async def log_lines(self, *_: Any) -> list[dict[str, Any]]:
        return []


async def compare(cluster: str, id: str, against: str | None) -> tuple[Any, Any, Any]:
    after = revision('r1', web=WEB)
    return after, None, difference(None, after.document)


async def no_history(cluster: str, id: str, against: str | None) -> tuple[Any, Any, Any]:
    raise NotFound('There is no such revision.')


def failed(ending: str = 'aborted') -> tuple[ClusterState, Rollout]:
    made = state(revision('r1', web=WEB))
    look(made, running(running=0))
    return made, end(made.rollouts['web'], Verdict(ending, 'It did not start.', START))


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(connect(aws.endpoint, aws.region)[0], aws.bucket())


def record(
    bucket: Bucket, ecs: FailingEcs, *endings: tuple[ClusterState, Rollout], history: Callable[..., Awaitable] = compare
) -> dict[str, Any] | None:
    """What is on record after these endings, one after the other."""

    async def recording() -> dict[str, Any] | None:
        recorder = FlightRecorder(bucket, InOnePlace(ecs), history, now=lambda: START, pauses=(0.0, 0.0))
        for ending in endings:
            recorder.ended(*ending)
            await recorder.finished()
        found = await recorder.read('prod', 'r1', 'web')
        await recorder.close()
        return found

    return asyncio.run(recording())


UNAVAILABLE = Unavailable('ECS does not answer.', 'ecs:ListTasks', '503')


def test_what_went_well_is_not_recorded(bucket: Bucket):
    assert record(bucket, FailingEcs(), failed('succeeded'), failed('superseded')) is None


def test_a_record_that_cannot_be_read_is_none(bucket: Bucket):
    asyncio.run(bucket.put(f'{PREFIX}prod/r1/web', b'{', over=None))
    assert record(bucket, FailingEcs()) is None


def test_an_ecs_that_does_not_answer_is_asked_again(bucket: Bucket, caplog: pytest.LogCaptureFixture):
    found = record(bucket, FailingEcs(UNAVAILABLE, UNAVAILABLE), failed())
    assert (found['reason']['kind'], found['introduced_by']['revision']) == ('out-of-memory', 'r1')
    assert caplog.text.count('is not recorded yet') == 2


def test_one_that_goes_on_failing_is_let_go(bucket: Bucket, caplog: pytest.LogCaptureFixture):
    assert record(bucket, FailingEcs(*[UNAVAILABLE] * 3), failed()) is None
    assert caplog.text.count('is not recorded yet') == 3


def test_what_nobody_expected_is_logged_and_ends_it(bucket: Bucket, caplog: pytest.LogCaptureFixture):
    assert record(bucket, FailingEcs(ValueError('what is this')), failed()) is None
    assert 'could not be recorded' in caplog.text


def test_a_change_that_is_not_in_the_history_any_more_is_left_out(bucket: Bucket):
    found = record(bucket, FailingEcs(), failed(), history=no_history)
    assert (found['introduced_by'], found['reason']['kind']) == (None, 'out-of-memory')


def test_of_several_attempts_the_last_is_kept(bucket: Bucket):
    assert record(bucket, FailingEcs(), failed(), failed('stalled'))['verdict']['ending'] == 'stalled'


def test_another_replica_that_was_faster_has_recorded_it(bucket: Bucket, caplog: pytest.LogCaptureFixture):
    key = f'{PREFIX}prod/r1/web'

    class Beaten:
        """The bucket, where another replica writes first."""

        get = staticmethod(bucket.get)

        async def put(self, key: str, body: bytes, *, over: str | None) -> Any:
            await bucket.put(key, json.dumps({'by': 'another'}).encode(), over=None)
            return await bucket.put(key, body, over=over)

    assert record(Beaten(), FailingEcs(), failed()) == {'by': 'another'}
    assert json.loads(asyncio.run(bucket.get(key)).body) == {'by': 'another'}
    assert 'is not recorded yet' not in caplog.text


def test_a_bucket_that_denies_the_record_is_logged(bucket: Bucket, aws: Aws, caplog: pytest.LogCaptureFixture):
    aws.faults.add(Fault('deny', service='s3', operation='PutObject'))
    assert record(bucket, FailingEcs(), failed()) is None
    assert 'AccessDenied' in caplog.text


def test_tasks_of_another_deployment_are_not_blamed(bucket: Bucket):
    made, rollout = failed()
    found = record(bucket, FailingEcs(), (made, replace(rollout, deployment='ecs-svc/other')))
    assert (found['tasks'], found['reason']) == ([], None)


def test_a_first_attempt_is_not_recorded_over_the_second(caplog: pytest.LogCaptureFixture):
    """S3 refuses the record of the first for a while, in which the second fails as well."""

    async def recording() -> str:
        s3 = FakeS3(World())
        recorder = FlightRecorder(
            Bucket(s3, 'b'), InOnePlace(FailingEcs()), compare, now=lambda: START, pauses=(3600.0,)
        )
        made, first = failed()
        s3.fail(lambda operation, _: operation == 'PutObject')
        recorder.ended(made, first)
        await eventually(lambda: 'is not recorded yet' in caplog.text)
        recorder.ended(made, replace(first, verdict=replace(first.verdict, reason='The second attempt.')))
        await recorder.finished()
        return (await recorder.read('prod', 'r1', 'web'))['verdict']['reason']

    assert asyncio.run(recording()) == 'The second attempt.'


@pytest.mark.parametrize(('later', 'kept'), [(1, 'Theirs.'), (-1, 'It did not start.')])
def test_of_two_replicas_the_record_of_the_later_attempt_is_kept(later: int, kept: str):
    async def recording() -> str:
        world, records = World(), []
        for _ in range(2):
            s3 = FakeS3(world)
            records.append(
                (s3, FlightRecorder(Bucket(s3, 'b'), InOnePlace(FailingEcs()), compare, now=lambda: START, pauses=()))
            )
        (s3, local), (_, remote) = records
        made, ending = failed()
        other = Verdict('aborted', 'Theirs.', ending.verdict.at + timedelta(minutes=later))
        held = s3.hold('PutObject', f'{PREFIX}prod/r1/web')
        local.ended(made, ending)
        await held.reached.wait()
        remote.ended(made, replace(ending, verdict=other))
        await remote.finished()
        held.go.set()
        await local.finished()
        return (await local.read('prod', 'r1', 'web'))['verdict']['reason']

    assert asyncio.run(recording()) == kept


@pytest.mark.parametrize(('minutes', 'is_blamed'), [(-1, False), (0, True), (1, True)])
def test_of_a_deployment_that_was_never_seen_only_tasks_since_the_change_are_blamed(
    bucket: Bucket, minutes: int, is_blamed: bool
):
    class Ecs(FailingEcs):
        async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]:
            return (task({**KILLED, 'createdAt': rollout.goal.since + timedelta(minutes=minutes)}),)

    made, rollout = failed()
    rollout = replace(rollout, deployment=None)
    found = record(bucket, Ecs(), (made, rollout))
    assert bool(found['tasks']) is is_blamed


def test_what_the_scheduler_gave_up_on_is_the_reason(bucket: Bucket):
    made = state(revision('r1', web=WEB))
    refusal = Refusal('elbv2:CreateListener', 'CertificateNotFound', 'There is none.', START, 5)
    refused = {'refused': {'web': refusal}, 'unfinished': frozenset({'web'})}
    look(made, running(), outcome=PassOutcome(1, 'r1', START, START, ended=True, given_up=True, **refused))
    found = record(bucket, FailingEcs(), (made, made.rollouts['web']))
    assert (found['reason']['kind'], found['reason']['code']) == ('refused', 'CertificateNotFound')
