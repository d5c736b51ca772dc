"""A cache of encoded answers about a cluster, valid until the cluster's state changes."""

from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

from stack.rollouts.cluster_state import ClusterState


class Answers:
    """Entries are dropped with the `ClusterState` that they describe."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[ClusterState, tuple[Any, dict[Hashable, bytes]]] = WeakKeyDictionary()

    def get(self, state: ClusterState, which: Hashable, make: Callable[[], bytes]) -> bytes:
        """The cached answer for the key `which`; `make` encodes it after a change of the state."""
        facts = state.facts()
        kept = self._kept.get(state)
        if kept is None or kept[0] != facts:
            kept = self._kept[state] = facts, {}
        answers = kept[1]
        if which not in answers:
            answers[which] = make()
        return answers[which]
