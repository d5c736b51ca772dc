"""The account and region of a cluster: what its desired state may name, and that they stay."""

from collections.abc import Mapping
from typing import Any

from stack.configuration.accounts import KEYS, AccountTable
from stack.errors import InvalidStackfile, Misplaced


def check_place(table: AccountTable, cluster: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """Refuse a desired state for its account or region; `before` is the stored one, None where there is none.

    What runs would stay behind where a managed cluster moved. Raises `InvalidStackfile`.
    """
    if before is not None and _stated(before) == _stated(after):
        return
    try:
        place = table.place(cluster, after)
    except Misplaced as misplaced:
        raise _refusal(misplaced.message, 'account') from misplaced
    try:
        former = table.place(cluster, before) if before is not None else place
    except Misplaced:
        return
    if place != former:
        raise _refusal(
            f'{cluster} is managed in {former}: what runs there would stay behind. Remove {cluster}, which leaves ECS '
            f'alone, and create it again with these settings.',
            'account' if place.account != former.account else 'region',
        )


def _stated(document: Mapping[str, Any]) -> list[Any]:
    return [document.get(key) for key in KEYS]


def _refusal(message: str, path: str) -> InvalidStackfile:
    return InvalidStackfile(f'{message} Nothing was changed.', [{'path': path, 'message': message}])
