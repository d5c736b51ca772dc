"""Faults as a caller meets them, over the wire."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectionError, HTTPClientError

from stack.sandbox.faults import KINDS, Fault, Faults, InvalidFault

BROKEN = (ConnectionClosedError, ConnectionError, HTTPClientError)


def code(refused) -> tuple[int, str]:
    response = refused.value.response
    return response['ResponseMetadata']['HTTPStatusCode'], response['Error']['Code']


@pytest.mark.parametrize(
    'fields',
    [
        {'kind': 'nonsense'},
        {'kind': 'latency', 'seconds': -1},
        {'kind': 'latency', 'seconds': '1'},
        {'kind': 'deny', 'service': None},
        {'kind': 'deny', 'every': 0},
        {'kind': 'deny', 'every': True},
        {'kind': 'deny', 'times': 0},
        {'kind': 'error', 'status': 200},
    ],
)
def test_a_fault_that_cannot_be_is_refused(aws, fields):
    with pytest.raises(InvalidFault):
        Fault(**fields)
    assert ask(aws, 'POST', json.dumps(fields))[0] == 400
    assert not aws.faults


REFUSALS = [
    ('s3', 'list_buckets', (503, 'SlowDown'), (403, 'AccessDenied')),
    ('sqs', 'list_queues', (400, 'RequestThrottled'), (403, 'AccessDenied')),
    ('ecs', 'list_clusters', (400, 'ThrottlingException'), (400, 'AccessDeniedException')),
    ('ecr', 'describe_repositories', (400, 'ThrottlingException'), (400, 'AccessDeniedException')),
    ('ec2', 'describe_vpcs', (503, 'RequestLimitExceeded'), (403, 'UnauthorizedOperation')),
    ('elbv2', 'describe_load_balancers', (400, 'Throttling'), (403, 'AccessDenied')),
    ('route53', 'list_hosted_zones', (400, 'Throttling'), (403, 'AccessDenied')),
    ('servicediscovery', 'list_namespaces', (400, 'RequestLimitExceeded'), (400, 'AccessDeniedException')),
    ('secretsmanager', 'list_secrets', (400, 'ThrottlingException'), (400, 'AccessDeniedException')),
]


@pytest.mark.parametrize(('service', 'operation', 'throttled', 'denied'), REFUSALS)
def test_each_service_refuses_in_its_own_words(aws, service, operation, throttled, denied):
    call = getattr(aws.client(service), operation)
    for fault, expected in (
        (Fault('throttle', service), throttled),
        (Fault('deny', service), denied),
        (Fault('error', service, status=503, code='ServiceUnavailable'), (503, 'ServiceUnavailable')),
    ):
        with aws.faults.during(fault), pytest.raises(ClientError) as refused:
            call()
        assert code(refused) == expected
    call()


def test_only_what_matches_is_hit(aws):
    s3, mine, other = aws.client('s3'), aws.bucket(), aws.bucket()
    with aws.faults.during(Fault('deny', 's3', 'PutObject|Delete*', resource=mine)):
        for hit in (
            lambda: s3.put_object(Bucket=mine, Key='k', Body=b''),
            lambda: s3.delete_object(Bucket=mine, Key='k'),
        ):
            with pytest.raises(ClientError):
                hit()
        s3.list_objects_v2(Bucket=mine)
        s3.put_object(Bucket=other, Key='k', Body=b'')


def test_a_queue_may_be_down_while_others_work(aws):
    sqs, down, up = aws.client('sqs'), aws.queue(), aws.queue()
    with aws.faults.during(Fault('down', 'sqs', resource=down.rpartition('/')[2])):
        with pytest.raises(BROKEN):
            sqs.send_message(QueueUrl=down, MessageBody='x')
        sqs.send_message(QueueUrl=up, MessageBody='x')
    assert aws.messages(down) == []


def test_an_answer_that_is_lost_was_applied(aws):
    s3, bucket = aws.client('s3'), aws.bucket()
    with aws.faults.during(Fault('lose', 's3', 'PutObject')), pytest.raises(BROKEN):
        s3.put_object(Bucket=bucket, Key='k', Body=b'stored')
    assert s3.get_object(Bucket=bucket, Key='k')['Body'].read() == b'stored'


def test_every_nth_and_so_many_times(aws):
    call = aws.client('s3').list_buckets
    number = aws.faults.add(Fault('deny', 's3', every=3, times=2))

    def works() -> bool:
        try:
            call()
        except ClientError:
            return False
        return True

    assert [works() for _ in range(12)] == [True, True, False, True, True, False] + [True] * 6
    assert aws.faults.listed() == [{'id': number, 'hits': 2, **vars(Fault('deny', 's3', every=3, times=2))}]


def test_latency_is_added_without_holding_up_others(aws):
    with aws.faults.during(Fault('latency', 's3', seconds=0.2)):
        begun = time.monotonic()
        aws.client('s3').list_buckets()
        assert time.monotonic() - begun >= 0.2


def test_a_rate_refills_with_time():
    from stack.sandbox.calls import Call

    now = 0.0
    faults = Faults(clock=lambda: now)
    faults.add(Fault('throttle', 'route53', rate=5, burst=10))
    call = Call('route53', 'ListHostedZones', 'us-east-1', 'rest-xml')

    def passes(count: int) -> int:
        return sum(faults.verdict(call, '').refusal is None for _ in range(count))

    assert passes(20) == 10
    now = 1.0
    assert passes(20) == 5
    now = 100.0
    assert passes(20) == 10


def test_messages_come_twice_and_in_any_order(aws):
    sqs, queue = aws.client('sqs'), aws.queue()
    with aws.faults.during(Fault('duplicate', every=2), Fault('shuffle')):
        sent = [sqs.send_message(QueueUrl=queue, MessageBody=str(n))['MessageId'] for n in range(20)]
        received = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get('Messages'):
            received += [message['MessageId'] for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message['ReceiptHandle'])
    assert sorted(received) == sorted(sent + sent[1::2])
    assert list(dict.fromkeys(received)) != sent


def test_a_fifo_queue_keeps_its_order(aws):
    sqs, queue = aws.client('sqs'), aws.queue(fifo=True)
    with aws.faults.during(Fault('shuffle')):
        for n in range(10):
            sqs.send_message(QueueUrl=queue, MessageBody=str(n), MessageGroupId='g', MessageDeduplicationId=str(n))
        assert aws.messages(queue) == list(range(10))


def ask(aws, method: str, body: str | None = None, path: str = '') -> tuple[int, dict]:
    data = body.encode() if body is not None else None
    request = urllib.request.Request(f'{aws.endpoint}/_nysa/faults{path}', data=data, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def test_faults_are_switched_over_http(aws):
    status, made = ask(aws, 'POST', '{"kind": "deny", "service": "s3"}')
    assert status == 201
    with pytest.raises(ClientError):
        aws.client('s3').list_buckets()
    listed = ask(aws, 'GET')[1]
    assert [(f['id'], f['kind'], f['hits']) for f in listed['faults']] == [(made['id'], 'deny', 1)]
    assert listed['kinds'] == KINDS
    assert ask(aws, 'DELETE', path=f'/{made["id"]}')[0] == 200
    assert ask(aws, 'DELETE', path=f'/{made["id"]}')[0] == 404
    ask(aws, 'POST', '{"kind": "down"}')
    assert ask(aws, 'DELETE') == (200, {})
    aws.client('s3').list_buckets()


@pytest.mark.parametrize(
    ('method', 'path', 'body', 'status'),
    [
        ('POST', '', 'no json', 400),
        ('POST', '', '[]', 400),
        ('POST', '', '{"kind": "deny", "colour": "red"}', 400),
        ('POST', '', '{}', 400),
        ('PUT', '', '{}', 405),
        ('DELETE', '/x', None, 404),
        ('GET', 'y', None, 404),
    ],
)
def test_bad_requests_are_answered(aws, method, path, body, status):
    assert ask(aws, method, body, path)[0] == status


def test_every_kind_and_field_is_documented():
    page = (Path(__file__).parents[4] / 'docs' / 'sandbox.md').read_text()
    undocumented = [name for name in (*KINDS, *Fault.__dataclass_fields__) if f'`{name}`' not in page]
    assert not undocumented
