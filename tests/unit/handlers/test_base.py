"""What every verb shares: bodies that are too long."""

from types import SimpleNamespace

import pytest

from handlers.base import BODY_LIMIT, ApiHandler
from stack.errors import TooLarge


@pytest.fixture
def handler() -> ApiHandler:
    found = ApiHandler.__new__(ApiHandler)
    found.chunks, found.body_size = [], 0
    found.request = SimpleNamespace(headers={})
    return found


def test_a_body_that_fits_is_kept_whole(handler: ApiHandler):
    for chunk in (b'a', b'', b'b' * (BODY_LIMIT - 1)):
        handler.data_received(chunk)
    assert handler.body() == b'a' + b'b' * (BODY_LIMIT - 1)


def test_of_a_body_that_is_too_long_no_more_than_the_limit_is_kept(handler: ApiHandler):
    for _ in range(40):
        handler.data_received(b'x' * (BODY_LIMIT // 10))
    assert sum(map(len, handler.chunks)) <= BODY_LIMIT
    with pytest.raises(TooLarge):
        handler.body()
