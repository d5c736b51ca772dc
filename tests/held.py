"""A connection whose calls can be held before or after they take effect, which no fault of the embedded AWS can do."""

import asyncio
import threading
from typing import Any

from stack.aws.connection import Connection
from tests.aws import Aws
from tests.server import connect


class Hold:
    """A held call: `reached` is set once it waits, `go` lets it continue. Both are thread-safe."""

    def __init__(self, operation: str, key: str, after: bool):
        self.operation, self.key, self.after = operation, key, after
        self.reached, self.go = threading.Event(), threading.Event()

    async def wait(self) -> None:
        self.reached.set()
        await asyncio.to_thread(self.go.wait)


class HeldConnection:
    def __init__(self, aws: Aws):
        self._connection, _ = connect(aws.endpoint, aws.region)
        self._holds: list[Hold] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def hold(self, operation: str, key: str = '', *, after: bool = False) -> Hold:
        """Hold the next call of an operation, on an S3 key where one is given."""
        hold = Hold(operation, key, after)
        self._holds.append(hold)
        return hold

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict:
        await self._wait(operation, arguments, after=False)
        answer = await self._connection.call(service, operation, **arguments)
        await self._wait(operation, arguments, after=True)
        return answer

    pages = Connection.pages

    async def _wait(self, operation: str, arguments: dict[str, Any], *, after: bool) -> None:
        for hold in self._holds:
            if (hold.operation, hold.after) == (operation, after) and hold.key in ('', arguments.get('Key')):
                self._holds.remove(hold)
                await hold.wait()
                return
