"""Patterns of names: `*` matches any characters, everything else itself."""

from collections.abc import Callable, Iterable, Sequence


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A function that is true for names that match one of the patterns.

    Clients choose the patterns: a regular expression with a few stars could take minutes for one name.
    """
    patterns = frozenset(patterns)
    names = frozenset(pattern for pattern in patterns if '*' not in pattern)
    parted = [pattern.split('*') for pattern in patterns - names]
    return lambda name: name in names or any(_matches(parts, name) for parts in parted)


def _matches(parts: Sequence[str], name: str) -> bool:
    first, *middle, last = parts
    at, end = len(first), len(name) - len(last)
    if at > end or not (name.startswith(first) and name.endswith(last)):
        return False
    for part in middle:
        start = name.find(part, at, end)
        if start < 0:
            return False
        at = start + len(part)
    return True
