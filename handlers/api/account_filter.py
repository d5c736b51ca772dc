"""The query parameters `account` and `region`: which account of AWS a caller asks about."""

from collections.abc import Callable

from handlers.api.operation import Parameter
from handlers.api.query import Query
from stack.configuration.accounts import PlaceOf
from stack.errors import InvalidRequest

ACCOUNT = (
    Parameter('account', 'Only clusters of that account, by its name in `NYSA_ACCOUNTS`, or `home`. All unless given.'),
    Parameter('region', 'Only clusters in that region of the account. All unless given.'),
)


def read_account(query: Query) -> tuple[str | None, str | None]:
    """The account and the region of a query. Raises `InvalidRequest` for a region without an account."""
    account, region = query.text('account'), query.text('region')
    if region is not None and account is None:
        raise InvalidRequest('region requires account.', [{'path': 'account', 'message': 'an account'}])
    return account, region


def account_filter(query: Query, place_of: PlaceOf) -> Callable[[str], bool]:
    """Whether a cluster is in the account and region of a query; an account that is not known has none.

    Raises `InvalidRequest` for a region without an account.
    """
    account, region = read_account(query)
    if account is None:
        return lambda _: True

    def is_in(cluster: str) -> bool:
        place = place_of(cluster)
        return place.account == account and region in (None, place.region)

    return is_in
