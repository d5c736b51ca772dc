"""A world: simulated AWS, and the processes that use it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from tests.simulation import determinism
from tests.simulation.ecs import Elsewhere, SimulatedEcs
from tests.simulation.loop import Process, SimulatedLoop, Stuck
from tests.simulation.network import Network
from tests.simulation.plan import Plan
from tests.simulation.s3 import S3
from tests.simulation.sqs import Sqs


class World:
    """Everything that is shared by the processes of one plan."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.loop = SimulatedLoop(plan.seed, plan.disorder)
        self.s3 = S3(self.now, self.day)
        self.ecs = SimulatedEcs(self.now, plan.seed)
        services: dict[str, Any] = {'s3': self.s3, 'ecs': self.ecs}
        self.network = Network(self.loop, plan.seed, services, plan.latency)
        self.sqs = Sqs(self.now, self.network.draw, self.note)
        services['sqs'] = self.sqs
        for name in ('elbv2', 'servicediscovery', 'application-autoscaling', 'logs', 'route53'):
            services[name] = Elsewhere()
        self.s3.wrote.append(self._note_write)
        self.s3.tagged.append(self.note)
        self.processes: dict[str, Process] = {}

    def now(self) -> float:
        """Simulated seconds since the world began."""
        return self.loop.time()

    def day(self) -> datetime:
        """The time of day."""
        return determinism.moment(self.now())

    def note(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        self.network.note(who, what)

    def process(self, name: str, skew: float = 0.0) -> Process:
        """A new process of that name."""
        number = sum(each.partition('#')[0] == name for each in self.processes)
        process = Process(name if not number else f'{name}#{number + 1}', skew)
        self.processes[process.name] = process
        return process

    def start(self, process: Process | None, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.loop.start(process, work)

    def run(self, work: Callable[['World'], Coroutine[Any, Any, None]]) -> list[str]:
        """Run a model in this world, to its end; gives what went wrong that no invariant speaks of."""
        random.seed(self.plan.seed)
        try:
            self.loop.run_until_complete(self.loop.start(None, work(self)))
        except Stuck as stuck:
            return [f'stuck: {stuck}', *self.loop.failures]
        return list(self.loop.failures)

    def discard(self) -> None:
        """End everything that still runs."""
        self.loop.discard()

    def _note_write(self, key: str, version: Any) -> None:
        self.note(version.by, f'S3 has {key} {version.id}' + (' (deleted)' if version.deleted else ''))
