"""The observers of one kind of occurrence: the one way in which an object notifies others that it does not know."""

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec('P')


class Observers(Generic[P]):
    """Functions that are called in the order in which they subscribed. None of them may wait, or raise an error."""

    def __init__(self) -> None:
        self._functions: list[Callable[P, object]] = []

    def subscribe(self, function: Callable[P, object]) -> None:
        self._functions.append(function)

    def unsubscribe(self, function: Callable[P, object]) -> None:
        """Raises `ValueError` where the function is not subscribed."""
        self._functions.remove(function)

    def __len__(self) -> int:
        return len(self._functions)

    def notify(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for function in tuple(self._functions):
            function(*args, **kwargs)
