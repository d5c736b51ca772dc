"""Identification of calls in the requests that AWS clients really send."""

from contextlib import suppress

import pytest

from stack.sandbox.calls import Call, identify

EVERY_PROTOCOL = [
    ('s3', 'put_object', {'Bucket': 'none', 'Key': 'a/b c', 'Body': b''}, 'PutObject', True),
    ('s3', 'copy_object', {'Bucket': 'none', 'Key': 'k', 'CopySource': 'a/b'}, 'CopyObject', True),
    ('s3', 'list_objects_v2', {'Bucket': 'none'}, 'ListObjectsV2', False),
    ('s3', 'list_object_versions', {'Bucket': 'none', 'Prefix': 'p'}, 'ListObjectVersions', False),
    ('s3', 'get_object_tagging', {'Bucket': 'none', 'Key': 'k'}, 'GetObjectTagging', False),
    ('s3', 'delete_object', {'Bucket': 'none', 'Key': 'k', 'VersionId': 'v'}, 'DeleteObject', True),
    ('s3', 'delete_objects', {'Bucket': 'none', 'Delete': {'Objects': [{'Key': 'k'}]}}, 'DeleteObjects', True),
    ('sqs', 'receive_message', {'QueueUrl': 'http://x/1/none'}, 'ReceiveMessage', True),
    ('ecs', 'describe_clusters', {}, 'DescribeClusters', False),
    ('ecs', 'update_service', {'cluster': 'none', 'service': 'none'}, 'UpdateService', True),
    ('ecr', 'batch_get_image', {'repositoryName': 'none', 'imageIds': [{'imageTag': 't'}]}, 'BatchGetImage', False),
    ('ecr', 'batch_delete_image', {'repositoryName': 'x1', 'imageIds': [{'imageTag': 't'}]}, 'BatchDeleteImage', True),
    ('elbv2', 'describe_load_balancers', {}, 'DescribeLoadBalancers', False),
    ('elbv2', 'delete_target_group', {'TargetGroupArn': 'arn:aws:x'}, 'DeleteTargetGroup', True),
    ('ec2', 'describe_subnets', {}, 'DescribeSubnets', False),
    ('route53', 'list_resource_record_sets', {'HostedZoneId': 'NONE'}, 'ListResourceRecordSets', False),
    ('route53', 'delete_hosted_zone', {'Id': 'NONE'}, 'DeleteHostedZone', True),
    ('servicediscovery', 'delete_namespace', {'Id': 'none'}, 'DeleteNamespace', True),
]


@pytest.mark.parametrize(('service', 'method', 'arguments', 'operation', 'changes'), EVERY_PROTOCOL)
def test_calls_of_boto3_are_identified(aws, service, method, arguments, operation, changes):
    client = aws.client(service)
    with aws.embedded.application.recording() as calls, suppress(client.exceptions.ClientError):
        getattr(client, method)(**arguments)
    assert calls == [f'{service}:{operation}']
    assert Call(service, operation, aws.region, 'json').changes == changes


@pytest.mark.parametrize(
    ('environ', 'expected'),
    [
        ({'REQUEST_METHOD': 'GET', 'PATH_INFO': '/bucket/key'}, 's3:GetObject'),
        ({'REQUEST_METHOD': 'TRACE', 'PATH_INFO': '/'}, 's3:TraceUnknown'),
        (
            {
                'REQUEST_METHOD': 'PUT',
                'PATH_INFO': '/b/k',
                'QUERY_STRING': 'X-Amz-Credential=k%2F20260101%2Feu-west-1%2Fs3%2Faws4_request',
            },
            's3:PutObject',
        ),
        (
            {
                'REQUEST_METHOD': 'GET',
                'PATH_INFO': '/x',
                'HTTP_AUTHORIZATION': 'AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/nonsense/aws4_request',
            },
            'nonsense:GetUnknown',
        ),
    ],
)
def test_other_requests_are_something_too(environ, expected):
    common = {'wsgi.url_scheme': 'http', 'SERVER_NAME': '127.0.0.1', 'SERVER_PORT': '1', 'QUERY_STRING': ''}
    assert str(identify(common | environ, b'')) == expected
