"""Rules and their subject: one service."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.places import Path

Finding = tuple[Path, str]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """One service: its raw and effective settings, and the top of the document.

    A missing required setting is None. `cluster` is None where the cluster is unknown. `faulty`: the parts with a wrong
    shape, own or inherited, as paths of names below the service. `inherited`: the paths from which it inherits fields.
    """

    path: Path
    raw: Mapping[str, Any]
    settings: ServiceSettings
    top: Stackfile
    cluster: str | None = None
    faulty: frozenset[Names] = frozenset()
    inherited: Mapping[str, Path] = field(default_factory=dict)

    def has_fault(self, field: str) -> bool:
        """Whether a part of a field has a wrong shape."""
        return any(faulty[0] == field for faulty in self.faulty)

    def where(self, path: Path) -> Path:
        """The whole path of a part of the service; for an inherited field, the path that it is inherited from."""
        first = path[0] if path else ''
        if isinstance(first, str) and first not in self.raw and first in self.inherited:
            return self.inherited[first]
        return (*self.path, *path)


@dataclass(frozen=True)
class Rule:
    """A rule runs if a field that it reads is set, and all of them are complete and have the right shape."""

    reads: tuple[Names, ...]
    fields: frozenset[str]
    find: Callable[[Subject], Iterator[Finding]]

    def apply(self, subject: Subject) -> list[Finding]:
        """The findings, with whole paths."""
        is_set = not self.fields.isdisjoint(subject.raw) or not self.fields.isdisjoint(subject.inherited)
        if not is_set or any(_overlap(read, faulty) for faulty in subject.faulty for read in self.reads):
            return []
        if not all(_is_complete(subject, read) for read in self.reads):
            return []
        return [(subject.where(path), message) for path, message in self.find(subject)]


def rule(*reads: str) -> Callable[[Callable[[Subject], Iterator[Finding]]], Rule]:
    """Decorator of a function that reads these fields of a service or of the top, such as `elb.ports.container`."""
    names = tuple(tuple(read.split('.')) for read in reads)
    return lambda find: Rule(names, frozenset(read[0] for read in names), find)


def _is_complete(subject: Subject, names: Names) -> bool:
    """Whether no required part is missing on the path to a field; an optional part may be absent."""
    return _has_required(subject.settings if hasattr(subject.settings, names[0]) else subject.top, names)


def _has_required(part: Any, names: Names) -> bool:
    if isinstance(part, tuple):
        return all(_has_required(item, names) for item in part)
    if not names:
        return True
    value = getattr(part, names[0])
    if value is None:
        return not any(entry.required for entry in entries(part.__class__) if entry.name == names[0])
    return _has_required(value, names[1:])


def _overlap(one: Names, other: Names) -> bool:
    """Whether one path is equal to the other or below it."""
    return one[: len(other)] == other[: len(one)]
