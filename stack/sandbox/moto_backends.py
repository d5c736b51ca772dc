"""moto's backends by account, service and region: where moto keeps its state."""

from collections.abc import Callable
from typing import Any

import moto.backends
from moto.core.base_backend import BackendDict, BaseBackend


def services() -> list[BackendDict[Any]]:
    """The backends of every service that has been used in this process."""
    return list(BackendDict._instances)  # type: ignore[misc]  # moto reads it in the same way


def of_region(account: str, service: str, region: str) -> BaseBackend:
    """The backend of one service, created on first use."""
    # moto declares an overload for each service, and none for a name that is known at run time only.
    find: Callable[[str], BackendDict[BaseBackend]] = moto.backends.get_backend  # type: ignore[assignment]  # see above
    return find(service)[account][region]
