"""A cache of task definitions, which never change: those in use, however many, and a bounded number of others."""

import pickle
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from stack.reconcile.observed import TaskDefinition
from stack.runtime.lru import LruCache

# A definition that a plan needed is in use for so long, in seconds: several rounds of a scheduler.
IN_USE_S = 3600.0

# The others that are kept: what was only looked at, and what no plan has needed for a while.
MOST_OTHERS = 5000


class DefinitionCache:
    """Task definitions by ARN, pickled: a parsed one takes seven times the memory.

    They are not compressed, which would halve them again: zlib lets other threads run, and in each call the event loop
    waited for its turn, for a millisecond and more while clusters are looked at.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        # By time of their last use, the oldest first.
        self._in_use: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._others: LruCache[str, bytes] = LruCache(MOST_OTHERS)

    def get(self, arn: str) -> TaskDefinition | None:
        """The definition, if it is here."""
        packed = self._packed(arn)
        return _unpacked(packed) if packed else None

    def put(self, definition: TaskDefinition) -> None:
        if definition.arn not in self._in_use:
            self._others.put(definition.arn, _pack(definition))

    async def looked_at(
        self, arn: str, read: Callable[[str], Awaitable[TaskDefinition | None]]
    ) -> TaskDefinition | None:
        """The definition for a look, which reads and keeps it where it is not here; None where there is none."""
        definition = self.get(arn)
        if definition is None:
            definition = await read(arn)
            if definition is not None:
                self.put(definition)
        return definition

    def use(self, arn: str) -> TaskDefinition | None:
        """The definition for a plan, if it is here."""
        packed = self._packed(arn)
        if packed is None:
            return None
        self._note_use(arn, packed)
        return _unpacked(packed)

    def put_in_use(self, definition: TaskDefinition) -> None:
        """Keep what was read for a plan."""
        self._note_use(definition.arn, _pack(definition))

    def _packed(self, arn: str) -> bytes | None:
        used = self._in_use.get(arn)
        return used[1] if used else self._others.get(arn)

    def _note_use(self, arn: str, packed: bytes) -> None:
        now = self._clock()
        self._others.drop(arn)
        self._in_use[arn] = now, packed
        self._in_use.move_to_end(arn)
        while (oldest := next(iter(self._in_use.items())))[1][0] < now - IN_USE_S:
            arn, (_, packed) = oldest
            del self._in_use[arn]
            self._others.put(arn, packed)


def _pack(definition: TaskDefinition) -> bytes:
    return pickle.dumps(definition, pickle.HIGHEST_PROTOCOL)


def _unpacked(packed: bytes) -> TaskDefinition:
    found: TaskDefinition = pickle.loads(packed)  # noqa: S301  packed by this process
    return found
