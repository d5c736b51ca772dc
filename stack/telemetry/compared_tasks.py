"""Old and new tasks of a rollout whose CPU and memory are read, where the cluster has enhanced Container Insights.

With the cluster setting `containerInsights` on `enhanced`, CloudWatch has `TaskCpuUtilization` and
`TaskMemoryUtilization` of each task, in percent, in the namespace `ECS/ContainerInsights`, by ClusterName, ServiceName
and TaskId:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed
from stack.rollouts.ecs_state import Task
from stack.rollouts.refusals import is_denied
from stack.runtime.lru import LruCache

# CloudWatch bills each metric that is read. The ids of tasks are random, so that their order makes a random sample.
MOST_TASKS = 10
# A setting of a cluster is changed by hand, and rarely.
SETTING_KEPT_S = 600.0
MOST_CLUSTERS = 1000


class TaskLook(Protocol):
    """What is asked of ECS: see `stack.aws.ecs_look.EcsLook`. Raises `AwsFailed`."""

    async def container_insights(self, cluster: str) -> str: ...
    async def running(self, cluster: str, service: str) -> tuple[Task, ...]: ...
    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]: ...


class ComparedRollout(NamedTuple):
    """A rollout by its deployment of ECS, and when that began. `at_once`: old tasks are compared while new ones run."""

    deployment: str
    begun: datetime
    at_once: bool


class TaskSides(NamedTuple):
    """The ids of the tasks that are read; without the setting there are none."""

    old: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()


NO_TASKS = TaskSides()


class ComparedTasks:
    """Looks the tasks up at each call, and the setting of a cluster every ten minutes."""

    def __init__(self, looks: PerCluster[TaskLook], clock: Callable[[], float] = time.monotonic):
        self._looks = looks
        self._clock = clock
        self._settings: LruCache[str, tuple[float, bool]] = LruCache(MOST_CLUSTERS)

    async def of(self, cluster: str, service: str, rollout: ComparedRollout) -> TaskSides:
        """The tasks of both sides; the old ones only where they are compared at once. Raises `AwsFailed`."""
        look = await self._looks.of(cluster)
        if not await self._is_enhanced(look, cluster):
            return NO_TASKS
        return sides([*await look.running(cluster, service), *await look.stopped(cluster, service)], rollout)

    async def _is_enhanced(self, look: TaskLook, cluster: str) -> bool:
        known = self._settings.get(cluster)
        if known is not None and self._clock() - known[0] < SETTING_KEPT_S:
            return known[1]
        at = self._clock()
        try:
            is_enhanced = await look.container_insights(cluster) == 'enhanced'
        except AwsFailed as failed:
            if not is_denied(failed.aws_code):
                raise
            is_enhanced = False
        self._settings.put(cluster, (at, is_enhanced))
        return is_enhanced


def sides(tasks: Iterable[Task], rollout: ComparedRollout) -> TaskSides:
    """A sample of the tasks of each side. What began since in other deployments belongs to neither."""
    started = [task for task in tasks if task.started_at is not None]
    new = (task for task in started if task.started_by == rollout.deployment)
    old = (task for task in started if task.started_by != rollout.deployment and _ran(task, rollout.begun))
    return TaskSides(_sample(old) if rollout.at_once else frozenset(), _sample(new))


def _ran(task: Task, at: datetime) -> bool:
    return task.started_at is not None and task.started_at < at and (task.stopped_at is None or task.stopped_at > at)


def _sample(tasks: Iterable[Task]) -> frozenset[str]:
    return frozenset(sorted(task.id for task in tasks)[:MOST_TASKS])
