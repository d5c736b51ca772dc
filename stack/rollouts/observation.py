"""What one look at ECS showed of a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stack.errors import AwsFailed
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_state import Service, Task
from stack.rollouts.pass_outcome import PassOutcome


@dataclass(frozen=True)
class Observation:
    """Services by name (None: there is none of that name), at one point in time.

    `definitions` are task definitions that were not known before, without those that are read later, and `absent` those
    that ECS does not have; `hindered` is why definitions cannot be read now. `stopped` are the newest stopped tasks of
    services, `targets` the number of targets in each state of health, both only of those that were asked for;
    `autoscaled` are services whose count belongs to an autoscaler, None where that was not asked. `runs` are the tasks
    that ran once for the revision that is followed, of the services of which that was asked. `outcome` is that of the
    last pass, read after ECS was asked; None where it was not asked for.

    `order` numbers the looks of a process by their beginning: of two that overlap, the one that began later is the
    newer one, whichever ends last. `goals` are the revisions of the rollouts that were followed when it began, by
    service.
    """

    at: datetime
    services: Mapping[str, Service | None] = field(default_factory=dict)
    definitions: Mapping[str, TaskDefinition] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    hindered: AwsFailed | None = None
    stopped: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    autoscaled: frozenset[str] | None = None
    runs: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)
    outcome: PassOutcome | None = None
    order: int = 0
    goals: Mapping[str, str] = field(default_factory=dict)
