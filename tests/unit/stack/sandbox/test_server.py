"""The endpoint: one AWS for any client, quick, to loopback and to AWS clients alone."""

import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from stack.sandbox.server import EmbeddedAws, SeededFleet

EVERY_SERVICE = {
    's3': 'list_buckets',
    'sqs': 'list_queues',
    'secretsmanager': 'list_secrets',
    'ecr': 'describe_repositories',
    'ecs': 'list_clusters',
    'ec2': 'describe_vpcs',
    'elbv2': 'describe_load_balancers',
    'route53': 'list_hosted_zones',
    'servicediscovery': 'list_namespaces',
    'logs': 'describe_log_groups',
    'acm': 'list_certificates',
    'iam': 'list_roles',
    'sts': 'get_caller_identity',
}


@pytest.mark.parametrize(('service', 'operation'), EVERY_SERVICE.items())
def test_serves_every_service_that_nysa_uses(aws, service, operation):
    assert getattr(aws.client(service), operation)()['ResponseMetadata']['HTTPStatusCode'] == 200


def test_has_one_account(aws):
    assert aws.client('sts').get_caller_identity()['Account'] == aws.account
    assert f'/{aws.account}/' in aws.queue()


def test_listens_on_loopback_only(aws):
    # Would fail if the endpoint held the port on every address.
    socket.create_server(('127.0.0.2', int(aws.endpoint.rpartition(':')[2]))).close()


@pytest.mark.parametrize(
    'headers',
    [
        {'Origin': 'http://evil.example'},
        {'Sec-Fetch-Site': 'same-origin'},
        {'Host': 'evil.example:4566'},
    ],
)
@pytest.mark.parametrize('path', ['/', '/_nysa/faults'])
def test_does_not_answer_web_pages(aws, headers, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(aws.endpoint + path, headers=headers))
    assert refused.value.code == 403
    assert 'Access-Control-Allow-Origin' not in refused.value.headers
    refused.value.close()


def test_cannot_be_reset_from_outside(aws):
    bucket = aws.bucket()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(aws.endpoint + '/moto-api/reset', data=b'')
    assert refused.value.code == 403
    refused.value.close()
    assert aws.client('s3').head_bucket(Bucket=bucket)


def test_serves_a_hundred_clients_at_once(aws):
    bucket = aws.bucket()
    s3 = aws.embedded.client('s3', max_pool_connections=100)
    with ThreadPoolExecutor(100) as threads:
        etags = list(threads.map(lambda n: s3.put_object(Bucket=bucket, Key=f'{n}', Body=b'{}')['ETag'], range(300)))
    assert len(etags) == 300
    assert s3.list_objects_v2(Bucket=bucket)['KeyCount'] == 300


def test_records_the_calls_that_are_made(aws):
    with aws.embedded.application.recording() as calls:
        bucket = aws.bucket()
        aws.client('s3').list_object_versions(Bucket=bucket)
        aws.client('route53').list_hosted_zones()
    aws.client('s3').list_buckets()
    assert calls == ['s3:CreateBucket', 's3:PutBucketVersioning', 's3:ListObjectVersions', 'route53:ListHostedZones']


def test_two_in_one_process_share_nothing(aws):
    queue = aws.queue()
    with EmbeddedAws.start(fleet=SeededFleet.NOTHING, account='111111111111') as other:
        assert other.endpoint != aws.endpoint
        assert 'QueueUrls' not in other.client('sqs').list_queues()
        other.client('s3').create_bucket(Bucket='of-the-other')
    with EmbeddedAws.start(fleet=SeededFleet.NOTHING, account='111111111111') as other:
        assert other.client('s3').list_buckets()['Buckets'] == [], 'what it held is forgotten when it stops'
    assert queue in aws.client('sqs').list_queues()['QueueUrls']


def test_one_account_cannot_run_twice(aws):
    with pytest.raises(RuntimeError, match=aws.account):
        EmbeddedAws.start(fleet=SeededFleet.NOTHING, account=aws.account)


def test_a_port_that_is_taken_is_an_error(aws):
    with pytest.raises(OSError):
        EmbeddedAws.start(port=int(aws.endpoint.rpartition(':')[2]), fleet=SeededFleet.NOTHING, account='111111111111')
