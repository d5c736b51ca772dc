"""One SQS queue, standard or FIFO."""

from stack.aws.connection import Connection

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGE_BYTES = 1024 * 1024


class Queue:
    """A queue, found by its name, or by its URL where that is what was configured."""

    def __init__(self, connection: Connection, name: str):
        self.name = name
        self._connection = connection
        self._url: str | None = name if '://' in name else None

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith('.fifo')

    async def url(self) -> str:
        """Where the queue is. Raises `AwsFailed` where there is no such queue."""
        if self._url is None:
            self._url = (await self._connection.call('sqs', 'GetQueueUrl', QueueName=self.name))['QueueUrl']
        return self._url

    async def send(self, body: str, *, group: str, deduplication_id: str) -> str:
        """Send one message and give its id; `group` and `deduplication_id` count in a FIFO queue only."""
        fifo = {'MessageGroupId': group, 'MessageDeduplicationId': deduplication_id} if self.is_fifo else {}
        answer = await self._connection.call('sqs', 'SendMessage', QueueUrl=await self.url(), MessageBody=body, **fifo)
        return answer['MessageId']

    async def check(self) -> None:
        """Raise `AwsFailed` where the queue is not there or may not be used."""
        url = await self.url()
        await self._connection.call('sqs', 'GetQueueAttributes', QueueUrl=url, AttributeNames=['QueueArn'])
