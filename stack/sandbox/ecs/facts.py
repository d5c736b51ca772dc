"""What is known of a service over time: its tasks, its rollouts and their results. Metrics are derived from it."""

import math
from dataclasses import dataclass

from stack.sandbox.ecs.deployments import UNDER_WAY
from stack.sandbox.ecs.model import Service, Task
from stack.sandbox.ecs.strategies.traffic import balancers
from stack.sandbox.ecs.world import World


@dataclass(frozen=True)
class Span:
    """A stretch of time in seconds since 1970; `end` is infinite while it lasts."""

    start: float
    end: float = math.inf

    def covers(self, at: float) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True)
class PastRollout:
    """A rollout of a revision; `failed` if it was stopped or rolled back."""

    span: Span
    revision: str
    failed: bool


@dataclass(frozen=True)
class ServiceFacts:
    """One service. `tasks` has those of the last hour only, `rollouts` the last 100, the oldest first.

    `planned`: the count before an autoscaler changed it; 0 where none did.
    """

    cluster: str
    name: str
    created_at: float
    desired: int
    target_groups: tuple[str, ...]
    tasks: tuple[Span, ...]
    unhealthy: tuple[Span, ...]
    rollouts: tuple[PastRollout, ...]
    planned: int = 0

    @property
    def carrying(self) -> int:
        """The number of tasks that its peak load is meant for, whatever an autoscaler makes of it."""
        return max(1, self.planned or self.desired)

    @property
    def key(self) -> str:
        return f'{self.cluster}/{self.name}'


def facts_of(world: World, service: Service) -> ServiceFacts:
    tasks = [
        task
        for task in world.region.clusters[service.cluster].tasks.values()
        if task.service == service.name and 'startedAt' in task.times
    ]
    return ServiceFacts(
        cluster=service.cluster,
        name=service.name,
        created_at=service.created_at,
        desired=service.desired,
        target_groups=tuple(
            balancer['targetGroupArn']
            for deployment in service.deployments[:1]
            for balancer in balancers(deployment)
            if 'targetGroupArn' in balancer
        ),
        tasks=tuple(map(_span, tasks)),
        unhealthy=tuple(_span(task) for task in tasks if _is_unhealthy(task)),
        rollouts=tuple(
            PastRollout(
                Span(record.created_at, record.finished_at or math.inf),
                record.target,
                record.rollback is not None or record.status not in (*UNDER_WAY, 'SUCCESSFUL'),
            )
            for record in reversed(service.rollouts)
        ),
        planned=service.planned,
    )


def _span(task: Task) -> Span:
    end = task.times.get('executionStoppedAt', task.times.get('stoppedAt', math.inf))
    return Span(task.times['startedAt'], end)


def _is_unhealthy(task: Task) -> bool:
    return any('unhealthy' in container.behaviour.split() for container in task.containers)
