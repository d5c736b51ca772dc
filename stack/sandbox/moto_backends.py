"""moto's backends by account, service and region: where moto keeps its state."""

from collections.abc import Callable, Collection
from typing import Any

import moto.backends
from moto.core.base_backend import BackendDict, BaseBackend


def services() -> list[BackendDict[Any]]:
    """The backends of every service that has been used in this process."""
    return list(BackendDict._instances)  # type: ignore[misc]  # moto reads it in the same way


def forget(account: str, only: Collection[str] | None = None) -> None:
    """Drop what every service, or `only` those of these names, has of an account.

    The caller holds the lock of moto's state.
    """
    for service in services():
        if only is not None and service.service_name not in only:
            continue
        if account in service.keys():  # noqa: SIM118 - `in` makes what it does not find
            service[account].reset()
            del service[account]


def of_region(account: str, service: str, region: str) -> BaseBackend:
    """The backend of one service, created on first use."""
    # moto declares an overload for each service, and none for a name that is known at run time only.
    find: Callable[[str], BackendDict[BaseBackend]] = moto.backends.get_backend  # type: ignore[assignment]  # see above
    return find(service)[account][region]
