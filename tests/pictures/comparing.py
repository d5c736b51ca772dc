"""Comparison of a picture with its reference: blind to fonts and single pixels, not to a region that is another one.

Both are reduced to the mean colours of small squares. A square differs where no square of the other picture nearby has
about its colour; a picture differs where a part of its squares does.
"""

import io
from pathlib import Path

from PIL import Image, ImageChops

REFERENCES = Path(__file__).parent / 'references'
# A reference is a quarter of the picture: enough for a person to see what it shows.
KEPT = 4
# A square of the comparison has so many pixels of a kept picture on a side: 32 of the screen.
SQUARE = 8
# So many squares around one are looked at: what moves by that much is the same.
NEARBY = 1
# By how much a colour may differ, of 255; and which share of the squares may.
TOLERATED = 10
SHARE = 0.01


def reduced(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture)).convert('RGB')
    return image.reduce(KEPT)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of squares that differ, from 0 to 1; 1 where the sizes do."""
    if one.size != other.size:
        return 1.0
    small, reference = one.reduce(SQUARE), other.reduce(SQUARE)
    differing = ImageChops.lighter(_away(small, reference), _away(reference, small)).histogram()
    return differing[255] / sum(differing)


def _away(one: Image.Image, other: Image.Image) -> Image.Image:
    """White where a square of `one` has no like in `other` nearby, else black."""
    least = None
    for x in range(-NEARBY, NEARBY + 1):
        for y in range(-NEARBY, NEARBY + 1):
            moved = other.transform(other.size, Image.Transform.AFFINE, (1, 0, x, 0, 1, y))
            red, green, blue = ImageChops.difference(one, moved).split()
            worst = ImageChops.lighter(ImageChops.lighter(red, green), blue)
            least = worst if least is None else ImageChops.darker(least, worst)
    assert least is not None
    return least.point(lambda value: 255 if value > TOLERATED else 0)


def reference_of(name: str) -> Path:
    return REFERENCES / f'{name}.webp'


def keep(image: Image.Image, name: str) -> None:
    REFERENCES.mkdir(exist_ok=True)
    image.save(reference_of(name), quality=60, method=6)
