"""AWS refuses, is slow, breaks in the middle: the answer reports it, and nothing is lost or stored by mistake."""

import json

import pytest

from stack.sandbox.faults import Fault
from stack.stackfile.reading import MAX_BYTES
from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 1}}]}
READS = 'GetObject|HeadObject'


def service(name: str) -> str:
    return path('clusters', name, 'services', 'web')


@pytest.mark.parametrize(
    ('fault', 'status'),
    [
        (Fault('deny', service='s3', operation=READS), 502),
        (Fault('error', service='s3', operation=READS, status=500), 503),
        (Fault('throttle', service='s3', operation=READS), 503),
        (Fault('down', service='s3', operation=READS), 503),
        (Fault('error', service='s3', operation=READS, status=404, code='NoSuchBucket'), 502),
    ],
    ids=lambda value: str(getattr(value, 'kind', value)),
)
def test_only_a_missing_key_is_not_found(server: Server, fault: Fault, status: int):
    name = server.cluster(CONFIG)
    server.aws.faults.add(fault)
    answers = [
        server.api('GET', path('clusters', name, 'config')),
        server.api('GET', path('clusters', 'other', 'config')),
        server.api('POST', '/clusters', {'name': server.aws.cluster(), 'config': CONFIG}),
        server.api('PUT', path('clusters', name, 'config'), {'services': []}),
    ]
    assert [each.status for each in answers] == [status] * 4
    assert all('s3:' in each.json['message'] for each in answers)
    assert ['Nothing was changed' in each.json['message'] for each in answers] == [False, False, True, True]
    server.aws.faults.clear()
    assert server.clusters() == [name]
    assert server.document(name) == CONFIG
    assert server.messages() == []


@pytest.mark.parametrize('body', [b'not json', b'[1]', b'null', b''])
def test_what_is_no_desired_state_is_not_changed_in_part(server: Server, body: bytes):
    name = server.aws.cluster()
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=body)
    answers = [
        server.api('GET', path('clusters', name, 'config')),
        server.api('GET', path('clusters', name, 'services')),
        server.api('PUT', service(name), {'desired_count': 2}),
        server.api('DELETE', service(name)),
        server.api('POST', path('clusters', name, 'deploy')),
    ]
    assert {(each.status, each.json['error']) for each in answers} == {(502, 'state_unreadable')}
    assert server.api('POST', '/clusters', {'name': name, 'config': CONFIG}).status == 422
    assert server.stored(name)['Body'] == body
    assert server.messages() == []


def test_a_write_whose_answer_was_lost_counts_once(server: Server):
    name = server.cluster(CONFIG)
    server.aws.faults.add(Fault('lose', service='s3', operation='PutObject', times=1))
    answer = server.api('PUT', service(name), {'desired_count': 2})
    assert answer.status == 202
    assert answer.json['revision'] == server.stored(name)['VersionId']
    assert server.document(name)['services'][0]['web']['desired_count'] == 2
    assert len(server.messages()) == 1


def test_what_has_become_of_a_write_is_not_claimed_where_nobody_knows(server: Server):
    name = server.cluster(CONFIG)
    server.aws.faults.add(Fault('lose', service='s3', operation='PutObject'))
    server.aws.faults.add(Fault('down', service='s3', operation=READS))
    server.aws.faults.add(Fault('down', service='s3', operation='ListObjectVersions'))
    answer = server.api('PUT', service(name), {'desired_count': 2})
    assert (answer.status, answer.json['error']) == (502, 'outcome_unknown')
    assert answer.json['message'].startswith('It is not known whether the change of')
    assert 'Nothing was changed' not in answer.json['message']
    assert f'/api/v1/clusters/{name}/revisions' in answer.json['message']


def test_what_was_mended_by_another_program_can_be_changed(server: Server):
    name = server.aws.cluster()
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=b'not json')
    assert server.api('GET', path('clusters', name, 'config')).status == 502
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=json.dumps(CONFIG).encode())
    assert server.api('PUT', service(name), {'desired_count': 2}).status == 202
    assert server.document(name)['services'][0]['web']['desired_count'] == 2


def test_a_creation_whose_answer_was_lost_counts_once(server: Server):
    name = server.aws.cluster()
    resource = f'/{server.bucket}/{name}'
    server.aws.faults.add(Fault('lose', service='s3', operation='PutObject', resource=resource, times=1))
    assert server.api('POST', '/clusters', {'name': name, 'config': CONFIG}).status == 201
    assert len(server.messages()) == 1


def test_a_write_that_s3_does_not_take_is_not_announced(server: Server):
    name = server.cluster(CONFIG)
    server.aws.faults.add(Fault('down', service='s3', operation='PutObject'))
    answer = server.api('PUT', service(name), {'desired_count': 2})
    assert answer.status == 503
    assert answer.headers['Retry-After']
    server.aws.faults.clear()
    assert server.document(name) == CONFIG
    assert server.messages() == []


def test_s3s_wish_to_try_again_is_granted(server: Server):
    name = server.cluster(CONFIG)
    server.aws.faults.add(
        Fault('error', service='s3', operation='PutObject', status=409, code='ConditionalRequestConflict', times=2)
    )
    assert server.api('PUT', service(name), {'desired_count': 2}).status == 202
    assert server.document(name)['services'][0]['web']['desired_count'] == 2


def test_what_sqs_does_not_take_is_sent_later_in_order(server: Server):
    name = server.cluster(CONFIG)
    fault = Fault('down', service='sqs', operation='SendMessage')
    server.aws.faults.add(fault)
    answers = [server.api('PUT', service(name), {'desired_count': count}) for count in (2, 3, 4)]
    assert [(each.status, each.json['notification']) for each in answers] == [(202, 'pending')] * 3
    assert server.messages() == []
    server.aws.faults.clear()
    messages = []
    sqs = server.aws.client('sqs')
    while len(messages) < 3:
        found = sqs.receive_message(QueueUrl=server.queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        messages += [json.loads(each['Body']) for each in found.get('Messages', [])]
    assert [each['payload']['services'][0]['web']['desired_count'] for each in messages] == [2, 3, 4]


def test_a_state_that_no_message_could_carry_is_announced_by_a_hint(server: Server):
    name = server.cluster(CONFIG)
    variables = {f'KEY_{i}': 'x' * 1000 for i in range(1000)} | {'REST': ''}
    large = {'services': [{'web': {'image': 'nginx:1', 'environment': variables}}]}
    variables['REST'] = 'x' * (MAX_BYTES - len(json.dumps(large)))
    accepted = server.api('PUT', path('clusters', name, 'config'), large)
    assert (accepted.status, accepted.json['notification']) == (202, 'sent'), accepted.body
    assert server.document(name) == large
    [message] = server.messages()
    assert (message['event_type'], message['payload']) == ('cluster-deploy', None)
    assert (message['cluster'], message['revision']) == (name, accepted.revision)


def test_the_queues_own_limit_is_asked_and_what_is_larger_has_no_payload(server: Server):
    name = server.cluster(CONFIG)
    queue, sqs = server.queue, server.aws.client('sqs')
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={'MaximumMessageSize': '4096'})
    assert server.ask('GET', '/readyz').status == 200
    large = {'services': [{'web': {'image': 'nginx:1', 'environment': {'KEY': 'x' * 4000}}}]}
    assert server.api('PUT', path('clusters', name, 'config'), large).status == 202
    assert [message['payload'] for message in server.messages()] == [None]
    assert server.api('PUT', path('clusters', name, 'config'), CONFIG).status == 202
    assert [message['payload'] for message in server.messages()] == [CONFIG]


def test_a_change_whose_message_does_not_fit_without_the_state_is_not_stored(server: Server):
    name = server.cluster(CONFIG)
    queue, sqs = server.queue, server.aws.client('sqs')
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={'MaximumMessageSize': '1024'})
    assert server.ask('GET', '/readyz').status == 200
    refused = server.api('PUT', service(name), {'desired_count': 2})
    assert (refused.status, refused.json['error']) == (413, 'too_large')
    assert 'accepts 1,024' in refused.json['message']
    assert server.document(name) == CONFIG


def test_a_fifo_queue_gets_a_group_for_each_cluster_and_no_duplicates(aws):
    with Server(aws, AWS_SQS_NOTIFICATION_QUEUE=aws.queue(fifo=True)) as server:
        name = server.cluster(CONFIG)
        for _ in range(3):
            assert server.api('POST', path('clusters', name, 'deploy')).status == 202
        found = aws.client('sqs').receive_message(
            QueueUrl=server.queue, MaxNumberOfMessages=10, AttributeNames=['All']
        )['Messages']
        assert len(found) == 3
        assert {each['Attributes']['MessageGroupId'] for each in found} == {name}


def test_a_bucket_without_versions_works_with_the_content_as_revision(aws):
    with Server(aws, AWS_S3_BUCKET=aws.bucket(versioned=False)) as server:
        name = server.cluster(CONFIG)
        first = server.api('GET', path('clusters', name, 'config')).revision
        made = server.api('PUT', service(name), {'desired_count': 2}, If_Match=f'"{first}"')
        assert made.status == 202
        assert made.revision != first
        assert server.api('PUT', service(name), {'desired_count': 3}, If_Match=f'"{first}"').status == 412
        assert server.api('DELETE', path('clusters', name)).status == 409
        assert server.api('GET', path('clusters', name, 'config')).revision == made.revision


def test_readiness_tells_what_is_missing(server: Server):
    assert server.ask('GET', '/readyz').status == 200
    server.aws.faults.add(Fault('deny', service='s3', operation='GetBucketVersioning'))
    answer = server.ask('GET', '/readyz')
    assert answer.status == 503
    assert server.bucket in answer.json['message']
    assert server.ask('GET', '/healthz').status == 200


def test_calls_and_requests_are_counted(server: Server):
    name = server.cluster(CONFIG)
    server.api('GET', path('clusters', name, 'config'))
    text = server.ask('GET', '/metrics').body.decode()
    assert 'nysa_aws_calls_total{operation="s3:PutObject",outcome="ok"}' in text
    assert 'nysa_http_request_duration_seconds_count{handler="Config",method="GET",status="200"}' in text
