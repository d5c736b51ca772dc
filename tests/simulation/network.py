"""The way from a process to AWS and back: latency, failures, lost answers, and calls that outlive their caller."""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stack.aws.connection import Connection
from stack.aws.limitations import Limitations
from stack.errors import AwsFailed, PreconditionFailed, Throttled, Unavailable
from tests.simulation.loop import Process, SimulatedLoop

# What a call takes on each of its two ways, in seconds, and how often: most are quick, some are not.
LATENCY = ((0.70, 0.001, 0.03), (0.95, 0.03, 0.3), (1.0, 0.3, 2.0))
# So many seconds more a call may wait for its turn: AWS accepts few of them. Those of passes do not wait.
PACED_S = {'DescribeTaskDefinition': 4.0}
# The SDK waits for an answer for so long.
READ_TIMEOUT_S = 10.0
# How long after its timeout a request that was held up may still arrive.
LATEST_S = 6.0

# A time-out of ECS or SQS whose request is carried out later is not among them: nothing there is conditional, so that
# no caller could be protected from it.
# refused: an error, and nothing has happened · lost: it happened, and the answer is lost · late: the answer times out,
# and it happens only then · retried: it happened, the answer was lost, and the SDK sent it again · slow: seconds more
# on each way · throttled: refused with a request for fewer calls · odd: it happened, and the answer is an empty one
KINDS = ('refused', 'lost', 'late', 'retried', 'slow', 'throttled', 'odd')


class Service(Protocol):
    """One service of AWS: what a call does to it and what it answers, at one point in time."""

    async def handle(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]: ...


@dataclass
class Fault:
    """What befalls the next call of a process that fits; `key` is the beginning of the key or name it is about."""

    process: str
    operation: str
    key: str
    kind: str


@dataclass
class Call:
    """One read of S3. `run` is the pass that made it, if one did; times are in simulated seconds."""

    run: str | None
    key: str
    began: float
    ended: float | None = None


# The pass on whose behalf a call is made.
RUN: contextvars.ContextVar[str | None] = contextvars.ContextVar('RUN', default=None)


class Network:
    """All connections of a world. `latency` stretches every way; 0 leaves only an order of calls."""

    def __init__(self, loop: SimulatedLoop, seed: str, services: Mapping[str, Service], latency: float):
        self.loop = loop
        self.services = services
        self.latency = latency
        self.faults: list[Fault] = []
        # Until when a process reaches nothing.
        self.outages: dict[str, float] = {}
        # (time, process, what): every effect and every failure, for the trace.
        self.trace: list[tuple[float, str, str]] = []
        self.calls: list[Call] = []
        self._seed = seed
        self._calls: Counter[tuple[str, str, str]] = Counter()

    def connect(self, process: Process) -> 'SimulatedConnection':
        return SimulatedConnection(self, process)

    def note(self, who: str, what: str) -> None:
        self.trace.append((self.loop.time(), who, what))

    def draw(self, *name: Any) -> float:
        """A number from 0 to 1 that depends on its name alone, so that it stays when a plan is shortened.

        Needs PYTHONHASHSEED=0.
        """
        return (hash((self._seed, *name)) & 0xFFFFFFFF) / 0x100000000

    def fault(self, process: str, service: str, operation: str, key: str) -> str | None:
        """Take the fault that is meant for a call, if one is."""
        if self.loop.time() < self.outages.get(process, 0.0):
            return 'refused'
        for fault in self.faults:
            if fault.process == process and fault.operation in ('', operation) and key.startswith(fault.key):
                self.faults.remove(fault)
                return 'lost' if fault.kind == 'late' and service != 's3' else fault.kind
        return None

    def seconds(self, *name: Any) -> float:
        """How long one way takes."""
        drawn = self.draw(*name)
        below = 0.0
        for upto, least, most in LATENCY:
            if drawn < upto:
                return self.latency * (least + (most - least) * (drawn - below) / (upto - below))
            below = upto
        return self.latency

    async def carry(self, process: Process, service: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Make a call, and give its answer or the error that it ends with."""
        key = str(arguments.get('Key') or arguments.get('Prefix') or arguments.get('cluster') or '')
        self._calls[process.name, operation, key] += 1
        name = (process.name, operation, key, self._calls[process.name, operation, key])
        fault = self.fault(process.name, service, operation, key)
        what = f'{service}:{operation} {key}'.rstrip()
        if fault:
            self.note(process.name, f'{what}: {fault}')
        turn = self.draw('turn', *name) * PACED_S.get(operation, 0.0) if arguments.get('run') is None else 0.0
        slow = 4 * self.draw('slow', *name) if fault == 'slow' else 0
        await asyncio.sleep(self.seconds('there', *name) + turn + slow)
        if not process.alive and self.draw('sent', *name) < 0.5:
            return Unavailable('The process ended before it had sent this.', what, 'gone')
        if fault in ('refused', 'throttled'):
            kind = Throttled if fault == 'throttled' else Unavailable
            return kind(f'AWS refused {what}.', f'{service}:{operation}', 'SlowDown' if fault == 'throttled' else '503')
        if fault == 'late':
            await asyncio.sleep(READ_TIMEOUT_S)
            self.loop.start(None, self._arrive_late(process, service, operation, arguments, name))
            return _unanswered(service, operation)
        answer = await self._handle(process, service, operation, arguments)
        if fault == 'retried' and not isinstance(answer, AwsFailed):
            answer = await self._handle(process, service, operation, arguments)
            if isinstance(answer, PreconditionFailed):
                answer.retried = True
        await asyncio.sleep(self.seconds('back', *name) + (4 * self.draw('slow back', *name) if fault == 'slow' else 0))
        if fault == 'lost' and not isinstance(answer, AwsFailed):
            await asyncio.sleep(READ_TIMEOUT_S * self.draw('gave up', *name))
            return _unanswered(service, operation)
        return {} if fault == 'odd' and not isinstance(answer, AwsFailed) else answer

    async def _arrive_late(self, process: Process, service: str, operation: str, arguments: Any, name: Any) -> None:
        await asyncio.sleep(LATEST_S * self.draw('late', *name))
        self.note(process.name, f'{service}:{operation} arrives late')
        await self._handle(process, service, operation, arguments)

    async def _handle(self, process: Process, service: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return await self.services[service].handle(operation, {**arguments, 'process': process})
        except AwsFailed as failed:
            return failed


class SimulatedConnection(Connection):
    """A process's connection, without boto3.

    A call that is begun goes on, though its caller is cancelled or its process is killed: a thread cannot be stopped,
    and a request that has left is carried out.
    """

    region = 'eu-central-1'

    def __init__(self, network: Network, process: Process):
        # What the base class makes beside this is for threads.
        self._limitations = Limitations()
        self._network = network
        self._process = process

    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> dict:
        network, run = self._network, RUN.get()
        asked = {**arguments, 'run': run, 'asked': network.loop.time()}
        call = Call(run, arguments.get('Key', ''), network.loop.time())
        if run and service == 's3':
            network.calls.append(call)
        answer = await asyncio.shield(network.loop.start(None, network.carry(self._process, service, operation, asked)))
        call.ended = network.loop.time()
        if isinstance(answer, AwsFailed):
            raise answer
        return answer

    def close(self) -> None:
        """There is nothing to close."""


def _unanswered(service: str, operation: str) -> Unavailable:
    return Unavailable(f'AWS did not answer {service}:{operation}.', f'{service}:{operation}', 'ReadTimeoutError')
