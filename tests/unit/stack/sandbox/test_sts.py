"""Roles of other embedded accounts, assumed by real boto3."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from stack.sandbox.server import EmbeddedAws, SeededFleet
from stack.sandbox.sts import Role, SecurityTokens
from tests.aws import Aws


@pytest.fixture(scope='module')
def other() -> Iterator[EmbeddedAws]:
    with EmbeddedAws.start(fleet=SeededFleet.NOTHING, account='878787878787') as embedded:
        yield embedded


def client(aws: Aws, service: str, **keys: str):
    return boto3.client(service, endpoint_url=aws.endpoint, region_name=aws.region, **keys)


def assumed(aws: Aws, arn: str, **arguments: str) -> dict[str, str]:
    """The keys of a session."""
    found = aws.client('sts').assume_role(RoleArn=arn, RoleSessionName='nysa-test', **arguments)['Credentials']
    return {
        'aws_access_key_id': found['AccessKeyId'],
        'aws_secret_access_key': found['SecretAccessKey'],
        'aws_session_token': found['SessionToken'],
    }


def test_an_assumed_role_acts_in_its_own_account(aws: Aws, other: EmbeddedAws):
    keys = assumed(aws, aws.embedded.trust(other))
    name = 'only-in-the-other'
    client(aws, 'ecs', **keys).create_cluster(clusterName=name)
    client(aws, 's3', **keys).create_bucket(Bucket=name)
    [described] = other.client('ecs').describe_clusters(clusters=[name])['clusters']
    assert described['clusterArn'].split(':')[4] == other.account
    assert not aws.client('ecs').describe_clusters(clusters=[name])['clusters']
    assert name in [bucket['Name'] for bucket in other.client('s3').list_buckets()['Buckets']]


def test_the_accounts_record_their_own_calls_with_the_keys(aws: Aws, other: EmbeddedAws):
    keys = assumed(aws, aws.embedded.trust(other))
    with aws.embedded.application.recording_keys() as home, other.application.recording_keys() as calls:
        client(aws, 'ecs', **keys).list_clusters()
    assert home == []
    assert calls == [('ecs:ListClusters', keys['aws_access_key_id'])]


def test_a_role_that_trusts_nobody_here_is_refused(aws: Aws, other: EmbeddedAws):
    with pytest.raises(ClientError, match='not authorized to perform: sts:AssumeRole') as refused:
        assumed(aws, f'arn:aws:iam::{other.account}:role/unknown')
    assert refused.value.response['Error']['Code'] == 'AccessDenied'


def test_the_external_id_is_checked(aws: Aws, other: EmbeddedAws):
    arn = aws.embedded.trust(other, 'guarded', external_id='nysa-7')
    for wrong in ({}, {'ExternalId': 'nysa-8'}):
        with pytest.raises(ClientError, match='AssumeRole'):
            assumed(aws, arn, **wrong)
    assert assumed(aws, arn, ExternalId='nysa-7')


def test_keys_of_no_session_are_refused(aws: Aws):
    keys = {'aws_access_key_id': 'ASIAUNKNOWN', 'aws_secret_access_key': 'x', 'aws_session_token': 'y'}
    with pytest.raises(ClientError, match='ExpiredToken'):
        client(aws, 'ecs', **keys).list_clusters()


def test_a_session_ends():
    now = [1000.0]
    tokens: SecurityTokens[str] = SecurityTokens('1', lambda: now[0])
    tokens.trust(Role('arn:aws:iam::2:role/a', 'other'))
    tokens._assumed(tokens._roles['arn:aws:iam::2:role/a'], {'RoleSessionName': 'n', 'DurationSeconds': '900'})
    [key] = tokens._sessions
    assert tokens.session(key)
    now[0] += 901
    assert tokens.session(key) is None
