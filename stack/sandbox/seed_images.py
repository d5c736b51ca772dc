"""Initial images of ECR: six weeks of a pipeline's pushes, and some whose tags select a failure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

# Tags whose words the embedded ECS acts on: such an image crashes, takes long to start, or fails its health check.
PLAYGROUND = ('broken', 'slow', 'unhealthy')

_WEEKS = 6
_VERSIONS = 20
_WITH_COMMIT = 5
_UNTAGGED = 3
_DAY = 86_400


@dataclass(frozen=True)
class SeededImage:
    """An image by its tags, perhaps none, and its age in seconds."""

    tags: tuple[str, ...]
    age: int


@cache
def images(repository: str) -> list[SeededImage]:
    """The images of a repository, the oldest first: 30 tags, and images that have lost theirs. Always the same ones."""
    dice = random.Random(repository)  # noqa: S311 - a likeness of chance, the same at every start
    versions = list(_versions(dice))
    tagged: list[tuple[str, ...]] = [(version,) for version in versions]
    for index in dice.sample(range(_VERSIONS - 1), _WITH_COMMIT):
        tagged[index] += (f'{dice.getrandbits(28):07x}',)
    tagged[-5] += ('stable',)
    tagged[-1] += ('latest',)
    for place, word in zip((-9, -6, -3), PLAYGROUND, strict=True):
        tagged.insert(place, (f'{_next(versions[place - 1])}-{word}',))
    for _ in range(_UNTAGGED):
        tagged.insert(dice.randrange(len(tagged) - 8), ())
    return [SeededImage(tags, age) for tags, age in zip(tagged, _ages(dice, len(tagged)), strict=True)]


def newest_version(repository: str, days: float) -> str:
    """The newest version that simply works and was there so many days ago, or else the first of all."""
    working = [image for image in images(repository) if image.tags and not image.tags[0].endswith(PLAYGROUND)]
    return next((image for image in reversed(working) if image.age > days * _DAY), working[0]).tags[0]


def failing_version(repository: str) -> str:
    """The version that crashes at its start."""
    return next(image.tags[0] for image in images(repository) if image.tags and image.tags[0].endswith('broken'))


def slow_version(repository: str) -> str:
    """The version whose image takes long to be pulled."""
    return next(image.tags[0] for image in images(repository) if image.tags and image.tags[0].endswith('slow'))


def _versions(dice: random.Random) -> Iterator[str]:
    major, minor, patch = dice.randint(1, 3), dice.randint(0, 4), 0
    for _ in range(_VERSIONS):
        yield f'v{major}.{minor}.{patch}'
        minor, patch = (minor + 1, 0) if dice.random() < 0.35 else (minor, patch + 1)


def _next(version: str) -> str:
    head, _, patch = version.rpartition('.')
    return f'{head}.{int(patch) + 1}'


def _ages(dice: random.Random, count: int) -> list[int]:
    """Spread over the weeks, the newest a few hours old."""
    step = _WEEKS * 7 * _DAY / count
    return [int(step * (count - 1 - place) + dice.uniform(0.05, 0.9) * step) + 3600 for place in range(count)]
