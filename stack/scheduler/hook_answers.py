"""The loop of a scheduler that carries out the answers to paused deployments, each an object in the bucket.

ECS accepts one answer to a hook, so that two schedulers may carry out the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from stack.aws.ports import ListedObject, ObjectDeleter, ObjectLister, ObjectReader, ObjectReplacer, PerCluster
from stack.configuration.accounts import FindPlace
from stack.errors import AwsFailed, Throttled, Unavailable
from stack.rollouts.hook_answer import PREFIX, read_answer
from stack.runtime.stored_requests import StoredRequests

log = logging.getLogger(__name__)

# How long the message of a refusal is kept, for the caller that waits for it.
REFUSED_KEPT = timedelta(minutes=1)


class Deployments(Protocol):
    """Answers hooks: see `stack.aws.ecs_deployments.EcsDeployments`."""

    async def answer(self, deployment: str, hook: str, action: str) -> None: ...
    async def awaits(self, deployment: str, hook: str) -> bool: ...


class Bucket(ObjectReader, ObjectLister, ObjectDeleter, ObjectReplacer, Protocol):
    """The calls that answers are read, marked and removed by."""


class HookAnswers(StoredRequests):
    def __init__(
        self,
        bucket: Bucket,
        deployments: PerCluster[Deployments],
        place_of: FindPlace,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        super().__init__(bucket, PREFIX, place_of, sleep)
        self._bucket = bucket
        self._deployments = deployments
        self._now = now

    async def _carry_out(self, stored: ListedObject) -> None:
        body = await self._bucket.get(stored.key)
        if body is None:
            return
        answer = read_answer(body.body)
        if answer.refused is not None:
            if self._now() - answer.age_from > REFUSED_KEPT:
                await self._bucket.delete(stored.key)
            return
        deployments = await self._deployments.of(answer.cluster)
        try:
            await deployments.answer(answer.deployment, answer.hook, answer.action.upper())
        except (Throttled, Unavailable):
            raise
        except AwsFailed as failed:
            # Otherwise an earlier call, whose reply was lost, has answered it.
            if await deployments.awaits(answer.deployment, answer.hook):
                log.error('AWS refuses the answer to the pause of %s in %s: %s', answer.service, answer.cluster, failed)
                await self._bucket.replace(stored.key, replace(answer, refused=failed.message).dump())
                return
        await self._bucket.delete(stored.key)
