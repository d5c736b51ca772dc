"""The last lines that a task wrote to its log before it stopped, where its log driver is awslogs.

They show why it failed, and are read before ECS gives a rollout up: without a circuit breaker it never does.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_health
from stack.rollouts.ecs_state import EPOCH, Task
from stack.rollouts.stop_reasons import classify
from stack.runtime.lru import LruCache
from stack.runtime.moments import stamp
from stack.stackfile.main_container import main_first

log = logging.getLogger(__name__)

LINES_KEPT = 50
# What one question for a service may cost: so many streams are read, and none again before so many seconds are over.
STREAMS_ASKED = 3
AGAIN_S = 5.0
SERVICES_KEPT = 1000

Json = dict[str, Any]


class Look(Protocol):
    """What is asked of ECS and of its logs: see `stack.aws.ecs_look.EcsLook`."""

    async def definition(self, arn: str) -> TaskDefinition | None: ...
    async def log_lines(self, group: str, stream: str, region: str | None, most: int) -> list[Json]: ...


@dataclass(frozen=True)
class _Reading:
    task: str
    at: float
    found: asyncio.Task[Json | None]

    def holds(self, task: str, now: float) -> bool:
        """Whether it answers for a task: what that wrote stays as it is, what others write is not asked for at once."""
        if now - self.at < AGAIN_S:
            return True
        over = self.found.done() and not self.found.cancelled() and self.found.exception() is None
        return self.task == task and over and self.found.result() is not None


class TaskLogs:
    """The logs of tasks that fail at present, read when a caller asks for them."""

    def __init__(self, looks: PerCluster[Look], clock: Callable[[], float] = time.monotonic):
        self._looks = looks
        self._clock = clock
        self._readings: LruCache[tuple[str, str], _Reading] = LruCache(SERVICES_KEPT)

    async def of(self, state: ClusterState, name: str, stopped: Sequence[Task]) -> Json | None:
        """The last lines of the newest of the stopped tasks that failed and wrote any.

        None where nothing fails now, or where the log cannot be read: it is shown beside ECS's reasons, not instead.
        """
        failed = failing(state, name, stopped)
        if not failed:
            return None
        key, now = (state.name, name), self._clock()
        reading = self._readings.get(key)
        if reading is None or not reading.holds(failed[0].arn, now):
            found = asyncio.get_running_loop().create_task(self._read(state, failed[:STREAMS_ASKED]))
            reading = _Reading(failed[0].arn, now, found)
            self._readings.put(key, reading)
        return await asyncio.shield(reading.found)

    async def _read(self, state: ClusterState, failed: Sequence[Task]) -> Json | None:
        try:
            look = await self._looks.of(state.name)
            for task in failed:
                arn = task.task_definition
                definition = state.ecs.definitions.get(arn) or await look.definition(arn)
                if found := await last_lines(look, definition, [task]):
                    return found
        except AwsFailed as refused:
            log.warning('cluster %s: the log of a task that failed cannot be read: %s', state.name, refused)
        return None


def failing(state: ClusterState, name: str, stopped: Sequence[Task]) -> list[Task]:
    """Of the stopped tasks of a service, the newest first, those that failed in what goes on now."""
    going = state.rollouts.get(name)
    since = going.goal.since if going is not None and going.open else None
    if since is None and service_health(state, name) not in ('degraded', 'failing'):
        return []
    recent = (each for each in stopped if (each.created_at or EPOCH) >= (since or EPOCH))
    return [each for each in recent if not classify(each, state.ecs.essential(each)).expected]


async def last_lines(look: Look, definition: TaskDefinition | None, stopped: Sequence[Task]) -> Json | None:
    """The last lines of the first of the tasks that wrote any. Raises `AwsFailed`."""
    for task in stopped:
        place = log_stream(definition, task)
        if place is None:
            continue
        group, stream, region = place
        lines = await look.log_lines(group, stream, region, LINES_KEPT)
        if lines:
            shown = [{'at': _moment(each['timestamp']), 'message': each['message']} for each in lines]
            return {'group': group, 'stream': stream, 'task': task.id, 'lines': shown}
    return None


def log_stream(definition: TaskDefinition | None, task: Task) -> tuple[str, str, str | None] | None:
    """Log group, stream and region of a task's main container, else of the first one with awslogs; None without one.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    """
    body = main_first(definition.body, task.service) if definition else {}
    for container in body.get('containerDefinitions', ()):
        configuration = container.get('logConfiguration') or {}
        options = configuration.get('options') or {}
        group, prefix = options.get('awslogs-group'), options.get('awslogs-stream-prefix')
        if configuration.get('logDriver') == 'awslogs' and group and prefix:
            return group, f'{prefix}/{container["name"]}/{task.id}', options.get('awslogs-region')
    return None


def _moment(milliseconds: int) -> str:
    return stamp(datetime.fromtimestamp(milliseconds / 1000, UTC))
