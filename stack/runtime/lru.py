"""An LRU cache of values that never change."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar('Key', bound=Hashable)
Value = TypeVar('Value')


class LruCache(Generic[Key, Value]):
    """At most so many values; with `size`, values whose sizes are that much together."""

    def __init__(self, most: int, size: Callable[[Value], int] = lambda _: 1):
        self._most = most
        self._size = size
        self._held: OrderedDict[Key, Value] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Key) -> Value | None:
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def put(self, key: Key, value: Value) -> None:
        self.drop(key)
        self._held[key] = value
        self.size += self._size(value)
        while self.size > self._most:
            self.drop(next(iter(self._held)))

    def drop(self, key: Key) -> None:
        if key in self._held:
            self.size -= self._size(self._held.pop(key))
