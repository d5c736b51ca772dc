"""Caches of encoded answers: about a cluster, until its state changes; about all, until their names change."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from stack.rollouts.cluster_state import ClusterState
from stack.runtime.lru import LruCache

# Answers with the names of clusters: one for each scope of callers.
SCOPES_KEPT = 100


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


class AnswersOfNames:
    """Entries are dropped once the names are others, which the same object does not become."""

    def __init__(self) -> None:
        self._names: Sequence[str] = ()
        self._kept: LruCache[Hashable, bytes] = LruCache(SCOPES_KEPT)

    def get(self, names: Sequence[str], which: Hashable, make: Callable[[], bytes]) -> bytes:
        """The cached answer for the key `which`; `make` encodes it for other names."""
        if names is not self._names:
            self._names, self._kept = names, LruCache(SCOPES_KEPT)
        kept = self._kept.get(which)
        if kept is None:
            kept = make()
            self._kept.put(which, kept)
        return kept
