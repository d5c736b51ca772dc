"""Replacement of moto's functions by ours, at run time."""

from typing import Any


def replace(owner: type, name: str, replacement: Any) -> None:
    """Give a class of moto another member. Raises AttributeError if this version of moto has no such member.

    `setattr` would add a member that no caller reads, and the fault that it corrects would return unnoticed.
    """
    getattr(owner, name)
    setattr(owner, name, replacement)
