"""The compressed texts of events at rest."""

import random

import pytest

from stack.live.packed_text import packed, unpacked


@pytest.mark.parametrize('size', [0, 1, 600, 5_000, 300_000])
def test_what_is_packed_comes_out(size: int):
    text = random.Random(size).randbytes(size)
    assert unpacked(packed(text)) == text
    assert unpacked(packed(text.hex().encode())) == text.hex().encode()
