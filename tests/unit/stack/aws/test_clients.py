"""What connections share, and what they do not: each call has the credentials and the retries of its connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from stack.aws import bulkhead
from stack.aws import connection as module
from stack.aws.bulkhead import Bulkhead, Limits
from stack.aws.clients import Call, Clients
from stack.aws.connection import Connection
from stack.errors import AwsFailed, Unavailable
from tests.hanging_aws import HangingAws

KEYS = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test', 'region_name': 'eu-central-1'}


@pytest.fixture
def hanging() -> Iterator[HangingAws]:
    with HangingAws() as aws:
        yield aws


def run(aws: HangingAws, scenario: Callable[[Connection, Connection], Awaitable[None]]) -> None:
    """Run a scenario with the connection of a process, and one elsewhere in its region."""

    async def whole() -> None:
        home = Connection(endpoint_url=aws.endpoint, **KEYS)
        beside = home.elsewhere('eu-central-1', observe=lambda *_: None)
        try:
            async with asyncio.timeout(60):
                await scenario(home, beside)
        finally:
            aws.answers.set()
            beside.close()
            home.close()

    asyncio.run(whole())


def test_connections_share_the_clients_of_a_region(hanging: HangingAws):
    async def scenario(home: Connection, beside: Connection) -> None:
        assert home.client('ecs') is beside.client('ecs')
        assert home.client('ecs') is not beside.client('ecs', 'us-east-1')
        assert beside.client('ecs', 'us-east-1').meta.region_name == 'us-east-1'
        assert home.bulkhead('ecs') is not beside.bulkhead('ecs')

    run(hanging, scenario)


def test_one_without_retries_left_takes_none_of_another(hanging: HangingAws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, 'LIMITS', bulkhead.LIMITS | {'ecs': Limits(read_s=0.05, deadline_s=60)})

    async def scenario(home: Connection, beside: Connection) -> None:
        quota = beside.bulkhead('ecs').retries
        quota.acquire(quota.available_capacity)
        for connection, calls in ((beside, 1), (home, 4)):
            with pytest.raises(Unavailable):
                await connection.call('ecs', 'ListClusters')
            await hanging.counted(calls)

    run(hanging, scenario)


def test_the_clients_are_closed_with_the_connection_of_the_process(
    hanging: HangingAws, monkeypatch: pytest.MonkeyPatch
):
    closed: list[Clients] = []
    monkeypatch.setattr(Clients, 'close', lambda clients: closed.append(clients))

    async def scenario(home: Connection, beside: Connection) -> None:
        beside.close()
        assert closed == []

    run(hanging, scenario)
    assert len(closed) == 1


def test_a_call_without_credentials_is_not_sent(monkeypatch: pytest.MonkeyPatch):
    for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('AWS_EC2_METADATA_DISABLED', 'true')
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null')
    monkeypatch.setenv('AWS_CONFIG_FILE', '/dev/null')

    async def scenario() -> None:
        connection = Connection(region_name='eu-central-1', endpoint_url='http://127.0.0.1:9')
        with pytest.raises(AwsFailed, match='Unable to locate credentials'):
            await connection.call('ecs', 'ListClusters')
        connection.close()

    asyncio.run(scenario())


def test_roles_are_assumed_at_the_endpoint_of_the_region(monkeypatch: pytest.MonkeyPatch):
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html"""
    monkeypatch.setenv('AWS_STS_REGIONAL_ENDPOINTS', 'legacy')
    monkeypatch.delenv('AWS_ENDPOINT_URL', raising=False)
    asked: list[str] = []

    def note(request: Any, **_: Any) -> Any:
        asked.append(request.url)
        return AWSResponse(request.url, 403, {}, SimpleNamespace(stream=lambda: [b'<ErrorResponse/>']))

    clients, bulkhead = Clients(), Bulkhead('sts', Limits())
    client = clients.sts('eu-west-1')
    client.meta.events.register('before-send', note)
    with clients.making(Call(lambda: Credentials('key', 'secret'), bulkhead)), pytest.raises(ClientError):
        client.assume_role(RoleArn='arn:aws:iam::111111111111:role/nysa', RoleSessionName='nysa')
    assert asked == ['https://sts.eu-west-1.amazonaws.com/']


def test_a_client_is_of_no_use_outside_of_a_call(hanging: HangingAws):
    async def scenario(home: Connection, _: Connection) -> None:
        with pytest.raises(RuntimeError, match='makes no call'):
            await asyncio.to_thread(home.client('ecs').list_clusters)
        assert hanging.asked == 0

    run(hanging, scenario)
