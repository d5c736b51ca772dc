"""Deadlines of many short pieces of work, with one timer for all: most end long before theirs."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Item = TypeVar('Item', bound=Hashable)


class Deadlines(Generic[Item]):
    """`expire(item, seconds)` is called for each item that was not removed within its seconds."""

    def __init__(self, expire: Callable[[Item, float], None]):
        self._expire = expire
        self._seconds: dict[Item, float] = {}
        # By the number of seconds: the deadlines in the order in which they pass.
        self._lines: dict[float, dict[Item, float]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def add(self, item: Item, seconds: float) -> None:
        """Begin the time of an item, again where it has one."""
        self.remove(item)
        loop = asyncio.get_running_loop()
        self._seconds[item] = seconds
        self._lines.setdefault(seconds, {})[item] = at = loop.time() + seconds
        if seconds not in self._timers:
            self._timers[seconds] = loop.call_at(at, self._look, seconds)

    def remove(self, item: Item) -> None:
        seconds = self._seconds.pop(item, None)
        if seconds is not None:
            del self._lines[seconds][item]

    def _look(self, seconds: float) -> None:
        """Expire what is due, and look again when the next one is."""
        loop, line = asyncio.get_running_loop(), self._lines[seconds]
        del self._timers[seconds]
        while line:
            item, at = next(iter(line.items()))
            if at > loop.time():
                self._timers[seconds] = loop.call_at(at, self._look, seconds)
                return
            self.remove(item)
            self._expire(item, seconds)
