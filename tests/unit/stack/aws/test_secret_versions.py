"""When current values came: AWS's answers word for word, and moto's rotation."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.connection import Connection
from stack.aws.secret_versions import SecretVersions
from tests.aws import Aws
from tests.unit.stack.aws.stubbed import run, stubbed

REGION = 'us-east-1'
ARN = f'arn:aws:secretsmanager:{REGION}:123456789012:secret:db-AbCdEf'
OLD, NEW = 'v1' * 16, 'v2' * 16
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def described(current: str, previous: str | None, **more: Any) -> dict[str, Any]:
    return {
        'VersionIdsToStages': {current: ['AWSCURRENT'], **({previous: ['AWSPREVIOUS']} if previous else {})},
        **more,
    }


def listed(**created: datetime) -> dict[str, Any]:
    versions = {'old': OLD, 'new': NEW}
    return {'Versions': [{'VersionId': versions[name], 'CreatedDate': moment} for name, moment in created.items()]}


def changed(answer: dict[str, Any], versions: dict[str, Any]) -> datetime | None:
    with stubbed('secretsmanager', REGION) as (aws, stub):
        stub.add_response('describe_secret', answer, {'SecretId': ARN})
        stub.add_response('list_secret_version_ids', versions, {'SecretId': ARN})
        found: datetime | None = run(SecretVersions(aws).secret_changed(ARN))
    return found


def test_a_value_came_when_its_version_was_created():
    answer = described(NEW, OLD, LastChangedDate=at(9))
    assert changed(answer, listed(old=at(1), new=at(2))) == at(2)


def test_a_rotation_gives_the_label_at_its_end():
    answer = described(NEW, OLD, LastRotatedDate=at(3))
    assert changed(answer, listed(old=at(1), new=at(2))) == at(3)


def test_an_earlier_rotation_does_not_count():
    answer = described(NEW, OLD, LastRotatedDate=at(1))
    assert changed(answer, listed(old=at(1), new=at(2))) == at(2)


def test_a_label_that_was_moved_back_is_dated_by_the_last_change():
    answer = described(OLD, NEW, LastChangedDate=at(5))
    assert changed(answer, listed(old=at(1), new=at(2))) == at(5)


def test_a_version_is_listed_once():
    with stubbed('secretsmanager', REGION) as (aws, stub):
        versions = SecretVersions(aws)
        stub.add_response('describe_secret', described(OLD, None))
        stub.add_response('list_secret_version_ids', listed(old=at(1)))
        stub.add_response('describe_secret', described(OLD, None))
        assert [run(versions.secret_changed(ARN)) for _ in range(2)] == [at(1), at(1)]


def test_a_secret_that_is_not_there_did_not_change():
    with stubbed('secretsmanager', REGION) as (aws, stub):
        stub.add_client_error('describe_secret', 'ResourceNotFoundException')
        assert run(SecretVersions(aws).secret_changed(ARN)) is None
        assert aws.limitations.all() == {}


def test_a_missing_permission_is_a_limitation_until_it_is_given():
    with stubbed('secretsmanager', REGION) as (aws, stub):
        versions = SecretVersions(aws)
        stub.add_client_error('describe_secret', 'AccessDeniedException')
        assert run(versions.secret_changed(ARN)) is None
        assert 'not noticed' in aws.limitations.all()['secretsmanager:DescribeSecret']
        stub.add_response('describe_secret', described(OLD, None))
        stub.add_response('list_secret_version_ids', listed(old=at(1)))
        assert run(versions.secret_changed(ARN)) == at(1)
        assert aws.limitations.all() == {}


def test_parameters_came_when_they_were_modified():
    with stubbed('ssm', REGION) as (aws, stub):
        stub.add_response('describe_parameters', {'Parameters': [{'Name': 'a', 'LastModifiedDate': at(1)}]})
        assert run(SecretVersions(aws).parameters_changed(frozenset({'a', 'b'}), REGION)) == {'a': at(1)}
        stub.add_client_error('describe_parameters', 'AccessDeniedException')
        assert run(SecretVersions(aws).parameters_changed(frozenset({'a'}), REGION)) == {}
        assert list(aws.limitations.all()) == ['ssm:DescribeParameters']


def test_a_value_that_is_put_later_came_later(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    secrets = aws.client('secretsmanager')
    arn = secrets.create_secret(Name='rotated', SecretString='x')['ARN']
    connection = Connection()
    try:
        versions = SecretVersions(connection)
        first = asyncio.run(versions.secret_changed(arn))
        assert first is not None
        later = first.timestamp() + 3600
        monkeypatch.setattr('moto.secretsmanager.models.time.time', lambda: later)
        secrets.put_secret_value(SecretId=arn, SecretString='y')
        second = asyncio.run(versions.secret_changed(arn))
        assert second is not None
        assert second.timestamp() == later
    finally:
        connection.close()
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
