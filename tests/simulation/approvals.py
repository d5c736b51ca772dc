"""The model of approvals: people decide through replicas that fail, some twice, late, or without a role."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from stack.access.access import Caller, Role
from stack.changes.approvers import Account, Approver
from stack.changes.change_request import ChangeRequest
from stack.changes.proposal import Proposed
from stack.changes.proposals import Vote
from stack.errors import NysaError
from stack.state.revision_store import serialise
from stack.state.revisions import Origin
from tests.simulation.approvals_invariants import INVARIANTS, ApprovalsRecord, Attempt
from tests.simulation.network import Fault
from tests.simulation.plan import Plan, Step
from tests.simulation.replica import Replica
from tests.simulation.servers import NAMES, Servers
from tests.simulation.world import World

NAME = 'approvals'
CLUSTER = 'prod'
PEOPLE = ('ann', 'bob', 'carl', 'dora', 'eve')
# The accounts of a person: its own, a token of its own under another name, and a bot that speaks for it.
ACCOUNTS = ('own', 'own', 'own', 'laptop', 'bot')
BUSY_S, QUIET_S = 30.0, 170.0
OPERATIONS = ('', 'PutObject', 'PutObject', 'PutObject', 'GetObject', 'HeadObject', 'ListObjectsV2')
KINDS = ('refused', 'lost', 'lost', 'late', 'retried', 'slow')
STEPS = {'approve': 30, 'propose': 5, 'reject': 1, 'lose': 2, 'regain': 1, 'move': 1, 'freeze': 1, 'thaw': 2}
STEPS |= {'fault': 6, 'kill': 2}


def make_plan(seed: str) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    replicas, required = rng.choice((1, 2, 2, 3)), rng.choice((1, 1, 2, 3))
    names = NAMES[:replicas]
    steps = [Step(0.05, 'begin', {'required': required})]
    steps += [_step(rng, 'propose', 0.5 + rng.random(), names) for _ in range(rng.randint(1, 3))]
    for _ in range(rng.randint(20, 45)):
        do = rng.choices(list(STEPS), list(STEPS.values()))[0]
        at = round(rng.uniform(2.0, BUSY_S - 2), 3)
        steps.append(_step(rng, do, at, names))
        if do == 'kill':
            steps.append(Step(round(at + rng.uniform(0, 3), 3), 'start', {'replica': steps[-1].values['replica']}))
        if do == 'approve' and rng.random() < 0.4:
            # The same, or another one, at the very same moment, through another replica.
            steps.append(_step(rng, 'approve', round(at + 0.01 * rng.random(), 3), names))
    steps.sort(key=lambda each: each.at)
    return Plan(NAME, seed, replicas, rng.choice((0.0, 0.2, 0.7)), rng.choice((0.2, 1.0)), tuple(steps))


def _step(rng: random.Random, do: str, at: float, names: str) -> Step:
    values: dict[str, Any] = {'replica': rng.choice(names), 'who': rng.choice(PEOPLE)}
    if do in ('propose', 'move'):
        values['tag'] = f't{rng.randrange(100_000)}'
    if do in ('approve', 'reject'):
        values |= {'account': rng.choice(ACCOUNTS), 'number': rng.choice((-1, -1, rng.randrange(4)))}
        values['sees'] = rng.random() < 0.8
    if do == 'fault':
        values |= {'operation': rng.choice(OPERATIONS), 'kind': rng.choice(KINDS)}
        values['key'] = rng.choice(('', CLUSTER, 'proposals/'))
    return Step(round(at, 3), do, values)


class Directory:
    """The roles of people, which they lose and regain: `stack.changes.standings.Standings`."""

    def __init__(self, world: World):
        self._world = world
        self.roles = dict.fromkeys(PEOPLE, Role.DEPLOYER)
        # By person, when it had no role: the beginning and the end of each time.
        self.without: dict[str, list[list[float]]] = {name: [] for name in PEOPLE}

    def lose(self, who: str) -> None:
        if self.roles[who] is not Role.VIEWER:
            self.roles[who] = Role.VIEWER
            self.without[who].append([self._world.now(), float('inf')])

    def regain(self, who: str) -> None:
        if self.roles[who] is Role.VIEWER:
            self.roles[who] = Role.DEPLOYER
            self.without[who][-1][1] = self._world.now()

    async def refresh(self) -> None:
        """Every replica reads the same directory."""

    async def now(self, account: Account) -> Approver | None:
        role = self.roles[person_of(account.name)]
        return Approver(account, Caller(account.name, role)) if role >= Role.DEPLOYER else None


def person_of(name: str) -> str:
    return name.removesuffix('-laptop')


def account(who: str, kind: str) -> Account:
    if kind == 'laptop':
        return Account(f'{who}-laptop', 'token', token=f'{who}2', created_by=who)
    return Account(who, 'token', token='bot' if kind == 'bot' else who, speaker='bot' if kind == 'bot' else None)


@dataclass
class Room:
    """What the people of a world do, and know."""

    world: World
    directory: Directory
    attempts: list[Attempt] = field(default_factory=list)
    # The proposals that were answered to their authors, the oldest first.
    proposals: list[str] = field(default_factory=list)
    # By proposal and person: the plan that it saw.
    seen: dict[str, str] = field(default_factory=dict)

    def ask(self, replica: Replica, step: Step) -> None:
        attempt = Attempt(f'm{len(self.attempts) + 1}', step.do, dict(step.values), replica.process.name)
        attempt.began = self.world.now()
        self.attempts.append(attempt)
        self.world.start(replica.process, self._ask(replica, attempt))

    async def _ask(self, replica: Replica, attempt: Attempt) -> None:
        try:
            await DOINGS[attempt.verb](self, replica, attempt)
        except NysaError as failed:
            attempt.answer, attempt.error = failed.code, str(failed)
        else:
            attempt.answer = 'done'
        attempt.answered = self.world.now()
        self.world.note(attempt.replica, f'answers {attempt}')


async def _propose(room: Room, replica: Replica, attempt: Attempt) -> None:
    who = attempt.values['who']
    request = ChangeRequest(Origin(who, 'simulation', attempt.mark), author=account(who, 'own'))
    values = {'image_tag': attempt.values['tag']}
    outcome = await replica.states.change_service(CLUSTER, 'web', request, values)
    if isinstance(outcome, Proposed):
        attempt.proposal = outcome.proposal.id
        room.proposals.append(outcome.proposal.id)


async def _move(room: Room, replica: Replica, attempt: Attempt) -> None:
    request = ChangeRequest(Origin('root', 'simulation', attempt.mark), override='it must be')
    await replica.states.change_service(CLUSTER, 'api', request, {'image_tag': attempt.values['tag']})


async def _decide(room: Room, replica: Replica, attempt: Attempt) -> None:
    if not room.proposals:
        return
    values, proposals = attempt.values, replica.context.proposals
    attempt.proposal = id = room.proposals[max(-len(room.proposals), values['number'] % 4 - 4)]
    plan = None
    if values['sees']:
        found, _ = await proposals.read(CLUSTER, id)
        plan = found.plan_id
    who = account(values['who'], values['account'])
    # What a server believes at first; what counts is read again from the directory.
    vote = Vote(Approver(who, Caller(who.name, Role.DEPLOYER)), attempt.mark, plan, 'simulation')
    attempt.decides = True
    await (proposals.approve if attempt.verb == 'approve' else proposals.reject)(CLUSTER, id, vote)


async def _freeze(room: Room, replica: Replica, attempt: Attempt) -> None:
    await replica.freezing.freeze(CLUSTER, ChangeRequest(Origin('root', 'simulation')), attempt.mark, None)


async def _thaw(room: Room, replica: Replica, attempt: Attempt) -> None:
    await replica.freezing.thaw(CLUSTER, ChangeRequest(Origin('root', 'simulation', attempt.mark)))


DOINGS = {'propose': _propose, 'approve': _decide, 'reject': _decide, 'move': _move, 'freeze': _freeze, 'thaw': _thaw}


async def run(world: World) -> ApprovalsRecord:
    """Carry out the plan of a world."""
    servers, directory = Servers(world, ('announcements', 'proposals')), Directory(world)
    room = Room(world, directory)
    world.ecs.make_cluster(CLUSTER)
    for name in NAMES[: world.plan.replicas]:
        await _start(servers, directory, name)
    for step in world.plan.steps:
        await asyncio.sleep(max(0.0, step.at - world.now()))
        await _do(step, servers, room)
    await asyncio.sleep(max(0.0, BUSY_S - world.now()))
    world.network.faults.clear()
    for name in NAMES[: world.plan.replicas]:
        await _start(servers, directory, name)
    await asyncio.sleep(QUIET_S)
    killed = frozenset(name for name, each in world.processes.items() if not each.alive)
    return ApprovalsRecord(room.attempts, world.s3.history, directory.without, killed)


async def _do(step: Step, servers: Servers, room: Room) -> None:
    values, world = step.values, room.world
    replica = servers.named(values.get('replica', ''))
    if step.do == 'begin':
        world.s3.put(CLUSTER, serialise(document(values['required'])), 'other')
    elif step.do == 'start':
        await _start(servers, room.directory, values['replica'])
    elif step.do == 'lose':
        room.directory.lose(values['who'])
    elif step.do == 'regain':
        room.directory.regain(values['who'])
    elif replica is None:
        return
    elif step.do == 'kill':
        servers.kill(values['replica'])
    elif step.do == 'fault':
        fault = Fault(replica.process.name, values['operation'], values['key'], values['kind'])
        world.network.faults.append(fault)
    else:
        room.ask(replica, step)


async def _start(servers: Servers, directory: Directory, name: str) -> None:
    """Start a replica whose plans are of the desired state alone, and whose people are those of the directory."""
    if servers.named(name) is not None:
        return
    await servers.start(name)
    replica = servers.replicas[name]
    proposals = replica.context.proposals
    proposals._standings = proposals._carrying_out._standings = directory
    previews = replica.changes._previews
    previews._ecs_plan = previews._rehearsals = None


def document(required: int) -> dict[str, Any]:
    services = [{name: {'image': f'team/{name}:t', 'memory': 64}} for name in ('web', 'api')]
    return {'approvals': {'required': required, 'by': ['role:deployer'], 'expires': '5m'}, 'services': services}


def judge(record: ApprovalsRecord) -> list[tuple[str, str]]:
    """Each broken promise: its name, and what breaks it."""
    return [(promise.__name__, what) for promise in INVARIANTS for what in promise(record)]


def approvals_in(seed: str) -> int:
    """How many approvals the plan of a seed has."""
    return sum(step.do == 'approve' for step in make_plan(seed).steps)
