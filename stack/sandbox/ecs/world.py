"""Runtime of one account's ECS in one region: its state, its time, its queue of due items, and its ports."""

import heapq
from dataclasses import dataclass

from stack.sandbox.ecs.dice import Dice
from stack.sandbox.ecs.errors import cluster_not_found, invalid, service_not_found
from stack.sandbox.ecs.model import Cluster, Region, Service, Task, TaskDefinition, Wire
from stack.sandbox.ecs.ports import Ports

TASK, SERVICE = 0, 1
FORGET_AFTER = 3600.0
LIVE = ('PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING')


@dataclass(frozen=True)
class Timings:
    """How long things take, in seconds at speed 1: about as long as in AWS with a small image."""

    provision: float = 3
    pull: float = 5
    slow_pull: float = 120
    activate: float = 2
    settle: float = 40
    drain: float = 5
    stop: float = 2
    deprovision: float = 2
    run: float = 6
    flake: float = 60
    between_passes: float = 1
    least_deployment: float = 10
    restart: float = 10
    longest_backoff: float = 1620
    placement_retry: float = 60
    longest_placement_retry: float = 900
    stage: float = 2
    shift: float = 5
    hook: float = 1


class World:
    """Runtime only: everything that must last is in `region` and `dice`.

    `alive` has the tasks of each service that are not STOPPED; `outbox` EventBridge's events that wait to be sent, None
    without a listener; `monitored` the cluster and name of services whose deployments have alarms.
    """

    def __init__(self, region: Region, dice: Dice, ports: Ports, speed: float, timings: Timings, listened_to: bool):
        self.region = region
        self.dice = dice
        self.ports = ports
        self.timings = timings
        self.now = 0.0
        self.monitored: set[tuple[str, str]] = set()
        self.alive: dict[tuple[str, str], dict[str, Task]] = {}
        self.outbox: list[Wire] | None = [] if listened_to else None
        self._speed = speed
        self._due: list[tuple[float, int, str, str]] = []
        self._take_up()

    def _take_up(self) -> None:
        for cluster in self.region.clusters.values():
            for task in cluster.tasks.values():
                self.index(task)
                self._queue(task.due, TASK, cluster.name, task.id)
            for service in cluster.services.values():
                self._queue(service.due, SERVICE, cluster.name, service.name)
                if service.rollouts and service.rollouts[0].alarms:
                    self.monitored.add((cluster.name, service.name))

    def index(self, task: Task) -> None:
        if task.service is None:
            return
        tasks = self.alive.setdefault((task.cluster, task.service), {})
        if task.status == 'STOPPED':
            tasks.pop(task.id, None)
        else:
            tasks[task.id] = task

    def tasks_of(self, service: Service) -> list[Task]:
        """The service's tasks that are not STOPPED, oldest first."""
        return list(self.alive.get((service.cluster, service.name), {}).values())

    def arn(self, *path: str) -> str:
        return f'arn:aws:ecs:{self.region.name}:{self.region.account}:{"/".join(path)}'

    def taken_outbox(self) -> list[Wire]:
        """The events that wait to be sent, which wait no longer."""
        events, self.outbox = self.outbox or [], None if self.outbox is None else []
        return events

    def cluster(self, name: str | None) -> Cluster:
        """The ACTIVE cluster of that name or ARN, `default` where none is given; raises ClusterNotFoundException."""
        cluster = self.region.clusters.get(short(name or 'default'))
        if cluster is None or cluster.status != 'ACTIVE':
            raise cluster_not_found()
        return cluster

    def service(self, cluster: Cluster, name: str) -> Service:
        if not name:
            raise invalid('Service can not be blank.')
        service = cluster.services.get(short(name))
        if service is None:
            raise service_not_found()
        return service

    def definition(self, arn: str) -> TaskDefinition:
        """The task definition of an ARN that is known to be right."""
        family, _, revision = short(arn).partition(':')
        return self.region.definitions[family][int(revision) - 1]

    def address(self) -> str:
        """A private IPv4 address that nothing else in this world has."""
        number = self.region.addresses
        self.region.addresses += 1
        return f'10.{number // (254 * 256) % 256}.{number // 254 % 256}.{number % 254 + 1}'

    def lasts(self, seconds: float) -> float:
        """How long that takes here: at this speed, and never twice exactly the same."""
        return self.scaled(self.dice.spread(seconds))

    def scaled(self, seconds: float) -> float:
        """How long that takes here: at this speed, and exactly; a millisecond at least, so that time goes on."""
        return max(0.001, round(seconds / self._speed, 3))

    def after(self, seconds: float, since: float | None = None) -> float:
        """The time so many seconds from `since`, or from now. Times are kept in whole milliseconds, so that one that
        was waited for is never missed by a rounding error."""
        return round((self.now if since is None else since) + seconds, 3)

    def schedule(self, task: Task, delay: float | None) -> None:
        """The task moves on by itself after `delay` seconds of this world's time, or not by itself."""
        task.due = None if delay is None else self.after(delay)
        self._queue(task.due, TASK, task.cluster, task.id)

    def wake(self, service: Service, at: float | None = None) -> None:
        """The scheduler looks at the service at that time at the latest, or now."""
        due = self.now if at is None else at
        if service.due is None or due < service.due:
            service.due = due
            self._queue(due, SERVICE, service.cluster, service.name)

    def next_due(self, until: float) -> Task | Service | None:
        """Takes the next thing that is due by then, and sets the time to when it was."""
        while self._due and self._due[0][0] <= until:
            due, kind, cluster_name, name = heapq.heappop(self._due)
            cluster = self.region.clusters.get(cluster_name)
            things = (cluster.tasks, cluster.services)[kind] if cluster else {}
            thing = things.get(name)
            if thing is not None and thing.due == due:
                self.now = max(self.now, due)
                thing.due = None
                return thing
        return None

    def _queue(self, due: float | None, kind: int, cluster: str, name: str) -> None:
        if due is not None:
            heapq.heappush(self._due, (due, kind, cluster, name))


def short(name_or_arn: str) -> str:
    """The last part of an ARN, or the name as it is."""
    return name_or_arn.rpartition('/')[2]
