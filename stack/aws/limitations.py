"""Optional AWS calls that are not available here, and what the product does without each of them."""

from collections.abc import Mapping


class Limitations:
    """By call, as `ec2:DescribeSubnets`: a sentence that `/readyz` shows. Shared by all users of a connection."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def add(self, call: str, sentence: str) -> None:
        self._known[call] = sentence

    def remove(self, call: str) -> None:
        self._known.pop(call, None)

    def all(self) -> Mapping[str, str]:
        """All of them now."""
        return dict(self._known)
