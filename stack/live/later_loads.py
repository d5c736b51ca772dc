"""Load the clusters of which subscribers were sent a summary, one after the other, behind what is urgent.

After each load the next one waits for as long as it took: what else the process does has half of a processor.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from stack.errors import NysaError
from stack.live.cluster import Cluster

log = logging.getLogger(__name__)


class LaterLoads:
    """`load` loads a cluster by its name, and may raise `NysaError`: it is tried again after the others."""

    def __init__(self, load: Callable[[str], Awaitable[None]], retry_s: float):
        self._load = load
        self._retry_s = retry_s
        self._waiting: dict[Cluster, None] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, cluster: Cluster) -> None:
        """Load a cluster once loads are started."""
        self._waiting[cluster] = None

    def start(self) -> None:
        """Load what waits: a subscriber is in sync, and its synchronisation is not held up any more."""
        if self._waiting and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                cluster = next(iter(self._waiting))
                del self._waiting[cluster]
                began = loop.time()
                if cluster.state is None and cluster.readers:
                    await self._load_or_wait(cluster)
                await asyncio.sleep(loop.time() - began)
        finally:
            self._task = None

    async def _load_or_wait(self, cluster: Cluster) -> None:
        try:
            await self._load(cluster.name)
        except NysaError as error:
            log.warning('cluster %s: only its summary is known until it can be read: %s', cluster.name, error)
            self._waiting[cluster] = None
            await asyncio.sleep(self._retry_s)
        except Exception:
            # The top of a loop: one cluster must not keep the others from being loaded.
            log.exception('cluster %s: could not be loaded', cluster.name)
