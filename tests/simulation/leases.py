"""The model of leases: schedulers take one lease while S3 is slow and loses answers, and are killed."""

import asyncio
import random
from dataclasses import dataclass, field

from stack.aws.s3 import Bucket
from stack.errors import AwsFailed
from stack.scheduler.lease import Lease, Leases
from tests.simulation.loop import Process
from tests.simulation.network import Fault
from tests.simulation.plan import Plan, Step
from tests.simulation.world import World

NAME = 'leases'
HOLDERS = ('S1', 'S2', 'S3')
BUSY_S = 150.0
# How often it is looked who holds the lease, in seconds.
LOOK_S = 0.5
# A scheduler that finds the lease taken tries again, after so many seconds.
TRIES, AGAIN_S = 20, 2.0


@dataclass
class LeasesRecord:
    """`held` are the moments with the holders of the lease then; `spans` counts its acquisitions."""

    held: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    spans: int = 0

    def lines(self) -> list[str]:
        """What is not in the trace."""
        return [f'taken {self.spans} times']


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    steps = []
    for _ in range(rng.randint(6, 16)):
        at, holder = round(rng.uniform(0, BUSY_S - 40), 3), rng.choice(HOLDERS)
        steps.append(Step(at, 'take', {'holder': holder, 'seconds': rng.choice((1, 10, 40))}))
        if rng.random() < 0.7:
            kind = rng.choice(('refused', 'lost', 'late', 'retried', 'slow'))
            operation = rng.choice(('PutObject', 'PutObject', 'GetObject', 'HeadObject'))
            at = round(at + rng.uniform(0, 20), 3)
            steps.append(Step(at, 'fault', {'holder': holder, 'operation': operation, 'kind': kind}))
        if rng.random() < 0.15:
            begins = round(at + rng.uniform(0, 20), 3)
            steps.append(Step(begins, 'outage', {'holder': holder, 'seconds': rng.choice((10, 40, 60))}))
        if rng.random() < 0.1:
            steps.append(Step(round(at + rng.uniform(0, 20), 3), 'kill', {'holder': holder}))
    steps.sort(key=lambda each: each.at)
    return Plan(NAME, seed, 0, rng.choice((0.0, 0.5)), rng.choice((1.0, 3.0)), tuple(steps))


async def run(world: World) -> LeasesRecord:
    """Carry out the plan of a world."""
    record, holding, busy = LeasesRecord(), {}, set()
    processes: dict[str, tuple[Process, Leases]] = {}
    world.start(None, _watch(world, record, holding))
    for step in world.plan.steps:
        await asyncio.sleep(max(0.0, step.at - world.now()))
        name = step.values['holder']
        if name not in processes or not processes[name][0].alive:
            process = world.process(name)
            leases = Leases(Bucket(world.network.connect(process), 'bucket'), clock=world.now)
            processes[name] = process, leases
        process, leases = processes[name]
        if step.do == 'take':
            # A process takes no lease twice at once.
            if name not in busy:
                busy.add(name)
                taken = world.start(process, _hold(name, leases, step.values['seconds'], record, holding))
                taken.add_done_callback(lambda _, name=name: busy.discard(name))
        elif step.do == 'outage':
            world.network.outages[process.name] = world.now() + step.values['seconds']
        elif step.do == 'kill':
            process.kill()
            holding.pop(name, None)
            busy.discard(name)
        else:
            world.network.faults.append(Fault(process.name, step.values['operation'], '', step.values['kind']))
    await asyncio.sleep(max(0.0, BUSY_S - world.now()))
    return record


async def _hold(name: str, leases: Leases, seconds: float, record: LeasesRecord, holding: dict[str, Lease]) -> None:
    """Take the lease, trying again as a scheduler does, and hold it for so many seconds."""
    for _ in range(TRIES):
        try:
            async with leases.held('prod') as lease:
                if lease is not None:
                    record.spans += 1
                    holding[name] = lease
                    await asyncio.sleep(seconds)
                    # Its work ends with the block, before the lease is released.
                    del holding[name]
                    return
        except AwsFailed:
            return
        finally:
            holding.pop(name, None)
        await asyncio.sleep(AGAIN_S)


async def _watch(world: World, record: LeasesRecord, holding: dict[str, Lease]) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        record.held.append((world.now(), tuple(name for name, lease in holding.items() if lease.holds)))


def one_holder_at_a_time(record: LeasesRecord) -> list[str]:
    """Of all who have taken a lease one at most may go on."""
    return [f'at {at:.1f} all of these hold it: {", ".join(names)}' for at, names in record.held if len(names) > 1]


INVARIANTS = (one_holder_at_a_time,)


def judge(record: LeasesRecord) -> list[tuple[str, str]]:
    """Each broken promise: its name, and what breaks it."""
    return [(promise.__name__, what) for promise in INVARIANTS for what in promise(record)]
