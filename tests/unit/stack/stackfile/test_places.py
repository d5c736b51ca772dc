"""Where parts stand."""

import pytest

from stack.stackfile.places import Place, find

ROOT: Place = (1, 1, {'a': (2, 3, [(3, 5, None), (4, 5, {'b': (5, 7, None)})])})


@pytest.mark.parametrize(
    ('path', 'position'),
    [
        ((), (1, 1)),
        (('a',), (2, 3)),
        (('a', 1, 'b'), (5, 7)),
        (('x',), (1, 1)),
        ((0,), (1, 1)),
        (('a', 'x'), (2, 3)),
        (('a', 7, 'b'), (2, 3)),
        (('a', 0, 'b', 'c'), (3, 5)),
    ],
)
def test_the_nearest_part_that_is_there(path: tuple, position: tuple[int, int]):
    assert find(ROOT, path) == position
