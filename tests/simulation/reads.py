"""The model of consistent reads: many read one cluster at once while two processes write it, and some give up."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stack.aws.s3 import Bucket
from stack.errors import NysaError
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin
from tests.simulation.plan import Plan, Step
from tests.simulation.users import document
from tests.simulation.world import World

NAME = 'reads'
CLUSTER = 'prod'
BUSY_S = 2.0


@dataclass
class ReadsRecord:
    """`reads` are a sentence on each read, with the positions in the history when it began, and of what it gave."""

    reads: list[tuple[str, int, int]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What each read gave."""
        return [f'{what}: asked at {began}, gave {given}' for what, began, given in self.reads]


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    steps = []
    for number in range(rng.randint(10, 80)):
        do = rng.choices(('read', 'write', 'give_up'), (6, 3, 1))[0]
        values = {'process': rng.choice('AB'), 'number': number, 'tag': f't{rng.randrange(3)}'}
        steps.append(Step(round(rng.uniform(0, BUSY_S), 3), do, values))
    steps.sort(key=lambda each: each.at)
    return Plan(NAME, seed, 2, rng.choice((0.0, 0.5, 1.0)), rng.choice((0.1, 1.0)), tuple(steps))


async def run(world: World) -> ReadsRecord:
    """Carry out the plan of a world."""
    record, tasks = ReadsRecord(), []
    stores = {name: RevisionStore(Bucket(world.network.connect(world.process(name)), 'bucket')) for name in 'AB'}
    world.s3.put(CLUSTER, serialise(document('t')), 'other')
    for step in world.plan.steps:
        await asyncio.sleep(max(0.0, step.at - world.now()))
        store = stores[step.values['process']]
        if step.do == 'read':
            tasks.append(world.start(None, _read(world, store, record, str(step))))
        elif step.do == 'write':
            tasks.append(world.start(None, _write(store, step.values['tag'])))
        elif tasks:
            tasks[step.values['number'] % len(tasks)].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return record


async def _read(world: World, store: RevisionStore, record: ReadsRecord, what: str) -> None:
    began = len(world.s3.history[CLUSTER]) - 1
    revision = await store.read(CLUSTER)
    ids = [each.id for each in world.s3.history[CLUSTER]]
    record.reads.append((what, began, ids.index(revision.id)))


async def _write(store: RevisionStore, tag: str) -> None:
    change = Change(Origin('kim', 'simulation'), datetime.now(UTC), {'verb': 'replace'})
    try:
        base = await store.read(CLUSTER)
        await store.write(base, CLUSTER, serialise(document(tag)), [change])
    except NysaError:
        return


def reads_are_consistent(record: ReadsRecord) -> list[str]:
    """A read never gives what was replaced before it was asked for."""
    return [f'{what}: position {given}, asked at {began}' for what, began, given in record.reads if given < began]


INVARIANTS = (reads_are_consistent,)


def judge(record: ReadsRecord) -> list[tuple[str, str]]:
    """Each broken promise: its name, and what breaks it."""
    return [(promise.__name__, what) for promise in INVARIANTS for what in promise(record)]
