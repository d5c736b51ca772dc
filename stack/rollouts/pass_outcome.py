"""The outcome of the last pass on a cluster, per service: what AWS refused, what was blocked, what is not made yet.

The scheduler keeps it in the lease object, with the revision that the pass deployed, so that every replica can show it
and no rollout counts as succeeded while a part that ECS does not show could not be made. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from stack.errors import AwsFailed, NysaError
from stack.reconcile.ledger import EMPTY, Ledger
from stack.reconcile.plan import Plan, Step, Waits
from stack.rollouts.progress import Progress
from stack.state.revisions import Revision

# The code of a service that the planner leaves alone until a person acts, and of a wait that was given up.
BLOCKED = 'Blocked'
NOT_RELEASED = 'NotReleased'
# The codes of a service whose task before or after the rollout failed, and of one that needs such a service.
GATE_FAILED = 'GateFailed'
NOT_BEGUN = 'NotBegun'

# Calls that only remove what is no longer wanted: a service is complete without them.
_REMOVALS = ('Delete', 'Deregister', 'Remove', 'Untag')


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service is not as it should be: AWS's own code and message of a `call` (`elbv2:CreateListener`).

    `call` is None where no call was made: the service is blocked, or the pass failed before its first step. `since` is
    when it was refused first, `tries` in how many passes in a row.
    """

    call: str | None
    code: str
    message: str
    since: datetime
    tries: int = 1

    def after(self, before: 'Refusal | None') -> 'Refusal':
        """The refusal, counted on from the one of the pass before, where that was the same."""
        if before is None or (before.call, before.code) != (self.call, self.code):
            return self
        return replace(self, since=before.since, tries=before.tries + 1)

    def to_json(self) -> dict[str, Any]:
        return {
            'call': self.call,
            'code': self.code,
            'message': self.message,
            'since': self.since.isoformat(),
            'tries': self.tries,
        }


@dataclass(frozen=True)
class PassOutcome:
    """One pass, as far as it is known; `number` and `written` order outcomes, the later is the newer.

    `revision` was stored at `stored_at`. `ended` is false while the pass works, `given_up` true once its messages are
    given up; `asked_at` is when the newest of them was sent. `refused` is by service, `failed` is why the pass as a
    whole failed. Services in `unfinished` lack something that is wanted; those in `blocked` are left alone until a
    person acts. `waits` has by service what its rollout waits for, `rolled_back` the task definition that is deployed
    again after a failed check, and `ledger` the runs of gates.
    """

    number: int
    revision: str
    stored_at: datetime
    written: datetime
    ended: bool = False
    given_up: bool = False
    asked_at: datetime | None = None
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    failed: Refusal | None = None
    unfinished: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    waits: Mapping[str, Waits] = field(default_factory=dict)
    rolled_back: Mapping[str, str] = field(default_factory=dict)
    ledger: Ledger = EMPTY

    def of(self, service: str) -> Refusal | None:
        return self.refused.get(service) or self.failed

    def is_unfinished(self, service: str) -> bool:
        return service in self.unfinished or self.failed is not None

    def is_final(self, service: str) -> bool:
        """Whether no pass will try again before the next change, or the next message."""
        return self.ended and (self.given_up or service in self.blocked)

    def is_newer_than(self, other: 'PassOutcome | None') -> bool:
        return other is None or (self.number, self.written) > (other.number, other.written)

    def concerns(self, revision: str, stored_at: datetime, current: str | None) -> bool:
        """Whether the pass was for a service's revision, or a later one; `current` is the newest that is known."""
        return self.revision in (revision, current) or self.stored_at > stored_at

    def fits(self, plan: Plan) -> bool:
        """Whether it is the outcome of a plan without steps."""
        known = not self.failed and not self.unfinished - self.blocked and not self.waits
        return known and self.refused.keys() == blocked_services(plan)

    def to_json(self) -> dict[str, Any]:
        return {
            'number': self.number,
            'revision': self.revision,
            'stored_at': self.stored_at.isoformat(),
            'written': self.written.isoformat(),
            'ended': self.ended,
            'given_up': self.given_up,
            'asked_at': self.asked_at.isoformat() if self.asked_at else None,
            'refused': {name: each.to_json() for name, each in self.refused.items()},
            'failed': self.failed.to_json() if self.failed else None,
            'unfinished': sorted(self.unfinished),
            'blocked': sorted(self.blocked),
            **({'waits': [each.to_json() for each in self.waits.values()]} if self.waits else {}),
            **({'rolled_back': dict(self.rolled_back)} if self.rolled_back else {}),
        }


def read_outcome(record: Any) -> PassOutcome | None:
    """What `to_json` gave; None for anything else: an outcome that cannot be read is as good as none."""
    try:
        asked_at, failed = record['asked_at'], record['failed']
        return PassOutcome(
            int(record['number']),
            record['revision'],
            datetime.fromisoformat(record['stored_at']),
            datetime.fromisoformat(record['written']),
            bool(record['ended']),
            bool(record['given_up']),
            datetime.fromisoformat(asked_at) if asked_at else None,
            {name: _refusal(each) for name, each in record['refused'].items()},
            _refusal(failed) if failed else None,
            frozenset(record['unfinished']),
            frozenset(record['blocked']),
            {
                each['service']: Waits(**{**each, 'services': tuple(each['services'])})
                for each in record.get('waits', ())
            },
            dict(record.get('rolled_back', {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _waits(record: Mapping[str, Any]) -> Waits:
    return Waits(record['service'], tuple(record['services']), record['gate'], int(record['wave']))


def _refusal(record: Mapping[str, Any]) -> Refusal:
    since = datetime.fromisoformat(record['since'])
    return Refusal(record['call'], record['code'], record['message'], since, int(record['tries']))


class PassLog:
    """What one pass has come to so far: it is written with each renewal of the lease, and at the end."""

    def __init__(self, number: int, revision: Revision, before: PassOutcome | None, asked_at: datetime | None):
        self._number = number
        self._revision = revision
        self._before = before
        self._asked_at = asked_at
        self._plan: Plan | None = None
        self._progress: dict[str, Progress] = {}
        self._failed: Refusal | None = None
        self._ended = self._given_up = self._waited = False

    def begin(self, plan: Plan) -> None:
        """What will be done; only a plan of Nysa's own planner has steps and notes by service."""
        self._plan = plan if isinstance(plan, Plan) else None

    def take(self, progress: Progress) -> None:
        """What became of one step."""
        if progress.state != 'started':
            self._progress[progress.step.id] = progress

    def fail(self, error: NysaError) -> None:
        """The pass failed as a whole, before its first step."""
        self._failed = _of_error(error, None, datetime.now(UTC))

    def end(self, given_up: bool) -> None:
        self._ended, self._given_up = True, given_up

    def to_json(self) -> dict[str, Any]:
        return self.outcome(datetime.now(UTC)).to_json()

    def outcome(self, now: datetime) -> PassOutcome:
        before = self._before.refused if self._before else {}
        plan = self._plan or Plan(self._revision.cluster)
        blocked = {note.service: note.text for note in plan.notes if note.blocks and note.service}
        refused = {name: Refusal(None, _code(plan, name), text, now) for name, text in blocked.items()}
        refused |= _refusals(plan, self._progress, now, waits=self._given_up)
        failed = self._failed and self._failed.after(self._before.failed if self._before else None)
        return PassOutcome(
            self._number,
            self._revision.id,
            self._revision.stored_at,
            now,
            self._ended,
            self._given_up,
            self._asked_at,
            {name: each.after(before.get(name)) for name, each in refused.items()},
            failed,
            _unfinished(plan, self._progress) | blocked.keys() | {each.service for each in plan.waits},
            frozenset(blocked),
            {each.service: each for each in plan.waits},
            plan.rolled_back,
        )


def _code(plan: Plan, service: str) -> str:
    if service in plan.gate_failed:
        return GATE_FAILED
    return NOT_BEGUN if service in plan.not_begun else BLOCKED


def _refusals(plan: Plan, progress: Mapping[str, Progress], now: datetime, waits: bool) -> dict[str, Refusal]:
    """By service, the first of its steps that was refused, or else of those that its steps depend on."""
    causes: dict[str, Refusal] = {}
    found: dict[str, Refusal] = {}
    for step in plan.steps:
        cause = _cause(step, progress.get(step.id), now, waits)
        cause = cause or next((causes[each] for each in step.depends_on if each in causes), None)
        if cause is None:
            continue
        causes[step.id] = cause
        if step.service:
            found.setdefault(step.service, cause)
    return found


def _cause(step: Step, progress: Progress | None, now: datetime, waits: bool) -> Refusal | None:
    if progress is None:
        return None
    if progress.state == 'failed' and progress.error is not None:
        return _of_error(progress.error, step.kind, now)
    if waits and progress.state == 'waiting':
        return Refusal(step.kind, NOT_RELEASED, f'{step.text}: AWS did not finish it in time.', now)
    return None


def _of_error(error: NysaError, call: str | None, now: datetime) -> Refusal:
    if not isinstance(error, AwsFailed):
        return Refusal(call, error.code, error.message, now)
    operation = error.operation or call
    message = error.message.removeprefix(f'AWS refused {operation}: {error.aws_code}: ')
    return Refusal(operation, error.aws_code, message, now)


def _unfinished(plan: Plan, progress: Mapping[str, Progress]) -> frozenset[str]:
    """The services that lack something: what ECS does not show is not made yet, or was refused."""
    return frozenset(
        step.service
        for step in plan.steps
        if step.service and not _is_removal(step) and _is_missing(step, progress.get(step.id))
    )


def _is_missing(step: Step, progress: Progress | None) -> bool:
    if progress is not None and progress.state in ('done', 'failed'):
        return progress.state == 'failed'
    return step.changes_something and not step.kind.startswith('ecs:')


def _is_removal(step: Step) -> bool:
    operation = step.kind.partition(':')[2]
    changes = step.arguments.get('ChangeBatch', {}).get('Changes', ())
    return operation.startswith(_REMOVALS) or (bool(changes) and all(each['Action'] == 'DELETE' for each in changes))


def blocked_services(plan: Plan) -> frozenset[str]:
    """The services that a plan leaves alone until a person acts."""
    return frozenset(note.service for note in plan.notes if note.blocks and note.service)
