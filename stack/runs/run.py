"""One run of a task as a value, and as it is stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from stack.runtime.moments import stamp

# schedule: EventBridge Scheduler started it · request: a caller · revision: a scheduler of Nysa, once for a revision ·
# other: another program, or a person
Trigger = Literal['schedule', 'request', 'revision', 'other']
# requested: not known to ECS yet · refused: ECS did not start it · missed: no task started when the schedule was due
State = Literal['requested', 'starting', 'running', 'succeeded', 'failed', 'refused', 'missed']

OPEN: frozenset[State] = frozenset({'requested', 'starting', 'running'})
FAILURES: frozenset[State] = frozenset({'failed', 'refused', 'missed'})

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """`due` is when the schedule asked for it; `task` is the id of its task in ECS, None without one.

    `reason` is why it failed: `kind`, `what` and `advice`. `overrides` has the command, the names of variables, and the
    size that a caller gave. `log` has the last lines of its main container. `overlaps`: another run was under way.
    """

    id: str
    trigger: Trigger
    state: State
    created_at: datetime
    due: datetime | None = None
    task: str | None = None
    task_definition: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    exit_code: int | None = None
    overlaps: bool = False
    by: str | None = None
    message: str | None = None
    overrides: Json | None = None
    reason: Json | None = None
    log: Json | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def failed(self) -> bool:
        return self.state in FAILURES

    @property
    def seconds(self) -> float | None:
        """How long its containers ran; None before its end, or where none started."""
        if self.started_at is None or self.stopped_at is None:
            return None
        return max(0.0, round((self.stopped_at - self.started_at).total_seconds(), 3))

    def brief(self) -> dict[str, Any]:
        """The run without its log lines."""
        return {
            'id': self.id,
            'trigger': self.trigger,
            'state': self.state,
            'created_at': stamp(self.created_at),
            'due': _stamp(self.due),
            'started_at': _stamp(self.started_at),
            'stopped_at': _stamp(self.stopped_at),
            'seconds': self.seconds,
            'exit_code': self.exit_code,
            'task': self.task,
            'task_definition': self.task_definition,
            'overlaps': self.overlaps,
            'by': self.by,
            'message': self.message,
            'overrides': dict(self.overrides) if self.overrides else None,
            'reason': dict(self.reason) if self.reason else None,
        }

    def to_json(self) -> dict[str, Any]:
        return {**self.brief(), 'log': dict(self.log) if self.log else None}


def read_run(stored: Json) -> Run:
    """What `to_json` made. Raises KeyError, TypeError or ValueError for anything else."""
    values = {name: stored[name] for name in Run.__dataclass_fields__}
    times = ('created_at', 'due', 'started_at', 'stopped_at')
    return Run(**{**values, **{name: _moment(values[name]) for name in times}})


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
