"""The model of changes: users and other programs change clusters through replicas that fail, which notify the queue."""

import asyncio
import json
import random
from typing import Any

from stack.errors import NotFound
from tests.simulation.changes_invariants import INVARIANTS, ChangesRecord
from tests.simulation.network import Fault
from tests.simulation.plan import Plan, Step
from tests.simulation.servers import NAMES, Servers
from tests.simulation.users import VERBS, Users
from tests.simulation.world import World

NAME = 'changes'
CLUSTERS = ('prod', 'stag')
BUSY_S, QUIET_S = 15.0, 75.0
OPERATIONS = ('', 'GetObject', 'HeadObject', 'PutObject', 'PutObject', 'DeleteObject', 'SendMessage', 'SendMessage')
OPERATIONS += ('PutObjectTagging', 'ListObjectVersions', 'ListObjectsV2')
FAULTS = ('refused', 'lost', 'lost', 'late', 'retried', 'slow', 'slow')
STEPS = {
    'change': 10,
    'replace': 4,
    'remove_service': 3,
    'create': 3,
    'remove': 2,
    'restore': 2,
    'freeze': 4,
    'thaw': 4,
    'deploy': 2,
    'burst': 2,
    'write': 1,
    'delete': 1,
    'fault': 10,
    'kill': 2,
}


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    replicas = rng.choice((1, 2, 2, 2, 3, 4))
    moments = [rng.uniform(0.5, BUSY_S - 2) for _ in range(rng.randint(1, 5))]
    steps = [Step(0.05, 'begin', {'cluster': cluster, 'tag': 't'}) for cluster in CLUSTERS if rng.random() < 0.8]
    for _ in range(rng.randint(4, 24)):
        at = rng.choice(moments) + rng.expovariate(4) if rng.random() < 0.75 else rng.uniform(0.2, BUSY_S - 2)
        do = rng.choices(list(STEPS), list(STEPS.values()))[0]
        steps += _steps(rng, round(min(at, BUSY_S - 1), 3), do, NAMES[:replicas])
    steps.sort(key=lambda each: each.at)
    disorder, latency = rng.choice((0.0, 0.2, 0.7)), rng.choice((0.2, 1.0, 1.0, 2.0))
    return Plan(NAME, seed, replicas, disorder, latency, tuple(steps))


def _steps(rng: random.Random, at: float, do: str, names: str) -> list[Step]:
    cluster, replica, tag = rng.choice(CLUSTERS), rng.choice(names), f't{rng.randrange(100_000)}'
    about: dict[str, Any] = {'replica': replica, 'cluster': cluster}
    if do in VERBS:
        about |= {'if_match': rng.random() < 0.3, 'override': rng.random() < 0.15, 'deploy': rng.random() < 0.85}
    if do in ('change', 'create', 'replace'):
        return [Step(at, do, about | {'tag': tag} | ({'more': rng.random() < 0.6} if do == 'replace' else {}))]
    if do == 'burst':
        return [
            Step(round(at + 0.01 * n, 3), 'change', about | {'tag': f'{tag}-{n}', 'replica': rng.choice(names)})
            for n in range(rng.randint(3, 8))
        ]
    if do == 'freeze':
        return [Step(at, do, about | {'seconds': rng.choice((None, None, 10))})]
    if do in ('write', 'delete'):
        return [Step(at, do, {'cluster': cluster} | ({'tag': tag} if do == 'write' else {}))]
    if do == 'fault':
        values = {'operation': rng.choice(OPERATIONS), 'key': rng.choice(('', '', cluster)), 'kind': rng.choice(FAULTS)}
        if values['operation'] == 'SendMessage':
            values |= {'key': '', 'kind': rng.choice(('refused', 'lost', 'retried', 'slow', 'odd'))}
        return [Step(at, do, {'replica': replica, **values})]
    if do == 'kill':
        return [
            Step(at, do, {'replica': replica}),
            Step(round(at + rng.uniform(0, 3), 3), 'start', {'replica': replica}),
        ]
    return [Step(at, do, about)]


OF_AUDIT = ('nysa/audit/', 'nysa/audited/')


async def run(world: World) -> ChangesRecord:
    """Carry out the plan of a world."""
    servers, users = Servers(world, ('announcements',)), Users(world)
    for cluster in CLUSTERS:
        world.ecs.make_cluster(cluster)
    for name in NAMES[: world.plan.replicas]:
        await servers.start(name)
    for step in world.plan.steps:
        await asyncio.sleep(max(0.0, step.at - world.now()))
        await _do(step, world, servers, users)
    await asyncio.sleep(max(0.0, BUSY_S - world.now()))
    world.network.faults.clear()
    for name in NAMES[: world.plan.replicas]:
        await servers.start(name)
    await asyncio.sleep(QUIET_S)
    history = {cluster: world.s3.history.get(cluster, []) for cluster in CLUSTERS}
    sent = [(each.at, json.loads(each.body)) for each in world.sqs.sent]
    killed = frozenset(name for name, each in world.processes.items() if not each.alive)
    orphans = frozenset(number for number, each in enumerate(world.sqs.sent) if each.is_orphan)
    frozen = await _frozen(world, servers)
    entries = {
        key: version.body for key in world.s3.history if key.startswith(OF_AUDIT) and (version := world.s3.current(key))
    }
    return ChangesRecord(users.requests, history, sent, frozen, orphans, killed, world.now(), world.day(), entries)


async def _do(step: Step, world: World, servers: Servers, users: Users) -> None:
    values = step.values
    replica = servers.named(values.get('replica', ''))
    if step.do == 'start':
        await servers.start(values['replica'])
    elif step.do == 'begin':
        users.begin(values['cluster'], values['tag'])
    elif step.do == 'write':
        users.write(values['cluster'], values['tag'])
    elif step.do == 'delete':
        users.delete(values['cluster'])
    elif replica is None:
        return
    elif step.do == 'kill':
        servers.kill(values['replica'])
    elif step.do == 'fault':
        fault = Fault(replica.process.name, values['operation'], values['key'], values['kind'])
        world.network.faults.append(fault)
    elif step.do in VERBS:
        users.ask(replica, step)


async def _frozen(world: World, servers: Servers) -> dict[tuple[str, str], Any]:
    """What each replica, and a new one, knows of the freezes of the clusters that are there."""
    await servers.start('new')
    found = {}
    for replica in servers.alive():
        for cluster in world.s3.clusters():

            async def ask(replica: Any = replica, cluster: str = cluster) -> Any:
                return await replica.freezing.frozen_json(await replica.store.read(cluster))

            try:
                found[replica.process.name, cluster] = await world.start(replica.process, ask())
            except NotFound:
                continue
    return found


def judge(record: ChangesRecord) -> list[tuple[str, str]]:
    """Each broken promise: its name, and what breaks it."""
    return [(promise.__name__, what) for promise in INVARIANTS for what in promise(record)]
