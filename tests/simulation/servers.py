"""The replicas of a world: they are started, killed, and started again."""

from collections.abc import Iterable

from tests.simulation.replica import Replica
from tests.simulation.world import World

NAMES = 'ABCD'


class Servers:
    """`loops` are those that run beside each server."""

    def __init__(self, world: World, loops: Iterable[str]):
        self.world = world
        self.replicas: dict[str, Replica] = {}
        self._loops = tuple(loops)

    def alive(self) -> list[Replica]:
        """The replicas that run, in the order of their names."""
        return [each for _, each in sorted(self.replicas.items()) if each.process.alive]

    def named(self, name: str) -> Replica | None:
        """The replica of that name, while it runs."""
        found = self.replicas.get(name)
        return found if found and found.process.alive else None

    async def start(self, name: str) -> None:
        """Start a replica, unless it runs."""
        if self.named(name) is not None:
            return
        process = self.world.process(name, skew=2 * self.world.network.draw('skew', name) - 1)
        self.world.note(process.name, 'starts')

        async def begin() -> None:
            self.replicas[name] = Replica(self.world, process)
            self.replicas[name].run(self._loops)

        await self.world.start(process, begin())

    def kill(self, name: str) -> None:
        """End a replica at once, in the middle of whatever it does."""
        replica = self.named(name)
        if replica is not None:
            self.world.note(replica.process.name, 'is killed')
            replica.process.kill()

    async def frozen(self) -> frozenset[str]:
        """The clusters that are frozen, as a new replica reads it."""
        await self.start('new')
        replica = self.replicas['new']
        found = set()
        for cluster in self.world.s3.clusters():
            revision = await self.world.start(replica.process, replica.store.read(cluster))
            if await self.world.start(replica.process, replica.freezing.frozen(revision)):
                found.add(cluster)
        replica.process.kill()
        return frozenset(found)
