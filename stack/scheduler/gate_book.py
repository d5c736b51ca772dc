"""The ledger of gates during one pass: what is about to begin is recorded first, and taken back where it did not."""

from dataclasses import replace
from typing import Any

from stack.errors import AwsFailed
from stack.reconcile.ledger import EMPTY, GateRun, Ledger
from stack.reconcile.plan import Plan
from stack.rollouts.progress import Progress


class GateBook:
    def __init__(self, plan: Plan, before: Ledger):
        self._plan = plan
        self._before = before
        self._due = due_steps(plan)
        starts = [record for step, record in plan.starts.items() if step in self._due]
        self._ledger = before.without(plan.obsolete).with_(*starts)
        self._begun: set[str] = set()
        # Steps that failed and may have taken effect all the same.
        self._unknown: set[str] = set()

    def take(self, progress: Progress) -> None:
        """What became of one step."""
        step = progress.step.id
        if progress.state == 'started':
            self._begun.add(step)
        if progress.state == 'failed' and isinstance(progress.error, AwsFailed):
            self._unknown |= {step} if progress.error.pending or progress.error.retried else set()
        if progress.state == 'done' and step in self._plan.ends:
            ended = self._plan.ends[step]
            # The gate may have begun again in this pass.
            if self._ledger.runs.get(ended.key) == ended:
                self._ledger = self._ledger.with_(replace(ended, task_definition=None))

    def end(self) -> None:
        """Take back what was recorded of steps that were never begun.

        A record stays whose task definition may have been registered: the next look finds that one, and otherwise
        nothing would deregister it.
        """
        for step in self._plan.steps:
            record = self._plan.starts.get(step.id)
            is_registered = isinstance(record, GateRun) and record.gate and self._unknown.intersection(step.depends_on)
            if record and step.id in self._due - self._begun and not is_registered:
                self._ledger = self._ledger.restored(record, self._before)

    def to_json(self) -> Any:
        """The ledger as plain JSON; None where there is nothing in it."""
        return None if self._ledger == EMPTY else self._ledger.to_json()


def due_steps(plan: Plan) -> set[str]:
    """The steps that a pass may begin: those that come after no step of a later pass."""
    due: set[str] = set()
    for step in plan.steps:
        if not step.later and all(earlier in due for earlier in step.depends_on):
            due.add(step.id)
    return due


def awaited_rollouts(plan: Plan) -> tuple[str, ...]:
    """The services whose rollouts a pass left in progress; empty where it waits for a task as well."""
    due = due_steps(plan)
    steps = [step for step in plan.steps if step.later and all(earlier in due for earlier in step.depends_on)]
    if any(step.kind != 'ecs:DescribeServices' for step in steps):
        return ()
    return tuple(dict.fromkeys(step.service for step in steps if step.service))
