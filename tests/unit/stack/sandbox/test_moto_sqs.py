"""SQS as AWS has it: long polling, groups in order, each message to one consumer."""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sqs(aws):
    return aws.embedded.client('sqs', max_pool_connections=32, retries={'total_max_attempts': 1})


def take(sqs, queue, wait=0, count=1):
    answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=wait, MaxNumberOfMessages=count)
    return answer.get('Messages', [])


def test_a_poller_is_woken_by_a_message_and_holds_up_nobody(aws, sqs):
    queue = aws.queue()
    with ThreadPoolExecutor(1) as threads:
        begun = time.monotonic()
        polling = threads.submit(take, sqs, queue, wait=20)
        aws.client('s3').list_buckets()
        assert not polling.done()
        sqs.send_message(QueueUrl=queue, MessageBody='hello')
        assert [m['Body'] for m in polling.result()] == ['hello']
        assert time.monotonic() - begun < 18, 'it is woken before its 20 s are over'


def test_a_poller_finds_a_message_whose_time_out_has_passed(aws, sqs):
    queue = aws.queue(VisibilityTimeout='1')
    sqs.send_message(QueueUrl=queue, MessageBody='hello')
    first = take(sqs, queue)
    again = take(sqs, queue, wait=20)
    assert [m['MessageId'] for m in again] == [m['MessageId'] for m in first]


def test_each_message_goes_to_one_of_many_consumers(aws, sqs):
    queue = aws.queue()
    stop = threading.Event()

    def consume(_) -> list[str]:
        bodies = []
        while messages := take(sqs, queue, wait=1, count=3) or not stop.is_set():
            for message in messages if messages is not True else ():
                bodies.append(message['Body'])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message['ReceiptHandle'])
        return bodies

    with ThreadPoolExecutor(8) as threads:
        consuming = threads.map(consume, range(8))
        for number in range(60):
            sqs.send_message(QueueUrl=queue, MessageBody=str(number))
        stop.set()
        assert sorted(int(body) for bodies in consuming for body in bodies) == list(range(60))


def test_a_group_comes_in_order_also_to_those_who_poll(aws, sqs):
    queue = aws.queue(fifo=True)
    for number in range(12):
        sqs.send_message(
            QueueUrl=queue, MessageBody=str(number), MessageGroupId=f'g{number % 2}', MessageDeduplicationId=str(number)
        )
    taken: list[str] = []

    def consume(_) -> None:
        while messages := take(sqs, queue, wait=1):
            taken.append(messages[0]['Body'])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=messages[0]['ReceiptHandle'])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(consume, range(4)))
    assert [b for b in taken if int(b) % 2 == 0] == ['0', '2', '4', '6', '8', '10']
    assert [b for b in taken if int(b) % 2 == 1] == ['1', '3', '5', '7', '9', '11']


def test_a_fifo_queue_remembers_what_it_has_seen(aws, sqs):
    queue = aws.queue(fifo=True)
    message = {'QueueUrl': queue, 'MessageBody': '1', 'MessageGroupId': 'g', 'MessageDeduplicationId': 'd'}
    sqs.send_message(**message)
    assert aws.messages(queue) == [1]
    sqs.send_message(**message)
    assert aws.messages(queue) == []
    sqs.send_message(**message | {'MessageDeduplicationId': 'e'})
    assert aws.messages(queue) == [1]


def test_a_message_that_keeps_failing_goes_to_the_dead_letter_queue(aws, sqs):
    dead = aws.queue()
    arn = f'arn:aws:sqs:{aws.region}:{aws.account}:{dead.rpartition("/")[2]}'
    queue = aws.queue(RedrivePolicy=f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 2}}', VisibilityTimeout='0')
    sqs.send_message(QueueUrl=queue, MessageBody='poison')
    assert [len(take(sqs, queue)) for _ in range(3)] == [1, 1, 0]
    assert aws.messages(dead) == ['poison']


def test_length_is_counted_in_bytes(aws, sqs):
    queue = aws.queue(MaximumMessageSize='1024')
    sqs.send_message(QueueUrl=queue, MessageBody='x' * 1024)
    with pytest.raises(ClientError):
        sqs.send_message(QueueUrl=queue, MessageBody='ä' * 513)


def test_a_poller_that_is_gone_takes_nothing_with_it(aws):
    queue = aws.queue()
    poller = http.client.HTTPConnection(aws.endpoint.removeprefix('http://'))
    with aws.embedded.application.recording() as calls:
        poller.request(
            'POST',
            '/',
            json.dumps({'QueueUrl': queue, 'WaitTimeSeconds': 20}),
            {
                'X-Amz-Target': 'AmazonSQS.ReceiveMessage',
                'Content-Type': 'application/x-amz-json-1.0',
                'Authorization': f'AWS4-HMAC-SHA256 Credential=sandbox/20260101/{aws.region}/sqs/aws4_request',
            },
        )
        while 'sqs:ReceiveMessage' not in calls:
            aws.client('sqs').get_queue_attributes(QueueUrl=queue)
    poller.close()
    aws.client('sqs').send_message(QueueUrl=queue, MessageBody='for another consumer')
    assert aws.messages(queue) == ['for another consumer']
