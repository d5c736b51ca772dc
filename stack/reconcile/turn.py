"""The turn of one service in a plan: what it waits for, its gates, and where it stands for others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from stack.reconcile import gates
from stack.reconcile.draft import Blocked, Draft, NotBegun
from stack.reconcile.gates import Occasion, Planned
from stack.reconcile.ledger import Begun, GateRun, Ledger
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Row, Step, Until, Waits
from stack.reconcile.service import Definition
from stack.reconcile.tasks import run_mark
from stack.reconcile.wanted import Wanted
from stack.stackfile.order_fields import Gate

# ready: it has succeeded as it is wanted · pending: it is on its way · failed: not without a person
Standing = Literal['ready', 'pending', 'failed']

_ROLLOUTS = frozenset(
    {
        'ecs:CreateService',
        'ecs:UpdateService',
        'ecs:DeleteService',
        'ecs:RunTask',
        'scheduler:CreateSchedule',
        'scheduler:UpdateSchedule',
    }
)
_REMOVALS = ('Delete', 'Deregister', 'Remove', 'Untag')


@dataclass
class Findings:
    """What the turns of a plan are decided by, and what they find: see `stack.reconcile.plan.Plan`."""

    observed: Observed
    ledger: Ledger
    starts: dict[str, GateRun | Begun] = field(default_factory=dict)
    waits: list[Waits] = field(default_factory=list)
    not_begun: list[str] = field(default_factory=list)
    gate_failed: list[str] = field(default_factory=list)
    rolled_back: dict[str, str] = field(default_factory=dict)


@dataclass
class Turn:
    """One service in its turn: what its plan is made of, and where it stands for those that need it."""

    found: Findings
    wanted: Wanted
    draft: Draft
    occasion: Occasion
    retry: bool = True
    definition: Definition | None = None
    # The step that creates its log group.
    log_group: str | None = None
    standing: Standing = 'ready'
    why: str = ''
    # The steps that others come after; empty until one of them asks.
    _last: tuple[str | None, ...] = ()

    @property
    def service(self) -> Service | None:
        return self.found.observed.service(self.wanted.service)

    def failed_after(self) -> GateRun | None:
        """The task after the last rollout that failed, where that rollout brought what is wanted."""
        after = self._after_rollout()
        return gates.failed_run(self.found.ledger, self.wanted, self.wanted.order.after, after) if after else None

    def _after_rollout(self) -> Occasion | None:
        """The occasion of the tasks after the last rollout; None where it brought something else."""
        begun = self.found.ledger.begun.get(self.wanted.service)
        if begun is None or begun.definition != self.occasion.definition:
            return None
        return replace(self.occasion, since=begun.at)

    def plan_rollback(self, run: GateRun) -> Row:
        """Add the step that goes back to the former task definition. Raises `Blocked` where the new one stays."""
        begun, service = self.found.ledger.begun[self.wanted.service], self.service
        reason = gates.failure_text(run)
        self.found.gate_failed.append(self.wanted.service)
        if not self.wanted.order.rolls_back or begun.former is None or service is None:
            stays = '' if begun.former is None or service is None else ' The new task definition stays.'
            raise NotBegun(reason + stays)
        name = begun.former.rpartition('/')[2]
        self.draft.note(f'{reason} It is rolled back to {name}.', blocks=True)
        self.found.rolled_back[self.wanted.service] = begun.former
        self._fail(reason)
        if service.task_definition == begun.former:
            return Row(self.wanted.service, 'nothing')
        self.draft.add(
            'service/roll-back',
            'ecs:UpdateService',
            f'Roll {self.wanted.service} back to {name}',
            {'cluster': self.occasion.cluster, 'service': service.name, 'taskDefinition': begun.former},
        )
        return Row(self.wanted.service, 'update')

    def block(self, blocked: Blocked) -> Row:
        """Replace what is planned for the service by a note: nothing is done until a person acts."""
        self._fail(str(blocked))
        self.draft = Draft(self.draft.owner)
        self.draft.note(blocked.note, blocks=True)
        return Row(self.wanted.service, 'nothing')

    def _fail(self, why: str) -> None:
        self.standing, self.why = 'failed', why

    def conclude(self, row: Row, needed: Sequence['Turn']) -> Row:
        """Put the steps of the rollout after those of the services that it needs, directly or through others.

        Raises `Blocked` where it must not begin.
        """
        if self.standing != 'failed':
            self._conclude(needed)
        acts = row.action == 'nothing' and any(step.changes_something for step in self.draft.steps)
        return Row(row.service, 'update', row.changes) if acts else row

    def _conclude(self, needed: Sequence['Turn']) -> None:
        rollout = [step.id for step in self.draft.steps if _is_rollout(step)]
        if not rollout:
            self._stand()
            return
        self.standing = 'pending'
        waits_for = self._pending(needed)
        after: list[str | None] = [step for other in waits_for for step in other.last_steps()]
        brings = self._brings_definition()
        count = len(self.draft.steps)
        planned = self._before_rollout(after) if brings else Planned(tuple(after), {}, '')
        self.draft.put_before(rollout, len(self.draft.steps) - count, [*after, *planned.after])
        self.found.starts |= planned.starts
        is_checked = bool(self.wanted.order.after) and brings
        if waits_for or planned.gate or is_checked:
            self._wait(waits_for, '' if waits_for else planned.gate)
        if is_checked:
            self._begin(rollout)

    def _pending(self, needed: Sequence['Turn']) -> list['Turn']:
        """Those of the needed services that it has to wait for. Raises `Blocked` where one of them has failed."""
        for other in needed:
            if other.standing == 'failed':
                self.found.not_begun.append(self.wanted.service)
                raise NotBegun(f'Not begun: it needs {other.wanted.service}. {other.why}')
        return [other for other in needed if other.standing == 'pending']

    def _wait(self, others: Sequence['Turn'], gate: str) -> None:
        """Record what keeps the service from having succeeded: other services, a gate, or its own rollout."""
        names = [other.wanted.service for other in others]
        direct = [name for name in names if name in self.wanted.order.needs]
        self.found.waits.append(Waits(self.wanted.service, tuple(direct or names), gate))

    def _brings_definition(self) -> bool:
        """Whether the rollout deploys another task definition; a restart deploys the same."""
        if self.definition is None or self.wanted.runs_once:
            return False
        service = self.service
        if service is None or not service.active:
            return True
        changed = any(change.path != 'restarted_at' for change in self.definition.changes)
        return self.definition.ref != service.task_definition and changed

    def _before_rollout(self, after: Iterable[str | None]) -> Planned:
        ledger, order = self.found.ledger, self.wanted.order
        if failed := gates.failed_run(ledger, self.wanted, order.before, self.occasion):
            self.found.gate_failed.append(self.wanted.service)
            raise NotBegun(f'{gates.failure_text(failed)} Its rollout was not begun.')
        first = (self.log_group, *after)
        return gates.plan_gates(self.draft, self.wanted, 'pre_deploy', ledger, self.occasion, first)

    def _begin(self, rollout: list[str]) -> None:
        """Add the tasks after a rollout that begins now, and record that it did."""
        service = self.service
        former = service.task_definition if service and service.active else None
        begun = Begun(self.wanted.service, self.occasion.definition, former, self.occasion.now)
        self.found.starts |= {rollout[-1]: begun}
        self._plan_after(replace(self.occasion, since=self.occasion.now), (self._succeeded(),))

    def _plan_after(self, occasion: Occasion, after: tuple[str | None, ...]) -> str:
        planned = gates.plan_gates(self.draft, self.wanted, 'post_deploy', self.found.ledger, occasion, after)
        self.found.starts |= planned.starts
        self._last = planned.after
        return planned.gate

    def _stand(self) -> None:
        """Where a service stands that does not change."""
        service = self.service
        if self.wanted.runs_once:
            self._stand_as_task()
        elif service is None or not service.active:
            self.standing = 'ready'
        elif service.rollout_state == 'FAILED':
            self._fail('ECS gave its rollout up.')
        elif self.definition and self.definition.rolled_back:
            self._fail('ECS rolled it back.')
        else:
            self.standing = 'ready' if service.is_settled else 'pending'
            self._check_after(service)

    def _check_after(self, service: Service) -> None:
        """Add the tasks after a rollout that began in an earlier pass."""
        after = self._after_rollout()
        open_gates = after and any(
            _is_due(self.found.ledger, self.wanted, gate, after) for gate in self.wanted.order.after
        )
        if after is None or not open_gates:
            return
        self.standing = 'pending'
        gate = self._plan_after(after, () if service.is_settled else (self._succeeded(),))
        self._wait((), gate if service.is_settled else '')

    def _stand_as_task(self) -> None:
        run = self.found.ledger.runs.get((self.wanted.service, ''))
        if run is None or run.definition != run_mark(self.occasion.revision) or run.state == 'succeeded':
            self.standing = 'ready'
        elif run.state == 'failed':
            self._fail(gates.failure_text(run))
        else:
            self.standing = 'pending'

    def last_steps(self) -> tuple[str | None, ...]:
        """The steps that others come after: its changes, and the end of its rollout or of the tasks after it."""
        if not self._last and not self.wanted.schedule:
            self._last = (self._tasks_succeeded() if self.wanted.runs_once else self._succeeded(),)
        changes = (step.id for step in self.draft.steps if step.changes_something and not _is_removal(step))
        return (*changes, *self._last)

    def _succeeded(self) -> str:
        name = self.wanted.service
        known = next((step.id for step in self.draft.steps if step.id == f'{name}/service/succeeded'), None)
        return known or self.draft.add(
            'service/succeeded',
            'ecs:DescribeServices',
            f'Wait until the rollout of {name} has succeeded',
            {'cluster': self.occasion.cluster, 'services': [name]},
            after=[step.id for step in self.draft.steps if _is_rollout(step)],
            until=Until('services.0.deployments.0.rolloutState', ('COMPLETED',)),
            later=True,
        )

    def _tasks_succeeded(self) -> str:
        name = self.wanted.service
        runs = [step.id for step in self.draft.steps if step.kind == 'ecs:RunTask']
        mark = run_mark(self.occasion.revision)
        if runs:
            self.found.starts |= {runs[0]: self._task_run(mark)}
        return self.draft.add(
            'task/succeeded',
            'ecs:DescribeTasks',
            f'Wait until {name} has ended with exit code 0',
            {'cluster': self.occasion.cluster, 'tasks': [mark]},
            after=runs,
            until=gates.STOPPED,
            later=True,
        )

    def _task_run(self, mark: str) -> GateRun:
        known = self.found.ledger.runs.get((self.wanted.service, ''))
        if known is not None and known.mark == mark:
            return known
        return GateRun(
            service=self.wanted.service,
            gate='',
            stage='run',
            definition=mark,
            mark=mark,
            family=self.wanted.family,
            container=self.wanted.order.container,
            timeout=0,
            at=self.occasion.now,
            count=self.wanted.count,
            asked_at=self.occasion.asked_at,
        )


def _is_rollout(step: Step) -> bool:
    return step.kind in _ROLLOUTS and '/gate/' not in step.id


def _is_removal(step: Step) -> bool:
    return step.kind.partition(':')[2].startswith(_REMOVALS)


def _is_due(ledger: Ledger, wanted: Wanted, gate: Gate, occasion: Occasion) -> bool:
    run = gates.of_occasion(ledger, wanted, gate, occasion)
    return run is None or run.state != 'succeeded'
