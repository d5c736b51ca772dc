"""The model of the live channel: replicas, readers of them, and everything that changes clusters meanwhile."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from stack.errors import NysaError
from stack.runtime.patterns import matcher
from tests.simulation.channel_invariants import INVARIANTS, ChannelRecord
from tests.simulation.clients import Client
from tests.simulation.deployer import Deployer
from tests.simulation.network import Fault
from tests.simulation.plan import Plan, Step
from tests.simulation.servers import NAMES, Servers
from tests.simulation.users import VERBS, Users
from tests.simulation.world import World

NAME = 'channel'
CLUSTERS = ('prod', 'stag', 'test')
# Something happens for so long, and then nothing does until everybody has heard of it, in seconds.
BUSY_S, QUIET_S = 15.0, 40.0
# Then new subscribers come, and are given everything within so many seconds.
NEWCOMERS_S = 5.0
# One whose name has a detail subscribes with it.
CLIENTS = {
    'all': ('*',),
    'page-services': ('*',),
    'summary': ('*',),
    'some-services': ('prod', 'st*'),
}
OPERATIONS = ('', 'GetObject', 'HeadObject', 'PutObject', 'ListObjectsV2', 'ListObjectVersions', 'DescribeServices')
FAULTS = ('refused', 'lost', 'late', 'retried', 'slow', 'slow')
# What happens, and how often, compared with the others.
STEPS = {
    'change': 8,
    'replace': 3,
    'create': 5,
    'remove': 3,
    'recreate': 4,
    'restore': 2,
    'freeze': 2,
    'thaw': 2,
    'deploy': 2,
    'burst': 1,
    'write': 3,
    'delete': 1,
    'ask': 5,
    'hang_up': 4,
    'slow': 4,
    'subscribe_again': 2,
    'fault': 10,
    'kill': 1,
}


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    replicas = rng.choice((1, 2, 2, 2, 3, 4))
    moments = [rng.uniform(0.5, BUSY_S - 2) for _ in range(rng.randint(1, 5))]
    steps = [Step(0.05, 'begin', {'cluster': cluster, 'tag': 't'}) for cluster in CLUSTERS if rng.random() < 0.6]
    for _ in range(rng.randint(5, 30)):
        at = rng.choice(moments) + rng.expovariate(4) if rng.random() < 0.75 else rng.uniform(0.2, BUSY_S - 2)
        do = rng.choices(list(STEPS), list(STEPS.values()))[0]
        steps += steps_of(rng, round(min(at, BUSY_S - 1), 3), do, NAMES[:replicas])
    steps.sort(key=lambda each: each.at)
    disorder, latency = rng.choice((0.0, 0.2, 0.7)), rng.choice((0.2, 1.0, 1.0, 2.0))
    return Plan(NAME, seed, replicas, disorder, latency, tuple(steps))


def steps_of(rng: random.Random, at: float, do: str, names: str, clients: Sequence[str] = tuple(CLIENTS)) -> list[Step]:
    """What happens at a time by one of `STEPS`, with details that are drawn."""
    cluster, replica, tag = rng.choice(CLUSTERS), rng.choice(names), f't{rng.randrange(1000)}'
    about: dict[str, Any] = {'replica': replica, 'cluster': cluster}
    if do in ('change', 'create', 'replace'):
        about |= {'tag': tag, 'deploy': rng.random() < 0.8}
        return [Step(at, do, about | ({'more': rng.random() < 0.5} if do == 'replace' else {}))]
    if do == 'recreate':
        other = {'replica': rng.choice(names), 'cluster': cluster, 'tag': tag}
        return [Step(at, 'remove', about), Step(round(at + rng.uniform(0.1, 1.5), 3), 'create', other)]
    if do == 'burst':
        return [
            Step(round(at + 0.01 * n, 3), 'change', about | {'tag': f'{tag}-{n}'}) for n in range(rng.randint(3, 9))
        ]
    if do == 'freeze':
        return [Step(at, do, about | {'seconds': rng.choice((None, None, 3, 8))})]
    if do == 'write':
        return [Step(at, do, {'cluster': cluster, 'tag': tag})]
    if do == 'delete':
        return [Step(at, do, {'cluster': cluster})]
    if do == 'fault':
        values = {'operation': rng.choice(OPERATIONS), 'key': rng.choice(('', '', cluster)), 'kind': rng.choice(FAULTS)}
        return [Step(at, do, {'replica': replica, **values})]
    if do == 'kill':
        return [
            Step(at, do, {'replica': replica}),
            Step(round(at + rng.uniform(0, 3), 3), 'start', {'replica': replica}),
        ]
    if do == 'slow':
        client = rng.choice(clients)
        until = Step(round(at + rng.uniform(0.1, 4), 3), 'slow', {'client': client, 'slow': False})
        return [Step(at, do, {'client': client, 'slow': True}), until]
    if do in ('hang_up', 'subscribe_again'):
        return [Step(at, do, {'client': rng.choice(clients)})]
    return [Step(at, do, about)]


async def run(
    world: World,
    loops: tuple[str, ...] = ('revisions', 'watcher'),
    clients: Mapping[str, tuple[str, ...]] = CLIENTS,
) -> ChannelRecord:
    """Carry out the plan of a world."""
    scene = _Scene(world, loops, clients)
    for cluster in CLUSTERS:
        world.ecs.make_cluster(cluster)
    for name in NAMES[: world.plan.replicas]:
        await scene.servers.start(name)
    for client in scene.clients.values():
        world.start(None, client.run())
    for step in world.plan.steps:
        await asyncio.sleep(max(0.0, step.at - world.now()))
        await scene.do(step)
    await asyncio.sleep(max(0.0, BUSY_S - world.now()))
    await scene.calm_down()
    await asyncio.sleep(QUIET_S)
    return await scene.record()


class _Scene:
    def __init__(self, world: World, loops: tuple[str, ...], clients: Mapping[str, tuple[str, ...]]):
        self.world = world
        self.servers = Servers(world, loops)
        self.users = Users(world)
        self.clients = {name: Client(world, name, wants, self.servers.alive) for name, wants in clients.items()}
        Deployer(world)

    async def do(self, step: Step) -> None:
        """Do one step of the plan."""
        values = step.values
        replica = self.servers.named(values.get('replica', ''))
        client = self.clients.get(values.get('client', ''))
        if step.do == 'start':
            await self.servers.start(values['replica'])
        elif step.do == 'begin':
            self.users.begin(values['cluster'], values['tag'])
        elif step.do == 'write':
            self.users.write(values['cluster'], values['tag'])
        elif step.do == 'delete':
            self.users.delete(values['cluster'])
        elif client is not None:
            _move(client, step)
        elif replica is None:
            return
        elif step.do == 'kill':
            self.servers.kill(values['replica'])
        elif step.do == 'fault':
            fault = Fault(replica.process.name, values['operation'], values['key'], values['kind'])
            self.world.network.faults.append(fault)
        elif step.do == 'summarise':
            self.world.start(replica.process, _summarise(replica))
        elif step.do == 'ask':
            self.world.start(replica.process, _look(replica, values['cluster']))
        elif step.do in VERBS:
            self.users.ask(replica, step)

    async def calm_down(self) -> None:
        """From here on nothing fails, and everybody reads."""
        self.world.network.faults.clear()
        for name in NAMES[: self.world.plan.replicas]:
            await self.servers.start(name)
        for client in self.clients.values():
            client.slow_down(False)

    async def record(self) -> ChannelRecord:
        """What everybody heard and what is true, at the end."""
        s3 = self.world.s3
        fresh = {
            name: Client(self.world, f'new {name}', client.clusters, lambda replica=client.replica: [replica])
            for name, client in self.clients.items()
        }
        for client in fresh.values():
            self.world.start(None, client.run())
        await asyncio.sleep(NEWCOMERS_S)
        return ChannelRecord(
            {name: client.heard for name, client in self.clients.items()},
            {cluster: s3.history.get(cluster, []) for cluster in CLUSTERS},
            await self.servers.frozen(),
            {name: client.belief for name, client in fresh.items()},
            {name: matcher(client.clusters) for name, client in self.clients.items()},
        )


def _move(client: Client, step: Step) -> None:
    if step.do == 'hang_up':
        client.hang_up()
    elif step.do == 'slow':
        client.slow_down(step.values['slow'])
    elif step.do == 'subscribe_again':
        client.subscribe_again()


async def _look(replica: Any, cluster: str) -> None:
    """Ask for the state of a cluster over REST."""
    try:
        await replica.live.state(cluster)
    except NysaError as failed:
        replica.world.note(replica.process.name, f'cannot show {cluster}: {failed!r}')


async def _summarise(replica: Any) -> None:
    """Persist the summaries of what is loaded, as a replica does every two minutes."""
    replica.live.summaries.calm = timedelta(0)
    try:
        await replica.live.summaries.write()
    except NysaError as failed:
        replica.world.note(replica.process.name, f'cannot write summaries: {failed!r}')


def judge(record: ChannelRecord) -> list[tuple[str, str]]:
    """Each broken promise: its name, and what breaks it."""
    return [(promise.__name__, what) for promise in INVARIANTS for what in promise(record)]
