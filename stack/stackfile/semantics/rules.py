"""What a rule is, and what it is given to look at."""

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
    """One service: its raw and its effective settings, and what stands around it.

    Of the settings, what is required and not there is None. `cluster` is None where the cluster is not known yet.
    `faulty` are the parts with mistakes in their shape, its own or inherited, each a path of names below the service;
    `inherited` are the paths of what stands outside the service and counts for it.
    """

    path: Path
    raw: Mapping[str, Any]
    settings: ServiceSettings
    top: Stackfile
    cluster: str | None = None
    faulty: frozenset[Names] = frozenset()
    inherited: Mapping[str, Path] = field(default_factory=dict)

    def where(self, path: Path) -> Path:
        """The whole path of a part of the service; where it inherits that field, of the field that it inherits."""
        first = path[0] if path else ''
        if isinstance(first, str) and first not in self.raw and first in self.inherited:
            return self.inherited[first]
        return (*self.path, *path)


@dataclass(frozen=True)
class Rule:
    """Looks at a service where something that it reads is set, and nothing of it is missing or has a mistake."""

    reads: tuple[Names, ...]
    fields: frozenset[str]
    find: Callable[[Subject], Iterator[Finding]]

    def apply(self, subject: Subject) -> list[Finding]:
        """What it finds, with whole paths."""
        is_set = not self.fields.isdisjoint(subject.raw) or not self.fields.isdisjoint(subject.inherited)
        if not is_set or any(_overlap(read, faulty) for faulty in subject.faulty for read in self.reads):
            return []
        if not all(_is_complete(subject, read) for read in self.reads):
            return []
        return [(subject.where(path), message) for path, message in self.find(subject)]


def rule(*reads: str) -> Callable[[Callable[[Subject], Iterator[Finding]]], Rule]:
    """Makes a rule of a function, which reads these fields of a service or of the top: `elb.ports.container`."""
    names = tuple(tuple(read.split('.')) for read in reads)
    return lambda find: Rule(names, frozenset(read[0] for read in names), find)


def _is_complete(subject: Subject, names: Names) -> bool:
    """Whether nothing that is required is missing on the way to a field; a part that is optional may be absent."""
    part: Any = subject.settings if hasattr(subject.settings, names[0]) else subject.top
    for name in names:
        value = getattr(part, name)
        if value is None:
            return not any(entry.required for entry in entries(part.__class__) if entry.name == name)
        part = value
    return True


def _overlap(one: Names, other: Names) -> bool:
    """Whether one is the other, or lies in it."""
    return one[: len(other)] == other[: len(one)]
