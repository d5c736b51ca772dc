"""AWS JSON 1.1 as it comes over HTTP, also from clients that are not boto3."""

import json
import urllib.error
import urllib.request

import pytest

from stack.sandbox.ecs import Ecs, ManualClock, wsgi
from tests.unit.stack.sandbox.ecs.fleet import Fleet

PREFIX = 'AmazonEC2ContainerServiceV20141113.'
SIGNED = 'AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=0'


def post(endpoint: str, action: str, body: bytes, authorization: str = '') -> tuple[int, dict]:
    headers = {'X-Amz-Target': PREFIX + action, 'Authorization': authorization}
    request = urllib.request.Request(endpoint, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.headers['Content-Type'] == 'application/x-amz-json-1.1'
            assert answer.headers['x-amzn-RequestId']
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


@pytest.mark.parametrize(
    ('action', 'body', 'code'),
    [
        ('ListClusters', b'{', 'SerializationException'),
        ('ListClusters', b'\xff', 'SerializationException'),
        ('ListClusters', b'[]', 'SerializationException'),
        ('ListClusters', b'7', 'SerializationException'),
        ('ListClusters', b'{"maxResults": "many"}', 'SerializationException'),
        ('ListClusters', b'{"maxResults": true}', 'SerializationException'),
        ('DescribeClusters', b'{"clusters": {}}', 'SerializationException'),
        ('DescribeClusters', b'{"clusters": [7]}', 'SerializationException'),
        ('DescribeServices', b'{}', 'InvalidParameterException'),
        ('DescribeServices', b'{"services": null}', 'InvalidParameterException'),
        ('RegisterTaskDefinition', b'{"family": "a"}', 'InvalidParameterException'),
        ('ListTasks', b'{"cluster": "prod", "desiredStatus": "ILL"}', 'InvalidParameterException'),
        ('CreateTaskSet', b'{}', 'UnsupportedFeatureException'),
        ('MakeCoffee', b'{}', 'UnknownOperationException'),
        ('', b'{}', 'UnknownOperationException'),
    ],
)
def test_refusals(fleet: Fleet, endpoint: str, action: str, body: bytes, code: str):
    status, answer = post(endpoint, action, body)
    assert (status, answer['__type']) == (400, code)
    assert answer['message']


def test_empty_body_and_unknown_members_and_nulls(fleet: Fleet, endpoint: str):
    assert post(endpoint, 'ListClusters', b'')[0] == 200
    body = {
        'family': 'web',
        'novelty': [1],
        'taskRoleArn': None,
        'containerDefinitions': [{'name': 'web', 'image': 'a/b', 'memory': 64, 'portMappings': None, 'x': {}}],
    }
    assert post(endpoint, 'RegisterTaskDefinition', json.dumps(body).encode())[0] == 200


def test_region_is_that_of_the_signature(fleet: Fleet, endpoint: str):
    status, answer = post(endpoint, 'CreateCluster', b'{}', SIGNED)
    assert (status, answer['cluster']['clusterArn']) == (200, 'arn:aws:ecs:eu-west-1:123456789012:cluster/default')


def test_times_are_seconds(fleet: Fleet, endpoint: str):
    fleet.define()
    _, answer = post(endpoint, 'DescribeTaskDefinition', b'{"taskDefinition": "web"}')
    assert answer['taskDefinition']['registeredAt'] == fleet.clock.now()


def test_request_without_a_length():
    started = []

    class Body:
        def read(self, size: int) -> bytes:
            assert size == 0
            return b''

    answer = wsgi(Ecs(ManualClock()))(
        {'HTTP_X_AMZ_TARGET': PREFIX + 'ListClusters', 'wsgi.input': Body()}, lambda *args: started.append(args)
    )
    assert (started[0][0], json.loads(b''.join(answer))) == ('200 OK', {'clusterArns': []})
