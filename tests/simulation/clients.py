"""Readers of the live channel: they come, go, come back to another replica with what they know, and read slowly."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stack.live.client_messages import Subscribe
from stack.live.forms import Detail
from stack.live.subscriber import Subscriber
from tests.simulation.loop import Process, within
from tests.simulation.replica import Replica
from tests.simulation.world import World

Json = Mapping[str, Any]

# A reader that is behind by so many frames is slow to the server.
MOST_UNREAD = 2
READ_S = 0.002


@dataclass(frozen=True)
class Heard:
    """One line of what a client went through: it connected (`known` is what it named), or read an event."""

    at: float
    replica: str
    event: Json | None = None
    known: Mapping[str, str] | None = None

    def __str__(self) -> str:
        if self.event is None:
            return f'{self.at:7.3f}  connects to {self.replica}, knows {dict(self.known or {})}'
        event = self.event
        more = {
            name: event[name]
            for name in ('revision', 'previous', 'covers_since', 'merged', 'revisions')
            if name in event
        }
        return f'{self.at:7.3f}  {event["type"]} {event.get("cluster", "")} {more}'


@dataclass(frozen=True)
class Known:
    """What a client believes of a cluster: services by name, as their newest rows or codes have them, and the rest."""

    revision: str | None
    freeze: Json | None = None
    rows: Mapping[str, Any] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)


Belief = dict[str, Known]


def freeze_of(event: Json | None) -> Json | None:
    """What is known of a freeze, without when it was published."""
    return {name: event[name] for name in ('by', 'at', 'reason', 'until') if name in event} if event else None


def after(belief: Belief, event: Json) -> Belief:
    """What a client believes once it has read an event, as the control plane in the browser does."""
    kind, cluster = event['type'], event.get('cluster')
    before = belief.get(cluster) if cluster else None
    if kind == 'cluster':
        return belief | {
            cluster: Known(event['revision'], freeze_of(event['frozen']), rows_of(event, {}), head_of(event))
        }
    if kind == 'deleted':
        return {name: known for name, known in belief.items() if name != cluster}
    if before is None:
        return belief
    if kind == 'desired':
        rows = {name: row for name, row in before.rows.items() if name not in destroyed(event)}
        return belief | {cluster: replace(before, revision=event['revision'], rows=rows)}
    if kind in ('frozen', 'thawed'):
        freeze = freeze_of(event) if kind == 'frozen' else None
        # A later delta states a freeze only if it differs from what this event states.
        return belief | {cluster: replace(before, freeze=freeze, head={**before.head, 'frozen': freeze})}
    if kind == 'rollout':
        head = merged_head(before.head, event) if event.get('delta') else head_of(event)
        freeze = freeze_of(head['frozen'])
        return belief | {cluster: Known(before.revision, freeze, rows_of(event, before.rows), head)}
    return belief


def destroyed(event: Json) -> set[str]:
    """The services that a `desired` event destroys."""
    if 'destroyed' in event:
        return set(event['destroyed'])
    return {row['service'] for row in event['changes'] if row['action'] == 'destroy'}


def rows_of(event: Json, before: Mapping[str, Any]) -> dict[str, Any]:
    """The rows after an event with rows, deltas of rows, or codes."""
    services = event['services']
    if isinstance(services, Mapping):
        return {name: code for name, code in {**before, **services}.items() if code is not None}
    rows = dict(before)
    for row in services:
        name = row['name']
        rows[name] = {**rows[name], **row} if row.get('delta') else row
    return {name: row for name, row in rows.items() if not row.get('gone')}


def head_of(event: Json) -> dict[str, Any]:
    """What an event states of the cluster as a whole."""
    return {name: value for name, value in event.items() if name not in ('services', 'delta')}


def merged_head(before: Mapping[str, Any], event: Json) -> dict[str, Any]:
    """The same after a delta."""
    head = {**before, **head_of(event)}
    known = {rollout['revision']: rollout for rollout in before.get('rollouts', ())}
    head['rollouts'] = [known[each['revision']] if len(each) == 1 else each for each in head['rollouts']]
    return head


def walk(heard: list[Heard]) -> Iterator[tuple[Belief, Heard]]:
    """Each line of a transcript, with what the client believed before it."""
    belief: Belief = {}
    for line in heard:
        yield belief, line
        if line.event is not None:
            belief = after(belief, line.event)


class Outlet:
    """A socket that takes frames while its reader keeps up."""

    def __init__(self, read: Callable[[], None]):
        self.frames: deque[bytes] = deque()
        self.slow = False
        self.closed = False
        self._read = read

    def ready(self) -> bool:
        return self.closed or not self.slow or len(self.frames) < MOST_UNREAD

    def offer(self, frame: bytes) -> bool:
        if not self.ready():
            return False
        if not self.closed:
            self.frames.append(frame)
            self._read()
        return True


class Client:
    """One reader. `servers` gives the replicas that answer at present."""

    def __init__(self, world: World, name: str, clusters: tuple[str, ...], servers: Callable[[], list[Replica]]):
        self.world = world
        self.detail = next((detail for detail in Detail if detail.value in name), Detail.ALL)
        self.name = name
        self.clusters = clusters
        self.heard: list[Heard] = []
        self.belief: Belief = {}
        self.replica: Replica | None = None
        self.subscriber: Subscriber | None = None
        self._servers = servers
        self._outlet: Outlet | None = None
        self._something = asyncio.Event()
        self._connections = 0

    @property
    def process(self) -> Process | None:
        return self.replica.process if self.replica else None

    async def run(self) -> None:
        """Stay connected, to some replica."""
        while True:
            if self.process is None or not self.process.alive or self._outlet is None or self._outlet.closed:
                await asyncio.sleep(0.05 + self.world.network.draw('reconnect', self.name, self._connections))
                self._connect()
            await self._read()

    def hang_up(self) -> None:
        """Break the connection: what is not read yet is lost."""
        if self._outlet is None or self.process is None:
            return
        self._outlet.closed = True
        if self.process.alive:
            within(self.process, self.replica.live.hub.leave, self.subscriber)
        self._something.set()

    def slow_down(self, slow: bool) -> None:
        """Read nothing any more, or go on."""
        if self._outlet is not None:
            self._outlet.slow = slow
            self._something.set()

    def subscribe_again(self) -> None:
        """Name what is known on the same connection, once everything on it has been read."""
        if self._outlet is None or self._outlet.closed or self._outlet.frames or not self.process.alive:
            return
        self._subscribe()

    def _connect(self) -> None:
        servers = self._servers()
        if not servers:
            return
        self._connections += 1
        drawn = self.world.network.draw('server', self.name, self._connections)
        self.replica = servers[int(drawn * len(servers))]
        self._outlet = Outlet(self._something.set)
        self.process.ended.append(self._something.set)
        self.subscriber = self.replica.subscriber(self._outlet, paced=self.name.startswith('page'))
        self._subscribe()

    def _subscribe(self) -> None:
        known = {name: each.revision for name, each in self.belief.items() if each.revision}
        self.heard.append(Heard(self.world.now(), self.process.name, known=known))
        wish = Subscribe(self.clusters, known, self.detail)
        within(self.process, self.replica.live.hub.subscribe, self.subscriber, wish)

    async def _read(self) -> None:
        outlet = self._outlet
        if outlet is None:
            return
        while outlet.frames and not outlet.slow and not outlet.closed and self.process.alive:
            await asyncio.sleep(READ_S)
            if outlet.closed or not self.process.alive:
                break
            event = json.loads(text_of(outlet.frames.popleft()))
            self.heard.append(Heard(self.world.now(), self.process.name, event))
            self.belief = after(self.belief, event)
            if not outlet.frames and self.process.alive:
                within(self.process, self.replica.live.hub.delivery.writable, self.subscriber)
        self._something.clear()
        if not outlet.closed and self.process.alive and (outlet.slow or not outlet.frames):
            await self._something.wait()


def text_of(frame: bytes) -> bytes:
    """The text of a frame that a server sends (RFC 6455, 5.2: no mask, one of three forms of length)."""
    length = frame[1]
    return frame[2 + {126: 2, 127: 8}.get(length, 0) :]
