"""Mistakes and warnings of a stackfile, and the error that reports them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stack.errors import InvalidStackfile
from stack.stackfile.places import Path

# The most details in one response.
MAX_DETAILS = 200


@dataclass(frozen=True)
class Problem:
    """One mistake or warning; line and column count from 1, and are None where there is no text."""

    path: Path
    message: str
    line: int | None = None
    column: int | None = None

    @property
    def where(self) -> str:
        """The path as text: `services[2].email-worker.elb.ports.public`."""
        return path_text(self.path)

    @property
    def identity(self) -> tuple[tuple[str, ...], str]:
        """Names and message, without indexes and position: unchanged when items of lists move."""
        return tuple(part for part in self.path if isinstance(part, str)), self.message

    def detail(self) -> dict[str, Any]:
        """A detail of an API error: `{"path", "line"?, "column"?, "message"}`."""
        position = {} if self.line is None else {'line': self.line, 'column': self.column}
        return {'path': self.where, **position, 'message': self.message}

    def __str__(self) -> str:
        return f'{self.where}: {self.message}' if self.path else self.message


@dataclass(frozen=True)
class Report:
    """The result of `check`, in the order of the document."""

    mistakes: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def new_mistakes(before: Report, after: Report) -> tuple[Problem, ...]:
    """The mistakes of `after` that a change introduced.

    A mistake that occurred once before and occurs twice now was introduced once.
    """
    known = Counter(problem.identity for problem in before.mistakes)
    fresh = []
    for problem in after.mistakes:
        if known[problem.identity]:
            known[problem.identity] -= 1
        else:
            fresh.append(problem)
    return tuple(fresh)


def refusal(mistakes: Sequence[Problem], warnings: Sequence[Problem] = ()) -> InvalidStackfile:
    """The error that reports these mistakes, at least one."""
    first = str(mistakes[0])
    message = first if len(mistakes) == 1 else f'The desired state has {len(mistakes):,} mistakes. The first: {first}'
    return InvalidStackfile(message, details(mistakes), details(warnings))


def in_text(faults: Sequence[Problem]) -> str:
    """The message of an error for a text with these faults, at least one."""
    first = faults[0]
    more = f' (and {len(faults) - 1} more)' if len(faults) > 1 else ''
    return f'line {first.line}, column {first.column}: {first.message}{more}'


def details(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """The details of an error: the first `MAX_DETAILS` problems, and the number of further ones."""
    shown = [problem.detail() for problem in problems[:MAX_DETAILS]]
    left = len(problems) - len(shown)
    return [*shown, {'path': '', 'message': f'… and {left:,} more'}] if left else shown


def path_text(path: Iterable[str | int]) -> str:
    text = ''
    for part in path:
        if isinstance(part, int):
            text += f'[{part}]'
        elif re.fullmatch(r'[\w-]+', part):
            text += f'.{part}' if text else part
        else:
            text += f'["{part if len(part) <= 60 else part[:59] + "…"}"]'
    return text
