"""A standard queue, as SQS keeps it: at least once, in no order, hidden for a while once it was received."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.errors import AwsFailed
from tests.simulation.loop import Process

NAME = 'changes'
# How often a message is delivered although it is hidden: rare, and always possible.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
TWICE = 0.02
# A sender looks after each message what is stored by then; that takes so many seconds at most here.
LOOKS_WITHIN_S = 5.0


@dataclass
class Sent:
    """One message. `at` is when it was stored, in simulated seconds; `visible` from when it may be received."""

    id: str
    body: str
    at: float
    visible: float
    sender: Process
    times: int = 0
    deleted: bool = False

    @property
    def is_orphan(self) -> bool:
        """Whether its sender was killed before it could look whether something newer had been stored meanwhile."""
        return self.sender.killed_at < self.at + LOOKS_WITHIN_S


class Sqs:
    """`draw(*name)` gives a number from 0 to 1; `note(who, what)` adds a line to the trace."""

    def __init__(
        self, now: Callable[[], float], draw: Callable[..., float], note: Callable[[str, str], None] = lambda *_: None
    ):
        self.sent: list[Sent] = []
        self._now = now
        self._draw = draw
        self._note = note
        self._news: asyncio.Event | None = None

    def waiting(self) -> list[Sent]:
        """The messages that are not deleted."""
        return [each for each in self.sent if not each.deleted]

    async def handle(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if operation == 'ReceiveMessage':
            return await self._receive(arguments['MaxNumberOfMessages'], arguments)
        action = getattr(self, f'_{operation}', None)
        if action is None:
            raise AwsFailed(f'SQS has no {operation} here.', f'sqs:{operation}', 'NotImplemented')
        return action(arguments)

    def _GetQueueUrl(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {'QueueUrl': f'https://sqs.example.com/{NAME}'}

    def _GetQueueAttributes(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {'Attributes': {}}

    def _SendMessage(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        message = Sent(
            f'm{len(self.sent) + 1}', arguments['MessageBody'], self._now(), self._now(), arguments['process']
        )
        self.sent.append(message)
        sent = json.loads(message.body)
        what = f'{sent["event_type"]} {sent["cluster"]} {sent["revision"]} {sent.get("service", "")}'
        self._note(arguments['process'].name, f'queue has {what}'.rstrip())
        self._tell()
        return {'MessageId': message.id}

    def _DeleteMessageBatch(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        for entry in arguments['Entries']:
            self._of(entry).deleted = True
        return {}

    def _ChangeMessageVisibilityBatch(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        for entry in arguments['Entries']:
            self._of(entry).visible = self._now() + entry['VisibilityTimeout']
        self._tell()
        return {}

    async def _receive(self, most: int, arguments: Mapping[str, Any]) -> dict[str, Any]:
        until = self._now() + arguments['WaitTimeSeconds']
        while True:
            found = [each for each in self.waiting() if self._is_delivered(each)]
            if found or self._now() >= until or not arguments['process'].alive:
                break
            next_visible = min((each.visible for each in self.waiting()), default=until)
            await self._until(min(until, next_visible))
        found.sort(key=lambda each: self._draw('order', each.id, each.times))
        return {'Messages': [self._delivered(each, arguments['VisibilityTimeout']) for each in found[:most]]}

    async def _until(self, moment: float) -> None:
        """Wait for a point in time, or until a message is sent or given back."""
        self._news = self._news if self._news and not self._news.is_set() else asyncio.Event()
        try:
            async with asyncio.timeout(max(0.001, moment - self._now())):
                await self._news.wait()
        except TimeoutError:
            return

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()

    def _is_delivered(self, message: Sent) -> bool:
        if message.visible <= self._now():
            return True
        return self._draw('twice', message.id, message.times, round(self._now(), 2)) < TWICE

    def _delivered(self, message: Sent, hidden: float) -> dict[str, Any]:
        message.times += 1
        message.visible = self._now() + hidden
        attributes = {'ApproximateReceiveCount': str(message.times)}
        handle = f'{message.id}/{message.times}'
        return {'MessageId': message.id, 'Body': message.body, 'ReceiptHandle': handle, 'Attributes': attributes}

    def _of(self, entry: Mapping[str, Any]) -> Sent:
        number = int(entry['ReceiptHandle'].partition('/')[0][1:])
        return self.sent[number - 1]
