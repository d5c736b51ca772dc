"""Random number generator whose whole state is a seed and a counter, so that a snapshot can hold it."""

import hashlib
from dataclasses import dataclass


@dataclass
class Dice:
    """The same seed and count give the same draws, on any machine and after any restart."""

    seed: str
    drawn: int = 0

    def _draw(self) -> int:
        self.drawn += 1
        return int.from_bytes(hashlib.sha256(f'{self.seed}:{self.drawn}'.encode()).digest())

    def hexadecimal(self, length: int) -> str:
        return f'{self._draw():064x}'[:length]

    def uuid(self) -> str:
        text = self.hexadecimal(32)
        return '-'.join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def digits(self, length: int) -> str:
        """A decimal number of exactly that many digits."""
        lowest = 10 ** (length - 1)
        return str(lowest + self._draw() % (9 * lowest))

    def spread(self, seconds: float) -> float:
        """`seconds`, up to a fifth more or less."""
        return seconds * (0.8 + 0.4 * (self._draw() % 10_001) / 10_000)
