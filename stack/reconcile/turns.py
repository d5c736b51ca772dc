"""The turns of services in one plan: what each waits for, and what others may begin after it.

A rollout begins when everything that its service needs, directly or through others, has succeeded as it is wanted.
Only services that change wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from stack.reconcile import gates
from stack.reconcile.draft import Blocked, Draft, NotBegun
from stack.reconcile.gates import Occasion, Planned
from stack.reconcile.ledger import Begun, GateRun, Ledger
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Plan, Row, Step, Until, Waits
from stack.reconcile.service import Definition
from stack.reconcile.tasks import run_mark
from stack.reconcile.wanted import Wanted
from stack.stackfile.order_fields import Gate
from stack.stackfile.waves import closure, cycles, waves

# ready: it has succeeded as it is wanted · pending: it is on its way · failed: not without a person
Standing = Literal['ready', 'pending', 'failed']

_ROLLOUTS = frozenset({'ecs:CreateService', 'ecs:UpdateService', 'ecs:DeleteService', 'ecs:RunTask'})
_REMOVALS = ('Delete', 'Deregister', 'Remove', 'Untag')


@dataclass
class Turn:
    """One service in its turn: what its plan is made of, and where it stands for those that need it."""

    turns: 'Turns'
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
        return self.turns.observed.service(self.wanted.service)

    def failed_after(self) -> GateRun | None:
        """The task after the last rollout that failed, where that rollout brought what is wanted."""
        after = self._after_rollout()
        return gates.failed_run(self.turns.ledger, self.wanted, self.wanted.order.after, after) if after else None

    def _after_rollout(self) -> Occasion | None:
        """The occasion of the tasks after the last rollout; None where it brought something else."""
        begun = self.turns.ledger.begun.get(self.wanted.service)
        if begun is None or begun.definition != self.occasion.definition:
            return None
        return replace(self.occasion, since=begun.at)

    def plan_rollback(self, run: GateRun) -> Row:
        """Add the step that goes back to the former task definition. Raises `Blocked` where the new one stays."""
        begun, service = self.turns.ledger.begun[self.wanted.service], self.service
        reason = gates.failure_text(run)
        self.turns.gate_failed.append(self.wanted.service)
        if not self.wanted.order.rolls_back or begun.former is None or service is None:
            stays = '' if begun.former is None or service is None else ' The new task definition stays.'
            raise NotBegun(reason + stays)
        name = begun.former.rpartition('/')[2]
        self.draft.note(f'{reason} It is rolled back to {name}.', blocks=True)
        self.turns.rolled_back[self.wanted.service] = begun.former
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

    def conclude(self, row: Row) -> Row:
        """Put the steps of the rollout in their turn. Raises `Blocked` where it must not begin."""
        if self.standing != 'failed':
            self._conclude()
        acts = row.action == 'nothing' and any(step.changes_something for step in self.draft.steps)
        return Row(row.service, 'update', row.changes) if acts else row

    def _conclude(self) -> None:
        rollout = [step.id for step in self.draft.steps if _is_rollout(step)]
        if not rollout:
            self._stand()
            return
        self.standing = 'pending'
        waits_for = self.turns.before(self.wanted)
        after: list[str | None] = [step for other in waits_for for step in other.last_steps()]
        brings = self._brings_definition()
        count = len(self.draft.steps)
        planned = self._before_rollout(after) if brings else Planned(tuple(after), {}, '')
        self.draft.put_before(rollout, len(self.draft.steps) - count, [*after, *planned.after])
        self.turns.starts |= planned.starts
        if waits_for or planned.gate:
            gate = '' if waits_for else planned.gate
            self.turns.wait(self.wanted.service, waits_for, gate)
        if self.wanted.order.after and brings:
            self._begin(rollout)

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
        ledger, order = self.turns.ledger, self.wanted.order
        if failed := gates.failed_run(ledger, self.wanted, order.before, self.occasion):
            self.turns.gate_failed.append(self.wanted.service)
            raise NotBegun(f'{gates.failure_text(failed)} Its rollout was not begun.')
        first = (self.log_group, *after)
        return gates.plan_gates(self.draft, self.wanted, 'pre_deploy', ledger, self.occasion, first)

    def _begin(self, rollout: list[str]) -> None:
        """Add the tasks after a rollout that begins now, and record that it did."""
        service = self.service
        former = service.task_definition if service and service.active else None
        begun = Begun(self.wanted.service, self.occasion.definition, former, self.occasion.now)
        self.turns.starts |= {rollout[-1]: begun}
        self._plan_after(replace(self.occasion, since=self.occasion.now), (self._succeeded(),))

    def _plan_after(self, occasion: Occasion, after: tuple[str | None, ...]) -> str:
        planned = gates.plan_gates(self.draft, self.wanted, 'post_deploy', self.turns.ledger, occasion, after)
        self.turns.starts |= planned.starts
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
            _is_due(self.turns.ledger, self.wanted, gate, after) for gate in self.wanted.order.after
        )
        if after is None or not open_gates:
            return
        self.standing = 'pending'
        gate = self._plan_after(after, () if service.is_settled else (self._succeeded(),))
        self.turns.wait(self.wanted.service, (), gate if service.is_settled else '')

    def _stand_as_task(self) -> None:
        run = self.turns.ledger.runs.get((self.wanted.service, ''))
        if run is None or run.definition != run_mark(self.occasion.revision) or run.state == 'succeeded':
            self.standing = 'ready'
        elif run.state == 'failed':
            self._fail(gates.failure_text(run))
        else:
            self.standing = 'pending'

    def last_steps(self) -> tuple[str | None, ...]:
        """The steps that others come after: its changes, and the end of its rollout or of the tasks after it."""
        if not self._last:
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
            self.turns.starts |= {runs[0]: self._task_run(mark)}
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
        known = self.turns.ledger.runs.get((self.wanted.service, ''))
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


@dataclass
class Turns:
    """All services of a plan in their order."""

    everything: Mapping[str, Wanted]
    observed: Observed
    ledger: Ledger
    revision: str
    asked_at: float | None = None
    starts: dict[str, GateRun | Begun] = field(default_factory=dict)
    waits: list[Waits] = field(default_factory=list)
    not_begun: list[str] = field(default_factory=list)
    gate_failed: list[str] = field(default_factory=list)
    rolled_back: dict[str, str] = field(default_factory=dict)
    _turns: dict[str, Turn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        needs = {name: wanted.order.needs for name, wanted in self.everything.items()}
        self._needs = closure(needs)
        placed = [name for wave in waves(needs) for name in wave]
        # Those in a cycle come last, and are blocked.
        self.order = [*placed, *(name for name in self.everything if name not in placed)]
        self._stuck = frozenset(self.order[len(placed) :])
        self._cycle = next((' → '.join((*cycle, cycle[0])) for cycle in cycles(needs)), '')

    def take(self, wanted: Wanted, draft: Draft) -> Turn:
        occasion = Occasion(
            self.observed.cluster,
            gates.definition_mark(wanted) if wanted.order.before or wanted.order.after else '',
            self.revision,
            self.observed.at,
            self.asked_at,
        )
        turn = self._turns[wanted.service] = Turn(self, wanted, draft, occasion)
        return turn

    def check(self, wanted: Wanted) -> None:
        """Raises `Blocked` for a service that waits for itself."""
        if wanted.service in self._stuck:
            raise Blocked(f'The services wait for each other: {self._cycle}.')

    def before(self, wanted: Wanted) -> list[Turn]:
        """The services that it has to wait for. Raises `Blocked` where one of them has failed."""
        needed = [self._turns[name] for name in self.order if name in self._needs[wanted.service]]
        for other in needed:
            if other.standing == 'failed':
                self.not_begun.append(wanted.service)
                raise NotBegun(f'Not begun: it needs {other.wanted.service}. {other.why}')
        return [other for other in needed if other.standing == 'pending']

    def wait(self, service: str, others: Iterable[Turn], gate: str) -> None:
        names = [other.wanted.service for other in others]
        direct = self.everything[service].order.needs
        shown = [name for name in names if name in direct] or names
        self.waits.append(Waits(service, tuple(shown), gate))

    def _waves(self, rows: Iterable[Row]) -> tuple[tuple[str, ...], ...]:
        """The services that change, in waves."""
        changing = {row.service for row in rows if row.action not in ('nothing', 'destroy')}
        needs = {name: self._needs[name] & changing for name in self.everything if name in changing}
        return tuple(tuple(wave) for wave in waves(needs))

    def placed(self, plan: Plan, ends: Mapping[str, GateRun]) -> Plan:
        """A plan with its waves, what services wait for, and what is recorded with its steps."""
        found = self._waves(plan.rows)
        numbers = {name: number for number, wave in enumerate(found, start=1) for name in wave}
        steps = {step.id for step in plan.steps}
        return replace(
            plan,
            waves=found,
            waits=tuple(replace(each, wave=numbers.get(each.service, 1)) for each in self.waits),
            not_begun=tuple(self.not_begun),
            gate_failed=tuple(self.gate_failed),
            rolled_back=self.rolled_back,
            starts={step: record for step, record in self.starts.items() if step in steps},
            ends=ends,
            obsolete=(*self._obsolete_runs(), *self._obsolete_rollouts()),
        )

    def _obsolete_runs(self) -> list[GateRun]:
        runs = (run for run in self.ledger.runs.values() if not run.is_open and not run.task_definition)
        return [run for run in runs if not gates.is_wanted(run, self.everything)]

    def _obsolete_rollouts(self) -> list[Begun]:
        return [begun for name, begun in self.ledger.begun.items() if name not in self.everything]

    def upkeep(self) -> tuple[list[Draft], dict[str, GateRun]]:
        """Drafts of what is left to do for runs of gates, and what is recorded once their steps are done."""
        drafts: list[Draft] = []
        ends: dict[str, GateRun] = {}
        for name in dict.fromkeys(run.service for run in self.ledger.runs.values()):
            draft = Draft(Owner(self.observed.cluster, name))
            ends |= gates.plan_upkeep(draft, self.observed.cluster, self.ledger.of(name), self.observed.at)
            drafts.append(draft)
        return drafts, ends


def _is_rollout(step: Step) -> bool:
    return step.kind in _ROLLOUTS and '/gate/' not in step.id


def _is_removal(step: Step) -> bool:
    return step.kind.partition(':')[2].startswith(_REMOVALS)


def _is_due(ledger: Ledger, wanted: Wanted, gate: Gate, occasion: Occasion) -> bool:
    run = gates.of_occasion(ledger, wanted, gate, occasion)
    return run is None or run.state != 'succeeded'
