"""The adapter of an SQS queue, standard or FIFO."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.ports import Received
from stack.errors import NotFound

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGE_BYTES = 1024 * 1024

# What ReceiveMessage, DeleteMessageBatch and ChangeMessageVisibilityBatch take at once.
MOST_A_CALL = 10


class Queue:
    """A queue, found by its name, or by its URL where that is what was configured."""

    def __init__(self, connection: AwsClient, name: str):
        self.name = name
        self._connection = connection
        self._url: str | None = name if '://' in name else None
        # The largest message that the queue accepts, in bytes: its own limit once `check` has read it.
        self.max_message_bytes = MAX_MESSAGE_BYTES

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith('.fifo')

    async def url(self) -> str:
        """Where the queue is. Raises `AwsFailed` where there is no such queue."""
        if self._url is None:
            self._url = (await self._connection.call('sqs', 'GetQueueUrl', QueueName=self.name))['QueueUrl']
        return self._url

    async def send(
        self, body: str, *, group: str, deduplication_id: str, attributes: Mapping[str, str] | None = None
    ) -> str:
        """Send one message; its id, or '' where the answer has none.

        `group` and `deduplication_id` are for FIFO queues.
        """
        more: dict[str, Any] = {}
        if self.is_fifo:
            more = {'MessageGroupId': group, 'MessageDeduplicationId': deduplication_id}
        if attributes:
            more['MessageAttributes'] = {
                name: {'DataType': 'String', 'StringValue': value} for name, value in attributes.items()
            }
        answer = await self._connection.call('sqs', 'SendMessage', QueueUrl=await self.url(), MessageBody=body, **more)
        return str(answer.get('MessageId', ''))

    async def receive(self, wait: int, hidden: int) -> list[Received]:
        """Up to 10 messages, as soon as there is one, at the latest after `wait` seconds; `hidden` for so many."""
        answer = await self._connection.call(
            'sqs',
            'ReceiveMessage',
            QueueUrl=await self.url(),
            MaxNumberOfMessages=MOST_A_CALL,
            WaitTimeSeconds=wait,
            VisibilityTimeout=hidden,
            MessageSystemAttributeNames=['ApproximateReceiveCount', 'MessageGroupId'],
        )
        return [_received(each) for each in answer.get('Messages', [])]

    async def delete(self, messages: Sequence[Received]) -> None:
        """Delete messages; one that cannot be deleted is delivered again."""
        for some in batches(messages, MOST_A_CALL):
            entries = [{'Id': str(n), 'ReceiptHandle': each.handle} for n, each in enumerate(some)]
            await self._connection.call('sqs', 'DeleteMessageBatch', QueueUrl=await self.url(), Entries=entries)

    async def hide(self, messages: Sequence[Received], seconds: int) -> None:
        """Hide messages from other consumers for so many seconds from now; 0 returns them to the queue."""
        for some in batches(messages, MOST_A_CALL):
            entries = [
                {'Id': str(n), 'ReceiptHandle': each.handle, 'VisibilityTimeout': seconds}
                for n, each in enumerate(some)
            ]
            await self._connection.call(
                'sqs', 'ChangeMessageVisibilityBatch', QueueUrl=await self.url(), Entries=entries
            )

    async def dead_letters(self) -> 'Queue':
        """The queue to which this one's redrive policy leads. Raises `NotFound` where it has none.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        """
        answer = await self._connection.call(
            'sqs', 'GetQueueAttributes', QueueUrl=await self.url(), AttributeNames=['RedrivePolicy']
        )
        policy = answer.get('Attributes', {}).get('RedrivePolicy')
        if not policy:
            raise NotFound(f'The queue {self.name} has no dead-letter queue.')
        return Queue(self._connection, json.loads(policy)['deadLetterTargetArn'].rpartition(':')[2])

    async def check(self) -> None:
        """Read the queue's own limit of a message. Raises `AwsFailed` where it is not there or may not be used.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
        """
        names = ['QueueArn', 'MaximumMessageSize']
        answer = await self._connection.call(
            'sqs', 'GetQueueAttributes', QueueUrl=await self.url(), AttributeNames=names
        )
        limit = str(answer.get('Attributes', {}).get('MaximumMessageSize', ''))
        self.max_message_bytes = int(limit) if limit.isdecimal() else MAX_MESSAGE_BYTES


def _received(message: Mapping[str, Any]) -> Received:
    attributes = message.get('Attributes', {})
    return Received(
        message['MessageId'],
        message['Body'],
        message['ReceiptHandle'],
        int(attributes.get('ApproximateReceiveCount', 1)),
        attributes.get('MessageGroupId'),
    )
