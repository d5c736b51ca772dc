"""The model of passes: schedulers bring ECS to what is stored, while it changes, freezes, and while they fail."""

import asyncio
import json
import random
from typing import Any

from tests.simulation.network import Fault
from tests.simulation.passes_invariants import INVARIANTS, PassesRecord
from tests.simulation.plan import Plan, Step
from tests.simulation.replica import SimulatedScheduler
from tests.simulation.servers import NAMES, Servers
from tests.simulation.users import VERBS, Users
from tests.simulation.world import World

NAME = 'passes'
CLUSTERS = ('prod', 'stag')
BUSY_S, QUIET_S = 40.0, 130.0
SCHEDULERS = ('S1', 'S2', 'S3')
LOOPS = ('announcements', 'revisions', 'watcher')
OF_SCHEDULERS = ('', 'GetObject', 'HeadObject', 'PutObject', 'PutObject', 'ReceiveMessage', 'UpdateService')
OF_SCHEDULERS += ('CreateService', 'RegisterTaskDefinition', 'DescribeServices', 'DeleteMessageBatch')
FAULTS = ('refused', 'lost', 'late', 'retried', 'slow', 'slow', 'throttled')
STEPS = {
    'change': 10,
    'replace': 4,
    'remove_service': 2,
    'remove': 1,
    'create': 2,
    'freeze': 4,
    'thaw': 4,
    'deploy': 3,
    'fault': 10,
    'kill': 2,
}


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    replicas = rng.choice((1, 2, 2))
    schedulers = SCHEDULERS[: rng.choice((1, 2, 2, 3))]
    steps = [Step(0.05, 'begin', {'cluster': cluster, 'tag': 't'}) for cluster in CLUSTERS]
    steps += [Step(round(rng.uniform(0, 3), 3), 'start', {'replica': name}) for name in schedulers]
    moments = [rng.uniform(1, BUSY_S - 8) for _ in range(rng.randint(1, 4))]
    for _ in range(rng.randint(3, 16)):
        at = rng.choice(moments) + rng.expovariate(1) if rng.random() < 0.8 else rng.uniform(1, BUSY_S - 2)
        do = rng.choices(list(STEPS), list(STEPS.values()))[0]
        steps += _steps(rng, round(min(at, BUSY_S - 1), 3), do, NAMES[:replicas], schedulers)
    steps.sort(key=lambda each: each.at)
    disorder, latency = rng.choice((0.0, 0.2, 0.7)), rng.choice((0.2, 1.0, 2.0))
    return Plan(NAME, seed, replicas, disorder, latency, tuple(steps))


def _steps(rng: random.Random, at: float, do: str, names: str, schedulers: tuple[str, ...]) -> list[Step]:
    tag = f't{rng.randrange(100_000)}' + ('-exit-1' if rng.random() < 0.1 else '')
    about: dict[str, Any] = {'replica': rng.choice(names), 'cluster': rng.choice(CLUSTERS)}
    if do in VERBS:
        about |= {'override': rng.random() < 0.1, 'deploy': rng.random() < 0.8}
    if do in ('change', 'create', 'replace'):
        return [Step(at, do, about | {'tag': tag} | ({'more': rng.random() < 0.7} if do == 'replace' else {}))]
    if do == 'freeze':
        return [Step(at, do, about | {'seconds': rng.choice((None, None, 15))})]
    if do == 'fault':
        kind = rng.choice(FAULTS)
        operation = rng.choice(OF_SCHEDULERS)
        key = rng.choice(('', 'nysa/leases/')) if operation in ('GetObject', 'PutObject') else ''
        return [Step(at, do, {'replica': rng.choice(schedulers), 'operation': operation, 'key': key, 'kind': kind})]
    if do == 'kill':
        name = rng.choice(schedulers)
        return [Step(at, do, {'replica': name}), Step(round(at + rng.uniform(0, 5), 3), 'start', {'replica': name})]
    return [Step(at, do, about)]


async def run(world: World) -> PassesRecord:
    """Carry out the plan of a world."""
    servers, users = Servers(world, LOOPS), Users(world)
    schedulers: dict[str, SimulatedScheduler] = {}
    for cluster in CLUSTERS:
        world.ecs.make_cluster(cluster)
    for name in NAMES[: world.plan.replicas]:
        await servers.start(name)
    for step in world.plan.steps:
        await asyncio.sleep(max(0.0, step.at - world.now()))
        await _do(step, world, servers, users, schedulers)
    await asyncio.sleep(max(0.0, BUSY_S - world.now()))
    world.network.faults.clear()
    for name in schedulers or SCHEDULERS[:1]:
        await _start(world, schedulers, name)
    await asyncio.sleep(QUIET_S)
    return PassesRecord(
        users.requests,
        {cluster: world.s3.history.get(cluster, []) for cluster in CLUSTERS},
        world.ecs.applied,
        world.network.calls,
        {(cluster, each): image for cluster in CLUSTERS for each, image in world.ecs.runs(cluster).items()},
        await servers.frozen(),
        {each.process.name: each.verdicts() for each in servers.alive()},
        [json.loads(each.body)['cluster'] for each in world.sqs.waiting()],
    )


async def _do(
    step: Step, world: World, servers: Servers, users: Users, schedulers: dict[str, SimulatedScheduler]
) -> None:
    values = step.values
    name = values.get('replica', '')
    replica = servers.named(name)
    if step.do == 'begin':
        users.begin(values['cluster'], values['tag'])
    elif step.do == 'start':
        await _start(world, schedulers, name)
    elif step.do == 'kill' and name in schedulers:
        world.note(name, 'is killed')
        schedulers[name].process.kill()
    elif step.do == 'fault' and name in schedulers:
        fault = Fault(schedulers[name].process.name, values['operation'], values['key'], values['kind'])
        world.network.faults.append(fault)
    elif step.do in VERBS and replica is not None:
        users.ask(replica, step)


async def _start(world: World, schedulers: dict[str, SimulatedScheduler], name: str) -> None:
    """Start a scheduler, unless it runs."""
    if name in schedulers and schedulers[name].process.alive:
        return
    process = world.process(name)
    world.note(process.name, 'starts')

    async def begin() -> None:
        schedulers[name] = SimulatedScheduler(world, process)
        schedulers[name].run()

    await world.start(process, begin())


def judge(record: PassesRecord) -> list[tuple[str, str]]:
    """Each broken promise: its name, and what breaks it."""
    return [(promise.__name__, what) for promise in INVARIANTS for what in promise(record)]
