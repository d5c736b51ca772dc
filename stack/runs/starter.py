"""The loop of a scheduler that carries out requests for runs, each an object in the bucket.

The client token of the request keeps two schedulers from starting two tasks.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from stack.aws.ports import ListedObject, ObjectDeleter, ObjectLister, ObjectReader, PerCluster
from stack.configuration.accounts import FindPlace
from stack.errors import AwsFailed, Throttled, Unavailable
from stack.runs.history import History
from stack.runs.records import RunRecords
from stack.runs.requests import PREFIX
from stack.runs.run import Run
from stack.runtime.stored_requests import StoredRequests

NO_DEFINITION = 'TaskDefinition not found'
ADVICE = 'Correct what AWS names, and run it again.'


class Bucket(ObjectReader, ObjectLister, ObjectDeleter, Protocol):
    """The calls that requests are read and removed by."""


class Runs(Protocol):
    """Starts one task by the arguments of RunTask, and returns its ARN: see `stack.aws.ecs_runs.EcsRuns`."""

    async def run(self, arguments: Mapping[str, Any]) -> str: ...


class RunStarter(StoredRequests):
    def __init__(
        self,
        bucket: Bucket,
        records: RunRecords,
        starters: PerCluster[Runs],
        place_of: FindPlace,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        super().__init__(bucket, PREFIX, place_of, sleep)
        self._bucket = bucket
        self._records = records
        self._starters = starters

    async def _carry_out(self, stored: ListedObject) -> None:
        cluster, service, run = stored.key.removeprefix(PREFIX).split('/')
        request = await self._bucket.get(stored.key)
        if request is None:
            return
        try:
            arn = await (await self._starters.of(cluster)).run(json.loads(request.body))
        except (Throttled, Unavailable):
            raise
        except AwsFailed as failed:
            await self._store(cluster, service, run, partial(_refused, failed.message))
        else:
            task = arn.rpartition('/')[2]
            await self._store(cluster, service, run, lambda known: replace(known, state='starting', task=task))
        await self._bucket.delete(stored.key)

    async def _store(self, cluster: str, service: str, run: str, change: Callable[[Run], Run]) -> None:
        """Change the run in the record, unless a look at its task has shown more of it meanwhile."""

        def changed(history: History) -> History:
            known = history.find(run)
            return history if known is None or known.state != 'requested' else history.with_run(change(known))

        await self._records.update(cluster, service, changed)


def _refused(what: str, run: Run) -> Run:
    if NO_DEFINITION in what:
        what = 'The service has no task definition in ECS yet: deploy it first.'
    return replace(run, state='refused', reason={'kind': 'refused', 'what': what, 'advice': ADVICE})
