"""Plans as data: a row for each service, notes, and the AWS calls (steps) in their order.

`planner` makes plans, `stack.scheduler` applies them, and the API shows them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stack.reconcile.ledger import Begun, GateRun

Action = Literal['create', 'update', 'replace', 'run', 'destroy', 'unmanage', 'nothing']
# The actions that start tasks.
STARTING: tuple[Action, ...] = ('create', 'update', 'replace', 'run')


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
    """The action on one service, and the differences behind it."""

    service: str
    action: Action
    changes: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            'service': self.service,
            'action': self.action,
            'changes': [change.to_json() for change in self.changes],
        }


@dataclass(frozen=True)
class Note:
    """A remark on a plan for people; `service` is None where it concerns the whole cluster.

    `code` is that of the error that the plan would be refused with. A note that `blocks` is the reason why
    nothing is planned for the service until a person acts.
    """

    service: str | None
    text: str
    code: str | None = None
    blocks: bool = False

    def to_json(self) -> dict[str, Any]:
        return {'service': self.service, 'message': self.text} | ({'code': self.code} if self.code else {})


@dataclass(frozen=True)
class ResultOf:
    """A placeholder in a step's arguments for the value at `path` of an earlier step's response.

    `after`: only the part of a text that follows it.
    """

    step: str
    path: str
    after: str = ''


@dataclass(frozen=True)
class Joined:
    """A placeholder for a text of several parts."""

    parts: tuple[str | ResultOf, ...]


@dataclass(frozen=True)
class Until:
    """A wait condition: the call is repeated until the response has one of `values` at `path`.

    A missing path counts as None. The step fails where the response has one of `failures`.
    """

    path: str
    values: tuple[Any, ...]
    failures: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Step:
    """One AWS call. `kind` names it as `ecs:RegisterTaskDefinition`, `text` describes it to a person.

    `not_yet`: error codes for a resource that is still in use; the call is then retried later. `already`: error codes
    for what an earlier attempt, whose answer was lost, has done. `later`: what it waits for takes longer than a pass,
    so that a later pass, which observes it, goes on from there. `interrupts`: requests to the service fail for a while.
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
    already: tuple[str, ...] = ()
    later: bool = False
    interrupts: bool = False

    @property
    def changes_something(self) -> bool:
        return self.until is None

    def to_json(self) -> dict[str, Any]:
        """The step without its arguments, which contain the values of environment variables."""
        return {
            'id': self.id,
            'kind': self.kind,
            'service': self.service,
            'text': self.text,
            'waits': self.until is not None,
            'interrupts': self.interrupts,
            'depends_on': list(self.depends_on),
            'why': [change.to_json() for change in self.why],
        }


@dataclass(frozen=True)
class Waits:
    """What keeps the rollout of a service from going on: other services, or a gate of its own.

    `wave` counts from 1.
    """

    service: str
    services: tuple[str, ...] = ()
    gate: str = ''
    wave: int = 1

    def to_json(self) -> dict[str, Any]:
        return {'service': self.service, 'services': list(self.services), 'gate': self.gate, 'wave': self.wave}


@dataclass(frozen=True)
class Plan:
    """The rows of all services, and the steps in topological order.

    `unmanaged` are services that run in ECS and are not in the desired state: they are left unchanged. `waves` are the
    services that change: each wave begins when what it needs in those before has succeeded. `not_begun` are services
    that do not change for now, since what they need has failed, and `gate_failed` those whose own gate has; of these
    `rolled_back` has the ARN of the task definition that is deployed again. `starts` has what is recorded before a step
    is begun, by its id, and `ends` what is recorded once it is done; `obsolete` records are dropped.
    """

    cluster: str
    rows: tuple[Row, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    unmanaged: tuple[str, ...] = field(default=())
    waves: tuple[tuple[str, ...], ...] = ()
    waits: tuple[Waits, ...] = ()
    not_begun: tuple[str, ...] = ()
    gate_failed: tuple[str, ...] = ()
    rolled_back: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, GateRun | Begun] = field(default_factory=dict)
    ends: Mapping[str, GateRun] = field(default_factory=dict)
    obsolete: tuple[GateRun | Begun, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no step, not even a wait."""
        return not self.steps

    @property
    def id(self) -> str:
        """A hash of rows and steps: equal for plans with the same effect."""
        steps = [[step.id, step.kind, step.arguments, step.depends_on] for step in self.steps]
        rows = [row.to_json() for row in self.rows]
        text = json.dumps([self.cluster, rows, steps], default=_reference, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        return {
            'id': self.id,
            'cluster': self.cluster,
            'services': [row.to_json() for row in self.rows],
            'steps': [step.to_json() for step in self.steps],
            'notes': [note.to_json() for note in self.notes],
            'unmanaged': list(self.unmanaged),
            'waves': [list(wave) for wave in self.waves],
        }


def _reference(value: Any) -> Any:
    if isinstance(value, ResultOf):
        return {'result_of': value.step, 'path': value.path} | ({'after': value.after} if value.after else {})
    if isinstance(value, Joined):
        return {'joined': list(value.parts)}
    raise TypeError(f'a plan holds plain values, not {type(value).__name__}')


_MISSING = object()


def at_path(answer: Any, path: str) -> Any:
    """The value of a response at a path of names and positions; None where there is none.

    `?NAME` is the first item of a list that has a true value under that name.
    """
    for part in path.split('.'):
        if isinstance(answer, Mapping):
            answer = answer.get(part, _MISSING)
        elif isinstance(answer, list | tuple) and part.startswith('?'):
            answer = next((item for item in answer if item.get(part[1:])), _MISSING)
        elif isinstance(answer, list | tuple) and part.isdecimal() and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            return None
        if answer is _MISSING:
            return None
    return answer


def filled_in(arguments: Any, answers: Mapping[str, Any]) -> Any:
    """Arguments with every `ResultOf` replaced by the value in the response of its step.

    Raises `LookupError` where that step has no response, or the response has no value at the path.
    """
    if isinstance(arguments, ResultOf):
        found = at_path(answers[arguments.step], arguments.path)
        if found is None:
            raise LookupError(f'{arguments.step} answered nothing at {arguments.path}')
        return found.partition(arguments.after)[2] if arguments.after else found
    if isinstance(arguments, Joined):
        return ''.join(filled_in(arguments.parts, answers))
    if isinstance(arguments, Mapping):
        return {name: filled_in(value, answers) for name, value in arguments.items()}
    if isinstance(arguments, list | tuple):
        return [filled_in(value, answers) for value in arguments]
    return arguments


def differences(before: Any, after: Any, path: str = '') -> list[Change]:
    """The differences of two documents by field; mappings are compared by key, lists as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [
            change
            for name in sorted({*before, *after}, key=str)
            for change in differences(before.get(name), after.get(name), f'{path}.{name}' if path else str(name))
        ]
    return [] if before == after else [Change(path, before, after)]
