"""The ledger of gates: which one-off tasks were started for which task definition, and how they ended. Pure values.

A scheduler records in it, within the lease of the cluster, before it makes a call: whatever is killed or lost, the
next pass knows what may have been started.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, TypeVar

from stack.errors import StateUnreadable

K = TypeVar('K')
V = TypeVar('V')

# Before the rollout of a service, after it, or the tasks of a `type: task` that others need.
Stage = Literal['pre_deploy', 'post_deploy', 'run']
# starting: RunTask may have been called · running: ECS has shown its task
GateState = Literal['starting', 'running', 'succeeded', 'failed']

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """One run of a gate. `gate` is its name, empty for the tasks of a `type: task`.

    `definition` is the fingerprint of the service's task definition, `mark` the `startedBy` of its tasks, `family` that
    of their own task definition, and `container` the one whose exit code counts. Times are in seconds since the epoch.
    `asked_at` is when the newest message was sent for which it was started. `task_definition` is the ARN of its own
    task definition until that is deregistered.
    """

    service: str
    gate: str
    stage: Stage
    definition: str
    mark: str
    family: str
    container: str
    timeout: int
    at: float
    count: int = 1
    state: GateState = 'starting'
    attempt: int = 1
    asked_at: float | None = None
    task: str | None = None
    task_definition: str | None = None
    exit_code: int | None = None
    reason: str = ''
    lines: tuple[str, ...] = ()
    ended_at: float | None = None

    @property
    def key(self) -> Key:
        return self.service, self.gate

    @property
    def is_open(self) -> bool:
        return self.state in ('starting', 'running')

    @property
    def text(self) -> str:
        """The gate as text, such as `pre_deploy migrate`."""
        return f'{self.stage} {self.gate}' if self.gate else f'its task {self.service}'

    def may_be_retried(self, asked_at: float | None) -> bool:
        """Whether a change or deploy was requested after the one for which it was started."""
        return asked_at is not None and asked_at > (self.at if self.asked_at is None else self.asked_at)


@dataclass(frozen=True, slots=True)
class Begun:
    """The last rollout of a service that has tasks after it.

    `former` is the ARN of the task definition that ran before, None for a new service.
    """

    service: str
    definition: str
    former: str | None
    at: float


@dataclass(frozen=True)
class Ledger:
    """The newest run of each gate, and the last rollout of each service that has tasks after it."""

    runs: Mapping[Key, GateRun] = field(default_factory=dict)
    begun: Mapping[str, Begun] = field(default_factory=dict)

    def with_(self, *records: GateRun | Begun) -> 'Ledger':
        runs = {record.key: record for record in records if isinstance(record, GateRun)}
        begun = {record.service: record for record in records if isinstance(record, Begun)}
        return Ledger({**self.runs, **runs}, {**self.begun, **begun})

    def restored(self, record: GateRun | Begun, former: 'Ledger') -> 'Ledger':
        """The ledger with what a former one has in place of a record."""
        if isinstance(record, GateRun):
            return Ledger(_restored(self.runs, former.runs, record.key), self.begun)
        return Ledger(self.runs, _restored(self.begun, former.begun, record.service))

    def without(self, records: Collection[GateRun | Begun]) -> 'Ledger':
        runs = {record.key for record in records if isinstance(record, GateRun)}
        begun = {record.service for record in records if isinstance(record, Begun)}
        return Ledger(
            {key: run for key, run in self.runs.items() if key not in runs},
            {name: record for name, record in self.begun.items() if name not in begun},
        )

    @property
    def open_runs(self) -> list[GateRun]:
        return [run for run in self.runs.values() if run.is_open]

    def of(self, service: str) -> list[GateRun]:
        """The runs of one service, in the order in which they began."""
        return list(self._by_service.get(service, ()))

    @cached_property
    def _by_service(self) -> Mapping[str, list[GateRun]]:
        """A view of a cluster asks for the runs of each of its services."""
        found: dict[str, list[GateRun]] = {}
        for run in sorted(self.runs.values(), key=lambda run: run.at):
            found.setdefault(run.service, []).append(run)
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            'runs': [asdict(run) for run in self.runs.values()],
            'begun': [asdict(begun) for begun in self.begun.values()],
        }


EMPTY = Ledger()

_RUN, _BEGUN = (frozenset(each.name for each in fields(kind)) for kind in (GateRun, Begun))


def read_ledger(record: Any) -> Ledger:
    """What `to_json` gave; an empty ledger where none is recorded. Members of a later version are ignored.

    Raises `StateUnreadable`: an unreadable ledger is no reason to run anything again.
    """
    if record is None:
        return EMPTY
    try:
        runs = [GateRun(**{**_known(run, _RUN), 'lines': tuple(run['lines'])}) for run in record['runs']]
        return EMPTY.with_(*runs, *(Begun(**_known(begun, _BEGUN)) for begun in record['begun']))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StateUnreadable('What is recorded of tasks before and after rollouts cannot be read.') from None


def _known(record: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name in names}


def _restored(now: Mapping[K, V], former: Mapping[K, V], key: K) -> dict[K, V]:
    others = {name: value for name, value in now.items() if name != key}
    return {**others, key: former[key]} if key in former else others
