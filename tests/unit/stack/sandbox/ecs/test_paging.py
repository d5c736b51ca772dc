import pytest

from stack.sandbox.ecs.errors import EcsError
from stack.sandbox.ecs.paging import page, page_of

ITEMS = [f'item-{n:02}' for n in range(25)]


@pytest.mark.parametrize('size', [0, 101, -1])
def test_page_size_out_of_bounds(size: int):
    for paged in (page, page_of):
        with pytest.raises(EcsError, match='maxResults must be between 1 and 100'):
            paged(ITEMS, {'maxResults': size})


@pytest.mark.parametrize('token', ['nonsense', '!', 'a', '////', 'é'])
def test_tokens_that_nobody_gave(token: str):
    with pytest.raises(EcsError, match='Invalid token'):
        page_of(ITEMS, {'nextToken': token})


def test_pages_hold_everything_once():
    for paged in (page, page_of):
        got, params = [], {'maxResults': 10}
        for _ in range(3):
            items, rest = paged(ITEMS, params)
            got.append(len(items))
            params = {'maxResults': 10, **rest}
        assert (got, rest) == ([10, 10, 5], {})


def test_an_item_that_goes_meanwhile_hides_no_other():
    first, rest = page(ITEMS, {'maxResults': 10})
    left = [item for item in ITEMS if item not in first]
    assert page(left, {'maxResults': 10, **rest})[0] == left[:10]
