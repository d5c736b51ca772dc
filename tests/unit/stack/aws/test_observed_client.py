"""The health of an account, from what its calls come to."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.client import AwsClient
from stack.aws.limitations import Limitations
from stack.aws.observed_client import ObservedClient
from stack.configuration.accounts import Place
from stack.errors import AwsFailed, Throttled, Unavailable

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
DENIED = AwsFailed('AWS refused it', 'ecs:UpdateService', 'AccessDeniedException')
NOT_ASSUMED = AwsFailed('AWS refused it', 'sts:AssumeRole', 'AccessDenied')
MISSING = AwsFailed('no such cluster', 'ecs:UpdateService', 'ClusterNotFoundException')
THROTTLED = Throttled('slower', 'ecs:UpdateService', 'ThrottlingException')
HANGS = Unavailable('AWS did not answer', 'ecs:UpdateService', 'DeadlineExceeded')


class Scene(AwsClient):
    def __init__(self) -> None:
        self.now = START
        self.outcome: AwsFailed | None = None
        self.observed = ObservedClient(self, Place('prod', 'eu-west-1'), lambda: self.now)

    @property
    def region(self) -> str | None:
        return 'eu-west-1'

    @property
    def limitations(self) -> Limitations:
        return Limitations()

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        if self.outcome:
            raise self.outcome
        return arguments

    def makes(self, outcome: AwsFailed | None = None) -> str:
        """The state after a call with that outcome."""
        self.outcome = outcome
        call = self.observed.call('ecs', 'UpdateService', cluster='prod')
        if outcome is None:
            assert asyncio.run(call) == {'cluster': 'prod'}
        else:
            with pytest.raises(type(outcome)):
                asyncio.run(call)
        return self.observed.health().state


def test_nothing_is_known_before_the_first_call():
    health = Scene().observed.health()
    assert (health.state, health.seen_at) == ('unknown', None)
    assert Scene().observed.region == 'eu-west-1'


def test_an_answer_is_health_even_a_refusal_for_another_reason():
    scene = Scene()
    assert scene.makes(MISSING) == 'ok'
    assert scene.observed.health().seen_at == START


def test_a_denied_call_is_named_until_it_is_answered():
    scene = Scene()
    assert scene.makes(DENIED) == 'denied'
    assert scene.observed.health().to_json() == {
        'account': 'prod',
        'region': 'eu-west-1',
        'state': 'denied',
        'denied': ['ecs:UpdateService'],
        'seen_at': '2026-11-29T12:00:00.000+00:00',
        'message': 'AWS refused it',
    }
    assert scene.makes() == 'ok'


def test_a_role_that_cannot_be_assumed_is_denied_until_a_call_succeeds():
    scene = Scene()
    assert scene.makes(NOT_ASSUMED) == 'denied'
    assert scene.observed.health().denied == ('sts:AssumeRole',)
    assert scene.makes() == 'ok'


@pytest.mark.parametrize(
    'failed',
    [
        AwsFailed('AWS refused it', 'sts:AssumeRole', 'InvalidClientTokenId'),
        AwsFailed('AWS refused it', 'sts:AssumeRole', 'RegionDisabledException'),
        AwsFailed('AWS refused it', 'ecs:UpdateService', 'ExpiredTokenException'),
        AwsFailed('AWS refused it', 'ecs:UpdateService', 'UnrecognizedClientException'),
        AwsFailed('AWS refused it', 'ec2:DescribeSubnets', 'AuthFailure'),
    ],
    ids=lambda failed: failed.aws_code,
)
def test_an_identity_that_aws_does_not_accept_is_denied_until_a_call_succeeds(failed: AwsFailed):
    scene = Scene()
    assert scene.makes(failed) == 'denied'
    assert scene.observed.health().denied == (failed.operation,)
    assert scene.makes() == 'ok'


def test_a_call_that_is_not_sent_is_no_sign_of_life():
    scene = Scene()
    no_credentials = AwsFailed('Unable to locate credentials', 'ecs:UpdateService', 'NoCredentialsError')
    assert scene.makes(no_credentials) == 'unavailable'
    assert scene.observed.health().seen_at is None
    assert scene.observed.health().message == 'Unable to locate credentials'
    assert scene.makes() == 'ok'


@pytest.mark.parametrize(('waited_s', 'state'), [(1, 'unknown'), (10, 'unavailable')])
def test_a_call_that_its_caller_gave_up_after_long_has_no_answer(waited_s: int, state: str):
    scene = Scene()

    async def hang(*_: Any, **__: Any) -> None:
        scene.now += timedelta(seconds=waited_s)
        raise asyncio.CancelledError

    scene.call = hang
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scene.observed.call('ecs', 'ListClusters'))
    assert scene.observed.health().state == state


def test_throttling_is_shown_for_a_minute():
    scene = Scene()
    assert scene.makes(THROTTLED) == 'throttled'
    scene.now += timedelta(seconds=59)
    assert scene.makes() == 'throttled'
    scene.now += timedelta(seconds=2)
    assert scene.observed.health().state == 'ok'


def test_a_call_without_an_answer_is_shown_until_the_next_answer():
    scene = Scene()
    scene.makes()
    scene.now += timedelta(minutes=1)
    assert scene.makes(HANGS) == 'unavailable'
    assert (scene.observed.health().message, scene.observed.health().seen_at) == ('AWS did not answer', START)
    assert scene.makes() == 'ok'
