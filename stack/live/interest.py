"""Callers that ask about clusters over REST, and those that wait there for something."""

import asyncio
from collections import Counter
from collections.abc import Callable

from stack.errors import ShuttingDown

# For how long a cluster is looked at after a caller asked for it.
ASKED_S = 30.0


class Askers:
    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._stopping = False
        self._asked: dict[str, float] = {}
        self._waiting: Counter[str] = Counter()
        self._moved: dict[str, asyncio.Event] = {}

    def __bool__(self) -> bool:
        """Whether anybody asked lately, or waits."""
        self._forget()
        return bool(self._asked or +self._waiting)

    def __contains__(self, cluster: str) -> bool:
        """Whether anybody asked for a cluster lately, or waits for something of it."""
        return self._clock() - self._asked.get(cluster, float('-inf')) <= ASKED_S or self.waits(cluster)

    def ask(self, cluster: str) -> bool:
        """A caller asks for a cluster; whether none has lately."""
        first = cluster not in self
        self._asked[cluster] = self._clock()
        return first

    def waits(self, cluster: str) -> bool:
        return self._waiting[cluster] > 0

    async def until(self, cluster: str, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition of a cluster is true, and return whether it is; each change of the cluster asks again.

        Raises `ShuttingDown` where the process stops before that: the outcome is not known, and another one knows it.
        """
        self._waiting[cluster] += 1
        try:
            async with asyncio.timeout(seconds):
                while not holds() and not self._stopping:
                    await self._moved.setdefault(cluster, asyncio.Event()).wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[cluster] -= 1
        if not holds():
            if self._stopping:
                raise ShuttingDown('The server is stopping. Ask again: another one answers.')
            return False
        return True

    def moved(self, cluster: str) -> None:
        """Something of a cluster is no longer as it was."""
        moved = self._moved.pop(cluster, None)
        if moved is not None:
            moved.set()

    def stop(self) -> None:
        """End every wait."""
        self._stopping = True
        for cluster in list(self._moved):
            self.moved(cluster)

    def _forget(self) -> None:
        oldest = self._clock() - ASKED_S
        self._asked = {name: at for name, at in self._asked.items() if at >= oldest}
