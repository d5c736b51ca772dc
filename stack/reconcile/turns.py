"""The turns of all services in one plan.

A rollout begins when everything that its service needs, directly or through others, has succeeded as it is wanted.
Only services that change wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stack.reconcile import gates
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.gates import Occasion
from stack.reconcile.ledger import Begun, GateRun
from stack.reconcile.names import Owner
from stack.reconcile.plan import Plan, Row
from stack.reconcile.turn import Findings, Turn
from stack.reconcile.wanted import Wanted
from stack.stackfile.waves import closure, cycles, waves


@dataclass
class Turns:
    """All services of a plan in their order."""

    everything: Mapping[str, Wanted]
    found: Findings
    revision: str
    asked_at: float | None = None
    _turns: dict[str, Turn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        needs = {name: wanted.order.needs for name, wanted in self.everything.items()}
        self._needs = closure(needs)
        placed = [name for wave in waves(needs) for name in wave]
        # Those in a cycle come last, and are blocked.
        self._stuck = frozenset(self.everything).difference(placed)
        self.order = [*placed, *(name for name in self.everything if name in self._stuck)]
        self._places = {name: place for place, name in enumerate(self.order)}
        self._cycle = next((' → '.join((*cycle, cycle[0])) for cycle in cycles(needs)), '')

    def take(self, wanted: Wanted, draft: Draft) -> Turn:
        occasion = Occasion(
            self.found.observed.cluster,
            gates.definition_mark(wanted) if wanted.order.before or wanted.order.after else '',
            self.revision,
            self.found.observed.at,
            self.asked_at,
        )
        turn = self._turns[wanted.service] = Turn(self.found, wanted, draft, occasion)
        return turn

    def check(self, wanted: Wanted) -> None:
        """Raises `Blocked` for a service that waits for itself."""
        if wanted.service in self._stuck:
            raise Blocked(f'The services wait for each other: {self._cycle}.')

    def needed(self, wanted: Wanted) -> list[Turn]:
        """The turns of all services that a service needs, directly or through others, in their order."""
        needs = self._needs[wanted.service] & self._places.keys()
        return [self._turns[name] for name in sorted(needs, key=self._places.__getitem__)]

    def _waves(self, rows: Iterable[Row]) -> tuple[tuple[str, ...], ...]:
        """The services that change, in waves."""
        changing = {row.service for row in rows if row.action not in ('nothing', 'destroy')}
        needs = {name: self._needs[name] & changing for name in self.everything if name in changing}
        return tuple(tuple(wave) for wave in waves(needs))

    def placed(self, plan: Plan, ends: Mapping[str, GateRun]) -> Plan:
        """A plan with its waves, what services wait for, and what is recorded with its steps."""
        in_waves = self._waves(plan.rows)
        numbers = {name: number for number, wave in enumerate(in_waves, start=1) for name in wave}
        steps = {step.id for step in plan.steps}
        return replace(
            plan,
            waves=in_waves,
            waits=tuple(replace(each, wave=numbers.get(each.service, 1)) for each in self.found.waits),
            not_begun=tuple(self.found.not_begun),
            gate_failed=tuple(self.found.gate_failed),
            rolled_back=self.found.rolled_back,
            starts={step: record for step, record in self.found.starts.items() if step in steps},
            ends=ends,
            obsolete=(*self._obsolete_runs(), *self._obsolete_rollouts()),
        )

    def _obsolete_runs(self) -> list[GateRun]:
        runs = (run for run in self.found.ledger.runs.values() if not run.is_open and not run.task_definition)
        return [run for run in runs if not gates.is_wanted(run, self.everything)]

    def _obsolete_rollouts(self) -> list[Begun]:
        return [begun for name, begun in self.found.ledger.begun.items() if name not in self.everything]

    def upkeep(self) -> tuple[list[Draft], dict[str, GateRun]]:
        """Drafts of what is left to do for runs of gates, and what is recorded once their steps are done."""
        observed, ledger = self.found.observed, self.found.ledger
        drafts: list[Draft] = []
        ends: dict[str, GateRun] = {}
        for name in dict.fromkeys(run.service for run in ledger.runs.values()):
            draft = Draft(Owner(observed.cluster, name))
            ends |= gates.plan_upkeep(draft, observed.cluster, ledger.of(name), observed.at)
            drafts.append(draft)
        return drafts, ends
