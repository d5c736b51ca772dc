"""Corrections of moto's SQS: long polling without blocking or reordering, and deduplication for five minutes."""

import json
import random
import time
from collections.abc import Callable
from copy import copy
from typing import Any

from moto.core.utils import unix_time_millis
from moto.sqs.exceptions import InvalidParameterValue
from moto.sqs.models import DEDUPLICATION_TIME_IN_SECONDS, Message, Queue, SQSBackend, sqs_backends

from stack.sandbox.http_server import client_is_gone
from stack.sandbox.patching import replace
from stack.sandbox.serial import QUEUES_CHANGED

# No notification comes when a message becomes visible again because its time-out has passed.
_LOOK_AGAIN_SECONDS = 0.2


def install() -> None:
    replace(SQSBackend, 'receive_message', _long_polling(SQSBackend.receive_message))
    replace(SQSBackend, '_validate_message', _in_bytes(SQSBackend._validate_message))
    replace(Queue, 'add_message', _add_message)
    # moto reads the clock twice for each message of the queue, and counts them all several times at each call.
    replace(Queue, 'messages', property(_visible))
    replace(Queue, 'approximate_number_of_messages_delayed', property(lambda self: _count(self, 'delayed_until')))
    replace(Queue, 'approximate_number_of_messages_not_visible', property(lambda self: _count(self, 'visible_at')))


def _visible(self: Queue) -> list[Message]:
    now = unix_time_millis()
    return [m for m in self._messages if m.visible_at < now and m.delayed_until <= now]


def _count(queue: Queue, until: str) -> int:
    now = unix_time_millis()
    return sum(getattr(message, until) > now for message in queue._messages)


def _long_polling(receive_message: Callable[..., list[Message]]) -> Any:
    def receive(
        self: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *args: Any, **kwargs: Any
    ) -> list[Message]:
        """moto waits with the groups that were in flight when the wait began: FIFO order breaks, a core spins."""
        until = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            messages = receive_message(self, queue_name, count, 0, *args, **kwargs)
            left = until - time.monotonic()
            if messages or left <= 0:
                return messages
            QUEUES_CHANGED.wait(min(_LOOK_AGAIN_SECONDS, left))
            # A consumer that was killed while it waited must not take a message with it.
            if client_is_gone():
                return []

    return receive


def _in_bytes(validate: Callable[..., None]) -> Any:
    def validated(self: SQSBackend, queue: Queue, message_body: str, *args: Any, **kwargs: Any) -> None:
        """moto counts characters; SQS counts bytes of UTF-8."""
        limit: int = vars(queue)['maximum_message_size']
        if len(message_body.encode()) > limit:
            raise InvalidParameterValue(
                f'One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.'
            )
        validate(self, queue, message_body, *args, **kwargs)

    return validated


def _add_message(self: Queue, message: Message) -> None:
    """moto forgets a deduplication id as soon as its message is deleted; SQS remembers it for five minutes.

    What it has of Lambda and of waiting readers is left out: there is no Lambda here, and readers wait elsewhere.
    """
    if self.fifo_queue and message.deduplication_id:
        seen: dict[str, float] = self.__dict__.setdefault('deduplication_ids', {})
        horizon = unix_time_millis() - DEDUPLICATION_TIME_IN_SECONDS * 1000
        for old in [key for key, sent in seen.items() if sent < horizon]:
            del seen[old]
        if message.deduplication_id in seen:
            return
        seen[message.deduplication_id] = float(message.sent_timestamp or 0)
    self._messages.append(message)


def duplicate_newest(account: str, region: str, body: bytes) -> None:
    """Puts a second copy of the newest message into the queue that a SendMessage named; LOCK is held."""
    queue = _named(account, region, body)
    if queue and queue._messages:
        again = copy(queue._messages[-1])
        again._old_receipt_handles = []
        queue._messages.append(again)


def shuffle(account: str, region: str, body: bytes) -> None:
    """Puts the messages of the standard queue that a ReceiveMessage named into random order; LOCK is held."""
    queue = _named(account, region, body)
    if queue and not queue.fifo_queue:
        random.shuffle(queue._messages)


def _named(account: str, region: str, body: bytes) -> Queue | None:
    name = json.loads(body)['QueueUrl'].rpartition('/')[2]
    return sqs_backends[account][region].queues.get(name)
