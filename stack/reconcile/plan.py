"""What would be done to make a cluster match its desired state: rows for each service, and the steps in their order.

A plan is data. It is shown to people, compared, and applied step by step; who makes it and who applies it is elsewhere.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal['create', 'update', 'replace', 'run', 'destroy', 'unmanage', 'nothing']


@dataclass(frozen=True)
class Change:
    """One difference of one field; `path` as `image` or `environment.SERVER_PORT`, None on the side that has it not."""

    path: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        return {'path': self.path, 'before': self.before, 'after': self.after}


@dataclass(frozen=True)
class Row:
    """What becomes of one service."""

    service: str
    action: Action
    changes: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {'service': self.service, 'action': self.action, 'changes': [each.to_json() for each in self.changes]}


@dataclass(frozen=True)
class Note:
    """Something that a person should know of a plan; `service` is None where it concerns the whole cluster.

    `code` is that of the error that the plan would be refused with. One that `blocks` is why nothing is planned for the
    service until a person acts.
    """

    service: str | None
    text: str
    code: str | None = None
    blocks: bool = False

    def to_json(self) -> dict[str, Any]:
        return {'service': self.service, 'message': self.text} | ({'code': self.code} if self.code else {})


@dataclass(frozen=True)
class ResultOf:
    """Stands in a step's arguments for what an earlier step's answer holds at `path`, as `LoadBalancers.0.DNSName`."""

    step: str
    path: str


@dataclass(frozen=True)
class Until:
    """Makes a step wait: its call is repeated until the answer holds one of `values` at `path`.

    A path that the answer does not have counts as None. Ends in failure where the answer holds one of `failures`.
    """

    path: str
    values: tuple[Any, ...]
    failures: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Step:
    """One AWS call. `kind` names it as `ecs:RegisterTaskDefinition`, `text` says it to a person.

    `not_yet` holds the error codes with which AWS says that it has not let go yet: then the call is made again later.
    """

    id: str
    kind: str
    service: str | None
    text: str
    arguments: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    why: tuple[Change, ...] = ()
    until: Until | None = None
    not_yet: tuple[str, ...] = ()

    @property
    def changes_something(self) -> bool:
        return self.until is None

    def to_json(self) -> dict[str, Any]:
        """The step without its arguments: those hold the values of environment variables."""
        return {
            'id': self.id,
            'kind': self.kind,
            'service': self.service,
            'text': self.text,
            'waits': self.until is not None,
            'depends_on': list(self.depends_on),
            'why': [each.to_json() for each in self.why],
        }


@dataclass(frozen=True)
class Plan:
    """The rows of all services and the steps, each after those that it depends on.

    `unmanaged` are services that run in ECS and are not in the desired state: they are left alone.
    """

    cluster: str
    rows: tuple[Row, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    unmanaged: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done, or waited for."""
        return not self.steps

    @property
    def id(self) -> str:
        """The same for two plans that would do the same."""
        steps = [[each.id, each.kind, each.arguments, each.depends_on] for each in self.steps]
        rows = [each.to_json() for each in self.rows]
        text = json.dumps([self.cluster, rows, steps], default=_reference, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        return {
            'id': self.id,
            'cluster': self.cluster,
            'services': [each.to_json() for each in self.rows],
            'steps': [each.to_json() for each in self.steps],
            'notes': [each.to_json() for each in self.notes],
            'unmanaged': list(self.unmanaged),
        }


def _reference(value: Any) -> Any:
    if isinstance(value, ResultOf):
        return {'result_of': value.step, 'path': value.path}
    raise TypeError(f'a plan holds plain values, not {type(value).__name__}')


_MISSING = object()


def at_path(answer: Any, path: str) -> Any:
    """What an answer holds at a path of names and positions; None where it does not."""
    for part in path.split('.'):
        if isinstance(answer, Mapping):
            answer = answer.get(part, _MISSING)
        elif isinstance(answer, list | tuple) and part.isdecimal() and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            return None
        if answer is _MISSING:
            return None
    return answer


def filled_in(arguments: Any, answers: Mapping[str, Any]) -> Any:
    """Arguments with every `ResultOf` replaced by what the answer of its step holds.

    Raises `LookupError` where that step has no answer, or its answer nothing at the path.
    """
    if isinstance(arguments, ResultOf):
        found = at_path(answers[arguments.step], arguments.path)
        if found is None:
            raise LookupError(f'{arguments.step} answered nothing at {arguments.path}')
        return found
    if isinstance(arguments, Mapping):
        return {name: filled_in(value, answers) for name, value in arguments.items()}
    if isinstance(arguments, list | tuple):
        return [filled_in(value, answers) for value in arguments]
    return arguments


def differences(before: Any, after: Any, path: str = '') -> list[Change]:
    """Every field in which two documents of plain values differ, the mappings in them entered, lists compared whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [
            change
            for name in sorted({*before, *after}, key=str)
            for change in differences(before.get(name), after.get(name), f'{path}.{name}' if path else str(name))
        ]
    return [] if before == after else [Change(path, before, after)]
