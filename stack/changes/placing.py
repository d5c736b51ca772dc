"""The address of a cluster in AWS: what its desired state may name, and that it stays."""

from collections.abc import Mapping
from typing import Any

from stack.configuration.accounts import KEYS, AccountTable, Address
from stack.errors import InvalidStackfile, Misplaced


def check_place(table: AccountTable, cluster: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """Refuse a desired state for its account, region or ECS cluster; `before` is the stored one, None for none.

    What runs would stay behind where a managed cluster moved. Raises `InvalidStackfile`.
    """
    if before is not None and _stated(before) == _stated(after):
        return
    try:
        address = table.address(cluster, after)
    except Misplaced as misplaced:
        raise _refusal(misplaced.message, 'account') from misplaced
    try:
        former = table.address(cluster, before) if before is not None else address
    except Misplaced:
        return
    if address != former:
        raise _refusal(
            f'{cluster} is {former}: what runs there would stay behind. Remove {cluster}, which leaves ECS alone, and '
            f'create it again with these settings.',
            _moved(former, address),
        )


def _moved(former: Address, address: Address) -> str:
    """The key of the first part that differs."""
    if address.place.account != former.place.account:
        return 'account'
    return 'region' if address.place.region != former.place.region else 'ecs_cluster'


def _stated(document: Mapping[str, Any]) -> list[Any]:
    return [document.get(key) for key in KEYS]


def _refusal(message: str, path: str) -> InvalidStackfile:
    return InvalidStackfile(f'{message} Nothing was changed.', [{'path': path, 'message': message}])
