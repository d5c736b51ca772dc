"""The processes of the product, composed as `nysa_server` composes them, on a simulated connection.

The one place that knows how the product is put together.
"""

import asyncio
import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import nysa_server
from stack.configuration.settings import read_settings
from stack.live import snapshots
from stack.live.forms import Detail
from stack.live.snapshots import Kind, Snapshots
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.runtime.loops import Loops
from stack.runtime.metrics import Metrics
from stack.watch.watcher import POLLED, Watcher
from tests.simulation.loop import Process
from tests.simulation.network import RUN
from tests.simulation.sqs import NAME
from tests.simulation.world import World

SETTINGS = read_settings(
    {'PROFILE': 'simulation', 'AWS_S3_BUCKET': 'bucket', 'AWS_SQS_NOTIFICATION_QUEUE': NAME, 'NYSA_AUTH': 'off'}, {}, {}
)


class ComparedSnapshots(Snapshots):
    """Each snapshot that is sent is to be what would be encoded now."""

    def text(self, kind: Kind, state: ClusterState, at: datetime, values: bool, detail: Detail) -> bytes:
        sent = super().text(kind, state, at, values, detail)
        fresh = snapshots._DESCRIBE[kind](state, at, None).text(values, detail=detail)
        if sent != fresh:
            raise AssertionError(f'{sent!r} is sent where {fresh!r} is true')
        return sent


class Replica:
    """A server. `run` begins its loops: those named, of `announcements`, `proposals`, `revisions` and `watcher`."""

    def __init__(self, world: World, process: Process):
        self.world = world
        self.process = process
        aws = nysa_server.Aws(SETTINGS, world.network.connect(process), Metrics())
        self.context, self.states = nysa_server.make_context(aws)
        self.live = self.context.live
        # Documents of the simulation are small; each is prepared as a large one is.
        self.live.feed.large = 0
        compared = ComparedSnapshots()
        # What the owners of all clusters share is frozen.
        self.live.clusters.additions.subscribe(
            lambda cluster: object.__setattr__(cluster._around, 'snapshots', compared)
        )
        self.freezing = self.context.freezing
        self.sweeper = self.context.sweeper
        self.store = self.states._store
        self.changes = self.states._changes

    def run(self, loops: Iterable[str]) -> None:
        """Begin the loops that run beside the server. Called in the context of the process."""
        watcher = Watcher(self.live, self.context.looks, POLLED)
        known = {'announcements': self.sweeper.run, 'revisions': self.live.run, 'watcher': watcher.run}
        known['proposals'] = self.context.proposal_news.run
        running = Loops()
        for name in loops:
            running.start(name, known[name])

    def subscriber(self, outlet: Any, *, paced: bool = False) -> Subscriber:
        return Subscriber(outlet, paced=paced)

    def verdicts(self) -> dict[tuple[str, str, str], str]:
        """How rollouts ended, by cluster, revision and service, as far as this replica knows."""
        found = {}
        for cluster, state in self.live.states.items():
            for revision in [*state.former, state.revision.id]:
                for service, rollout in (state.of_revision(revision) or {}).items():
                    if rollout.verdict:
                        found[cluster, revision, service] = rollout.verdict.ending
        return found


class SimulatedScheduler:
    """A scheduler, each of whose passes has a name of its own in what it asks of AWS."""

    def __init__(self, world: World, process: Process):
        self.process = process
        aws = nysa_server.Aws(SETTINGS, world.network.connect(process), Metrics())
        self._scheduler = nysa_server.make_scheduler(aws)
        passes = self._scheduler._passes
        make, numbers = passes.make, itertools.count(1)

        async def make_named(*given: Any, **named: Any) -> Any:
            RUN.set(f'{process.name}/{next(numbers)}')
            return await asyncio.ensure_future(make(*given, **named))

        passes.make = make_named

    def run(self) -> None:
        """Begin. Called in the context of the process."""
        self._task = asyncio.get_running_loop().create_task(self._scheduler.run())
