"""Terms of AWS that are kept for long, as bytes: parsed, they take several times the memory."""

import pickle
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

# So many stay unpacked: a view of a service reads its terms several times in a row.
UNPACKED = 64


class PackedTerms(Mapping[str, Any]):
    """Terms that are unpacked where they are read, and not to be changed.

    Two reads may give different objects: who compares the identity of parts makes a `dict` first.
    """

    __slots__ = ('_packed',)

    def __init__(self, terms: Mapping[str, Any]):
        self._packed = pickle.dumps(dict(terms), pickle.HIGHEST_PROTOCOL)

    def __getitem__(self, name: str) -> Any:
        return _unpacked(self._packed)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_unpacked(self._packed))

    def __len__(self) -> int:
        return len(_unpacked(self._packed))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedTerms) and self._packed == other._packed:
            return True
        return isinstance(other, Mapping) and _unpacked(self._packed) == dict(other)

    def __repr__(self) -> str:
        return f'PackedTerms({_unpacked(self._packed)!r})'


@lru_cache(UNPACKED)
def _unpacked(packed: bytes) -> dict[str, Any]:
    terms: dict[str, Any] = pickle.loads(packed)  # noqa: S301  packed by this process
    return terms
