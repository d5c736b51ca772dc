"""What the tests of the rules have in common."""

from typing import Any

from stack.stackfile.check import check

WEB = 'services[0].web'


def mistakes(document: Any, cluster: str | None = None) -> list[tuple[str, str]]:
    """Path, that of the first service left out, and message."""
    return [(_short(p.where), p.message) for p in check(document, cluster=cluster).mistakes]


def warnings(document: Any, cluster: str | None = None) -> list[tuple[str, str]]:
    return [(_short(p.where), p.message) for p in check(document, cluster=cluster).warnings]


def _short(where: str) -> str:
    return where.removeprefix(WEB).removeprefix('.')
