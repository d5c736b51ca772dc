"""Runs plans, judges what happened, and shortens the plan of a seed that fails."""

import gc
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

from stack.errors import NysaError
from tests.simulation import approvals, changes, channel, leases, passes, reads, summaries
from tests.simulation.plan import Plan
from tests.simulation.world import World

MODELS: dict[str, ModuleType] = {
    each.NAME: each for each in (channel, summaries, changes, approvals, passes, leases, reads)
}

# A plan is shortened for so long at most, in seconds.
SHRINK_S = 90.0


@dataclass(frozen=True)
class Outcome:
    """Everything that happened in a plan, and the promises that it breaks: their names with what breaks them."""

    plan: Plan
    broken: tuple[tuple[str, str], ...]
    trace: tuple[str, ...]

    @property
    def promises(self) -> set[str]:
        return {name for name, _ in self.broken}

    def __str__(self) -> str:
        lines = [str(self.plan), '', *self.trace, '', *(f'{name}: {what}' for name, what in self.broken)]
        return '\n'.join(lines)


class _Surprises(logging.Handler):
    """Collects the exceptions that the product logs and did not expect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not isinstance(record.exc_info[1], NysaError):
            self.found.append(f'{record.getMessage()}: {record.exc_info[1]!r}')


def attempt(plan: Plan) -> Outcome:
    """Run a plan."""
    model, world = MODELS[plan.model], World(plan)
    surprises, records = _Surprises(), []

    async def work(world: World) -> None:
        records.append(await model.run(world))

    root = logging.getLogger()
    root.addHandler(surprises)
    try:
        odd = world.run(work)
    finally:
        root.removeHandler(surprises)
        world.discard()
    broken = [('no_surprise', what) for what in (*odd, *surprises.found)]
    for record in records:
        broken += model.judge(record)
    trace = [f'{at:7.3f}  {who} {what}' for at, who, what in world.network.trace]
    for record in records:
        trace += ['', *record.lines()]
    return Outcome(plan, tuple(broken), tuple(trace))


def attempt_seed(model: str, seed: str) -> Outcome:
    """Run the plan of a seed."""
    gc.disable()
    try:
        return attempt(MODELS[model].make_plan(seed))
    finally:
        gc.enable()


def shrink(failure: Outcome, until: Callable[[], float] = time.perf_counter) -> Outcome:
    """The shortest plan that was found to break one of the same promises, in at most `SHRINK_S`."""
    end = until() + SHRINK_S
    best = failure
    promises = failure.promises

    def better(plan: Plan) -> bool:
        nonlocal best
        found = attempt(plan) if until() < end else None
        if found is None or not found.promises & promises:
            return False
        best = found
        return True

    size = max(1, len(best.plan.steps) // 2)
    while True:
        removed = _remove(best.plan, size, better, lambda: best.plan)
        if size == 1 and not removed:
            break
        size = size if removed and size == 1 else max(1, size // 2)
    for simpler in _simpler(best.plan):
        better(simpler)
    return best


def _remove(plan: Plan, size: int, better: Callable[[Plan], bool], newest: Callable[[], Plan]) -> bool:
    """Leave out runs of `size` steps, from the last to the first, wherever the plan still fails without them."""
    removed, at = False, len(plan.steps)
    while at > 0:
        at = max(0, at - size)
        steps = newest().steps
        if at < len(steps) and better(newest().with_steps(steps[:at] + steps[at + size :])):
            removed = True
    return removed


def _simpler(plan: Plan) -> Iterable[Plan]:
    """The same steps in a simpler world."""
    fields = plan.__dict__
    for replicas in range(1, plan.replicas):
        yield Plan(**{**fields, 'replicas': replicas})
    yield Plan(**{**fields, 'disorder': 0.0})
