"""The comparison of pictures, on drawn screens: what it must see, and what it must not."""

import random

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.pictures.comparing import KEPT, SHARE, difference

WIDTH, HEIGHT = 1440, 900
GROUND, TILE, TEXT, RED = '#08180f', '#0d231a', '#eff2e9', '#ff5533'
ROWS, COLUMNS = range(200, 880, 56), (60, 350, 580, 800, 1140, 1280)


def screen(*, columns=COLUMNS, ground=GROUND, text=TEXT, seed=0, shift=0, drawer=False) -> Image.Image:
    """A table of rows: words as strokes of chance, the same for the same seed."""
    dice = random.Random(seed)
    image = Image.new('RGB', (WIDTH, HEIGHT), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((24, 180, WIDTH - 24, HEIGHT), TILE if ground == GROUND else '#f6f9f6')
    draw.rectangle((24, 100, WIDTH - 24, 150), RED)
    for row in ROWS:
        for column in columns:
            for stroke in range(12):
                x = column + shift + stroke * 8 + dice.random() * 2
                draw.line((x, row + dice.randrange(6), x + dice.randrange(4), row + 16), text, width=2)
    if drawer:
        draw.rectangle((WIDTH - 500, 60, WIDTH, HEIGHT), '#173026')
    return image


def share(one: Image.Image, other: Image.Image) -> float:
    return difference(one.reduce(KEPT), other.reduce(KEPT))


@pytest.mark.parametrize(
    'other',
    [
        screen(),
        screen(seed=1),
        screen(shift=3),
        screen().filter(ImageFilter.GaussianBlur(0.8)),
    ],
    ids=['same', 'other glyphs', 'moved by pixels', 'other smoothing'],
)
def test_fonts_are_not_seen(other):
    assert share(screen(), other) < SHARE / 2


@pytest.mark.parametrize(
    'other',
    [
        screen(columns=COLUMNS[:4]),
        screen(columns=COLUMNS[1:]),
        screen(ground='#e2ebe3', text='#0a1e18'),
        screen(drawer=True),
        Image.new('RGB', (WIDTH, HEIGHT), 'white'),
    ],
    ids=['two columns less', 'the first column less', 'another theme', 'an overlap', 'blank'],
)
def test_a_broken_layout_is_seen(other):
    assert share(screen(), other) > 2 * SHARE


def test_pictures_of_two_sizes_differ():
    assert share(screen(), screen().crop((0, 0, WIDTH, HEIGHT - 200))) == 1.0
