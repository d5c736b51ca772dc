"""Credentials of assumed roles, by real boto3: when AWS rejects them, and where they are fetched."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.aws.assumed_role import RENEWED_EVERY_S, AssumedRole, RoleCredentials, rejects_credentials
from stack.aws.client import AwsClient
from stack.aws.connection import Connection
from stack.errors import AwsFailed
from stack.sandbox.calls import Call
from stack.sandbox.ecs import ManualClock
from stack.sandbox.faults import Fault
from stack.sandbox.server import EmbeddedAws, SeededFleet
from tests.aws import Aws


@pytest.fixture(scope='module')
def spoke() -> Iterator[EmbeddedAws]:
    clock = ManualClock(time.time())
    with EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account='676767676767') as embedded:
        yield embedded


def run(role: str, scenario: Callable[[AwsClient], Awaitable[None]], region: str = 'us-east-1') -> None:
    """Run a scenario with a connection that assumes a role."""

    async def whole() -> None:
        home = Connection()
        assumed = home.elsewhere(region, AssumedRole(role, 'nysa-test'), observe=lambda *_: None)
        try:
            async with asyncio.timeout(60):
                await scenario(assumed)
        finally:
            assumed.close()
            home.close()

    asyncio.run(whole())


def assumed_in(aws: Aws) -> Any:
    """The regions of the calls AssumeRole, within a `with` block."""
    regions: list[str] = []

    def note(call: Call) -> None:
        if call.operation == 'AssumeRole':
            regions.append(call.region)

    return regions, aws.embedded.application._recording(note)


def test_credentials_that_aws_rejects_are_fetched_again_and_the_call_is_made(aws: Aws, spoke: EmbeddedAws):
    regions, recording = assumed_in(aws)

    async def scenario(connection: AwsClient) -> None:
        await connection.call('ecs', 'ListClusters')
        # As after the role was deleted and made again.
        aws.embedded.application._tokens._sessions.clear()
        await asyncio.gather(*(connection.call('ecs', 'ListClusters') for _ in range(8)))

    with recording:
        run(aws.embedded.trust(spoke), scenario)
    assert len(regions) == 2


@pytest.mark.parametrize(
    ('code', 'message', 'operation', 'rejected'),
    [
        ('AccessDeniedException', 'no identity-based policy allows the ecs:ListClusters action', 'ListClusters', False),
        ('AccessDeniedException', 'with an explicit deny in an identity-based policy', 'ListClusters', True),
        ('ExpiredTokenException', 'The security token included in the request is expired', 'ListClusters', True),
        # Those of the process, with which the role is assumed.
        ('ExpiredToken', 'The security token included in the request is expired', 'AssumeRole', False),
    ],
)
def test_sessions_that_are_revoked_are_rejected(code: str, message: str, operation: str, rejected: bool):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html"""
    error = ClientError({'Error': {'Code': code, 'Message': message}}, operation)
    assert rejects_credentials(error) is rejected


def test_credentials_that_stay_rejected_are_not_fetched_for_each_call(aws: Aws, spoke: EmbeddedAws):
    regions, recording = assumed_in(aws)

    async def scenario(connection: AwsClient) -> None:
        for _ in range(3):
            with pytest.raises(AwsFailed):
                await connection.call('ecs', 'ListClusters')

    rejected = Fault('error', service='ecs', status=400, code='UnrecognizedClientException')
    with recording, spoke.faults.during(rejected):
        run(aws.embedded.trust(spoke), scenario)
    assert len(regions) == 2


def test_rejected_credentials_are_replaced_once_a_minute():
    now = [0.0]
    credentials = RoleCredentials(AssumedRole('arn:aws:iam::1:role/nysa', 'nysa'), lambda **_: {}, lambda: now[0])
    first = credentials()
    assert credentials.renew(first)
    second = credentials()
    assert second is not first
    # Those of a call that began before.
    assert credentials.renew(first)
    assert credentials() is second
    assert not credentials.renew(second)
    now[0] = RENEWED_EVERY_S
    assert credentials.renew(second)


def test_a_role_is_assumed_here_where_its_region_is_not_enabled_for_the_own_account(aws: Aws, spoke: EmbeddedAws):
    """https://github.com/hashicorp/terraform-provider-aws/issues/32549"""
    regions, recording = assumed_in(aws)
    not_enabled = Fault('error', service='sts', status=403, code='InvalidClientTokenId', times=1)

    async def scenario(connection: AwsClient) -> None:
        assert connection.region == 'af-south-1'
        await connection.call('ecs', 'ListClusters')

    with recording, aws.embedded.faults.during(not_enabled):
        run(aws.embedded.trust(spoke), scenario, 'af-south-1')
    assert regions == ['af-south-1', 'us-east-1']


def test_a_region_that_hangs_holds_up_no_other_of_the_account(aws: Aws):
    answering = threading.Event()

    def hang(call: Call) -> None:
        if (call.service, call.region) == ('ecr', 'eu-west-1'):
            answering.wait()

    async def scenario() -> None:
        connection = Connection(threads=1)
        elsewhere = asyncio.create_task(connection.call('ecr', 'DescribeRepositories', region='eu-west-1'))
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(10):
                await connection.call('ecr', 'DescribeRepositories', region='us-east-1')
            assert not elsewhere.done()
        finally:
            answering.set()
            await elsewhere
            connection.close()

    with aws.embedded.application._recording(hang):
        asyncio.run(scenario())
