"""What is known of a service over time: its tasks, its rollouts and their results. Metrics are derived from it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from stack.sandbox.ecs.deployments import UNDER_WAY
from stack.sandbox.ecs.model import Cluster, Service, Task
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
class PastTask:
    """When a task ran; `groups` are its target groups, `revision` is the one that it runs."""

    span: Span
    groups: tuple[str, ...] = ()
    id: str = ''
    revision: str = ''


@dataclass(frozen=True)
class PastRollout:
    """A rollout of a revision; `failed` if it was stopped or rolled back. `groups` are its target groups."""

    span: Span
    revision: str
    failed: bool
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceFacts:
    """One service. `tasks` has those of the last hour only, `rollouts` the last 100, the oldest first.

    `target_groups` has the share of the traffic that each has from a time on, the oldest first; without a time it has
    all. `planned`: the count before an autoscaler changed it; 0 where none did. `insights` is the cluster's setting
    `containerInsights`.
    """

    cluster: str
    name: str
    created_at: float
    desired: int
    target_groups: Mapping[str, tuple[tuple[float, float], ...]]
    tasks: tuple[PastTask, ...]
    unhealthy: tuple[PastTask, ...]
    rollouts: tuple[PastRollout, ...]
    planned: int = 0
    insights: str = 'disabled'

    @property
    def carrying(self) -> int:
        """The number of tasks that its peak load is meant for, whatever an autoscaler makes of it."""
        return max(1, self.planned or self.desired)

    @property
    def key(self) -> str:
        return f'{self.cluster}/{self.name}'

    def share(self, group: str, at: float) -> float:
        """The share of the traffic that a target group has, from 0 to 1. Before the first move it was as then."""
        moves = self.target_groups[group]
        return next((share for since, share in reversed(moves) if since <= at), moves[0][1] if moves else 1.0)


def facts_of(world: World, service: Service) -> ServiceFacts:
    cluster = world.region.clusters[service.cluster]
    tasks = [task for task in cluster.tasks.values() if task.service == service.name and 'startedAt' in task.times]
    groups = {revision.id: tuple(filter(None, revision.groups)) for revision in service.revisions}
    targets = {record.deployment: record.target for record in service.rollouts}

    def past(task: Task) -> PastTask:
        revision = targets.get(task.deployment or '', '')
        return PastTask(_span(task), groups.get(revision, ()), task.id, revision)

    return ServiceFacts(
        cluster=service.cluster,
        name=service.name,
        created_at=service.created_at,
        desired=service.desired,
        target_groups=_target_groups(service),
        tasks=tuple(map(past, tasks)),
        unhealthy=tuple(past(task) for task in tasks if _is_unhealthy(task)),
        rollouts=tuple(
            PastRollout(
                Span(record.created_at, record.finished_at or math.inf),
                record.target,
                record.rollback is not None or record.status not in (*UNDER_WAY, 'SUCCESSFUL'),
                groups.get(record.target, ()),
            )
            for record in reversed(service.rollouts)
        ),
        planned=service.planned,
        insights=_insights(cluster),
    )


def _insights(cluster: Cluster) -> str:
    settings = cluster.spec['settings']
    return next((str(each['value']) for each in settings if each['name'] == 'containerInsights'), 'disabled')


def _target_groups(service: Service) -> dict[str, tuple[tuple[float, float], ...]]:
    """The groups that traffic was led to by weights, and those of the newest deployment."""
    live = [
        str(balancer['targetGroupArn'])
        for deployment in service.deployments[:1]
        for balancer in balancers(deployment)
        if 'targetGroupArn' in balancer
    ]
    moved = [group for move in service.traffic for group in move.shares]
    return {
        group: tuple((move.at, move.shares[group]) for move in service.traffic if group in move.shares)
        for group in dict.fromkeys([*live, *moved])
    }


def _span(task: Task) -> Span:
    return Span(task.times['startedAt'], task.times.get('executionStoppedAt', task.times.get('stoppedAt', math.inf)))


def _is_unhealthy(task: Task) -> bool:
    return any('unhealthy' in container.behaviour.split() for container in task.containers)
