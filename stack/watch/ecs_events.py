"""The events of ECS that EventBridge sends to a queue: hints to look, in any order and possibly repeated.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.aws.ports import MessageConsumer
from stack.errors import AwsFailed
from stack.rollouts import ecs_state
from stack.rollouts.ecs_state import Task

log = logging.getLogger(__name__)

# How long one call waits for messages (a stop has to wait as long), and how long they are hidden from others until they
# are deleted, in seconds.
WAIT_S = 2
HIDDEN_S = 30
PAUSE_S = 5.0


@dataclass(frozen=True)
class Occurrence:
    """Something has happened to a service; `task` is the task that it happened to, if it was one.

    `ecs_cluster` is the name in ECS, `account` the id of AWS. What was run by itself has a `family` and no service.
    """

    ecs_cluster: str
    service: str
    account: str = ''
    region: str = ''
    task: Task | None = None
    family: str = ''

    def service_in(self, cluster: str) -> str:
        """The service, where that is the name of the cluster in Nysa; empty where it is none of its services.

        A family names cluster and service: see `stack.stackfile.naming`.
        """
        prefix = f'{cluster}-'
        return self.service or (self.family.removeprefix(prefix) if self.family.startswith(prefix) else '')


Hint = Callable[[str, str, Task | None], None]


def read(body: str) -> Occurrence | None:
    """The occurrence in a message; None if it is about no service, or no event of ECS."""
    try:
        event = json.loads(body)
        kind, detail = event['detail-type'], event['detail']
        if kind == 'ECS Task State Change':
            return _of_task(detail['clusterArn'], detail)
        if kind == 'ECS Hook State Change':
            # Its `resources` name the service deployment, or are missing.
            return _of_service(detail['serviceArn'])
        if kind in ('ECS Service Action', 'ECS Deployment State Change'):
            return _of_service(event['resources'][0])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    return None


def _of_service(arn: str) -> Occurrence:
    beginning, cluster, service = arn.rsplit('/', 2)
    _, _, _, region, account, _ = beginning.split(':')
    return Occurrence(cluster, service, account, region)


def _of_task(cluster_arn: str, detail: Mapping[str, Any]) -> Occurrence | None:
    beginning, _, cluster = cluster_arn.rpartition('/')
    _, _, _, region, account, _ = beginning.split(':')
    kind, _, name = detail.get('group', '').partition(':')
    if kind == 'service':
        return Occurrence(cluster, name, account, region, ecs_state.task(detail))
    if kind == 'family':
        return Occurrence(cluster, '', account, region, family=name)
    return None


# The managed cluster that an ECS cluster is, by its name there, the account's id of AWS and the region; None for none.
ClusterAt = Callable[[str, str, str], str | None]


class EcsEvents:
    """Events from the queue, and from another process that shares it; `forward` passes on those from the queue.

    Rules of several accounts may send to one queue: an event is a hint for the cluster at its account and region.
    """

    def __init__(
        self,
        queue: MessageConsumer,
        hint: Hint,
        cluster_at: ClusterAt,
        pause_s: float = PAUSE_S,
        forward: Callable[[str], None] = lambda _: None,
    ):
        self._cluster_at = cluster_at
        self._queue = queue
        self._hint = hint
        self._pause_s = pause_s
        self._forward = forward

    async def run(self) -> None:
        """Take what comes, until cancelled."""
        while True:
            try:
                await self.take()
            except AwsFailed as failed:
                log.warning('the queue of ECS events does not answer: %s', failed)
                await asyncio.sleep(self._pause_s)

    async def take(self) -> None:
        """Wait for messages, and pass them on as hints. Raises `AwsFailed`."""
        messages = await self._queue.receive(WAIT_S, HIDDEN_S)
        for message in messages:
            self.hear(message.body)
            self._forward(message.body)
        if messages:
            await self._queue.delete(messages)

    def hear(self, body: str) -> None:
        """Pass a message on as a hint."""
        occurrence = read(body)
        if occurrence is None:
            return
        cluster = self._cluster_at(occurrence.ecs_cluster, occurrence.account, occurrence.region)
        service = occurrence.service_in(cluster) if cluster else ''
        if cluster and service:
            self._hint(cluster, service, occurrence.task)
