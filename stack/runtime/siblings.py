"""The other processes that serve on the same port: messages to them, questions to them, and the end of the supervisor.

A message is a JSON line with the keys `topic`, `from`, `to` (a number, or null for all others), `content`, and for
questions and answers `question`. Messages are hints: one to a process that is being restarted is lost.
"""

import asyncio
import itertools
import json
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, Self

from stack.runtime.supervisor import LINE_BYTES, encoded

log = logging.getLogger(__name__)

BEAT_S = 2.0
# How long answers of other processes are waited for, in seconds.
ANSWERS_WITHIN_S = 2.0

ANSWER = 'answer'


class Siblings(Protocol):
    """`number` is this process's, from 1; `session_key` is the same in all of them."""

    @property
    def number(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def session_key(self) -> str: ...

    def publish(self, topic: str, content: Any) -> None:
        """Send a message to every other process."""

    def subscribe(self, topic: str, hear: Callable[[Any], None]) -> None:
        """Call `hear` with the content of each message of a topic."""

    def answer(self, topic: str, answer: Callable[[], Awaitable[Any]]) -> None:
        """Answer questions of a topic."""

    async def ask(self, topic: str) -> dict[int, Any]:
        """The answers of the other processes, by number; without those that do not answer in time."""

    async def run(self, stop: asyncio.Event) -> None:
        """Receive messages, and report that this process serves; set `stop` where the supervisor is gone."""


class NoSiblings:
    """A server that is one process."""

    number = count = 1

    def __init__(self) -> None:
        self.session_key = secrets.token_hex(32)

    def publish(self, topic: str, content: Any) -> None:
        """No other process listens."""

    def subscribe(self, topic: str, hear: Callable[[Any], None]) -> None:
        """No other process sends."""

    def answer(self, topic: str, answer: Callable[[], Awaitable[Any]]) -> None:
        """No other process asks."""

    async def ask(self, topic: str) -> dict[int, Any]:
        return {}

    async def run(self, stop: asyncio.Event) -> None:
        """There is no supervisor."""


class SupervisedSiblings:
    """The processes of one supervisor, over the channel to it."""

    def __init__(
        self, number: int, greeting: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ):
        self.number = number
        self.count: int = greeting['count']
        self.session_key: str = greeting['session_key']
        self._reader = reader
        self._writer = writer
        self._subscribed: dict[str, Callable[[Any], None]] = {}
        self._answers: dict[str, Callable[[], Awaitable[Any]]] = {}
        self._questions: dict[int, tuple[dict[int, Any], asyncio.Event]] = {}
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(cls, number: int, descriptor: int) -> Self:
        """Read what the supervisor sends first, on the channel in a file descriptor."""
        reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=LINE_BYTES)
        return cls(number, json.loads(await reader.readline()), reader, writer)

    def publish(self, topic: str, content: Any) -> None:
        self._send({'topic': topic, 'to': None, 'content': content})

    def subscribe(self, topic: str, hear: Callable[[Any], None]) -> None:
        self._subscribed[topic] = hear

    def answer(self, topic: str, answer: Callable[[], Awaitable[Any]]) -> None:
        self._answers[topic] = answer

    async def ask(self, topic: str) -> dict[int, Any]:
        question, answers, complete = next(self._numbers), dict[int, Any](), asyncio.Event()
        self._questions[question] = answers, complete
        self._send({'topic': topic, 'to': None, 'question': question})
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await complete.wait()
        except TimeoutError:
            log.warning('%d of %d other processes answer', len(answers), self.count - 1)
        finally:
            del self._questions[question]
        return answers

    async def run(self, stop: asyncio.Event) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            while line := await self._reader.readline():
                self._receive(json.loads(line))
            log.error('the supervisor of the processes is gone')
        except OSError as error:
            log.error('the channel to the supervisor failed: %s', error)
        finally:
            beating.cancel()
        stop.set()

    async def _beat(self) -> None:
        while True:
            self._writer.write(encoded({}))
            await asyncio.sleep(BEAT_S)

    def _send(self, message: dict[str, Any]) -> None:
        self._writer.write(encoded(message | {'from': self.number}))

    def _receive(self, message: dict[str, Any]) -> None:
        topic = message['topic']
        if topic == ANSWER:
            self._take_answer(message)
        elif 'question' not in message:
            if topic in self._subscribed:
                self._subscribed[topic](message['content'])
        elif topic in self._answers:
            task = asyncio.create_task(self._reply(self._answers[topic], message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _reply(self, answer: Callable[[], Awaitable[Any]], message: dict[str, Any]) -> None:
        content = await answer()
        self._send({'topic': ANSWER, 'to': message['from'], 'question': message['question'], 'content': content})

    def _take_answer(self, message: dict[str, Any]) -> None:
        answers, complete = self._questions.get(message['question'], ({}, None))
        answers[message['from']] = message['content']
        if complete is not None and len(answers) == self.count - 1:
            complete.set()
