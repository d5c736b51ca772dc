"""Looks at what passes wait for: the tasks of gates that are open, and rollouts in progress."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed
from stack.failures.task_logs import last_lines
from stack.reconcile.ledger import GateRun, Ledger
from stack.reconcile.names import MADE_FOR_TAG
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_state import Service, Task
from stack.rollouts.gate_runs import follow
from stack.runtime.masking import masked_text

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
MOST_DESCRIBED = 10
# What is kept of the log of a gate.
LINES_KEPT = 10
LONGEST_LINE = 300


class Look(Protocol):
    """What is asked of ECS and of its logs: see `stack.aws.ecs_look.EcsLook`."""

    async def services(self, cluster: str, names: Sequence[str], /) -> dict[str, Service | None]: ...
    async def runs(self, cluster: str, family: str, started_by: str, /) -> Sequence[Task]: ...
    async def definition(self, arn: str, /) -> TaskDefinition | None: ...
    async def log_lines(self, group: str, stream: str, region: str | None, most: int, /) -> list[dict[str, Any]]: ...


class Unobserved:
    """Stands for a look where no desired state has gates."""

    async def look(self, cluster: str, ledger: Ledger, /) -> Ledger:
        return ledger

    async def are_in_progress(self, cluster: str, services: Sequence[str], /) -> bool:
        return False


UNOBSERVED = Unobserved()


class GateLook:
    def __init__(self, looks: PerCluster[Look], clock: Callable[[], float] = time.time):
        """`clock` gives the time in seconds since the epoch."""
        self._looks = looks
        self._clock = clock

    async def look(self, cluster: str, ledger: Ledger) -> Ledger:
        """The ledger with what its open runs have come to. No call without an open run. Raises `AwsFailed`."""
        if not ledger.open_runs:
            return ledger
        look = await self._looks.of(cluster)
        return ledger.with_(*[await self._follow(look, cluster, run) for run in ledger.open_runs])

    async def are_in_progress(self, cluster: str, services: Sequence[str], /) -> bool:
        """Whether the rollouts of all these services go on. Raises `AwsFailed`."""
        look = await self._looks.of(cluster)
        for first in range(0, len(services), MOST_DESCRIBED):
            found = await look.services(cluster, services[first : first + MOST_DESCRIBED])
            primaries = [service.primary if service else None for service in found.values()]
            if not all(primary and primary.rollout_state == 'IN_PROGRESS' for primary in primaries):
                return False
        return True

    async def _follow(self, look: Look, cluster: str, run: GateRun) -> GateRun:
        tasks = await look.runs(cluster, run.family, run.mark)
        followed = follow(run, tasks, self._clock())
        if followed.is_open and not tasks and run.gate and run.task_definition is None:
            return replace(followed, task_definition=await self._registered(look, run))
        if followed.is_open or not tasks:
            return followed
        ended = next((task for task in tasks if task.arn == followed.task), tasks[-1])
        return replace(followed, lines=await self._lines(look, ended))

    async def _registered(self, look: Look, run: GateRun) -> str | None:
        """The task definition that was registered for the run, where that is all that was done so far."""
        newest = await look.definition(run.family)
        return newest.arn if newest and newest.tags.get(MADE_FOR_TAG) == run.mark else None

    async def _lines(self, look: Look, task: Task) -> tuple[str, ...]:
        """The last lines of its log without secrets, as far as it has one that may be read."""
        try:
            definition = await look.definition(task.task_definition)
            found = await last_lines(look, definition, [task])
        except AwsFailed as refused:
            log.warning('the log of task %s cannot be read: %s', task.id, refused)
            return ()
        lines = found['lines'] if found else []
        return tuple(masked_text(line['message'])[:LONGEST_LINE] for line in lines[-LINES_KEPT:])
