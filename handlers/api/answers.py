"""Answers in the bytes in which they go out, kept for as long as nothing changes that they tell."""

from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

from stack.rollouts.cluster_state import ClusterState


class Answers:
    """What is kept of a cluster goes with its state."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[ClusterState, tuple[Any, dict[Hashable, bytes]]] = WeakKeyDictionary()

    def get(self, state: ClusterState, which: Hashable, make: Callable[[], bytes]) -> bytes:
        """The answer of that name about a cluster, made anew where the state is another one than the last time."""
        facts = state.facts()
        kept = self._kept.get(state)
        if kept is None or kept[0] != facts:
            kept = self._kept[state] = facts, {}
        answers = kept[1]
        if which not in answers:
            answers[which] = make()
        return answers[which]
