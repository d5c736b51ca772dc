"""The embedded ECS: the actions of its API that Nysa and the aws CLI need, advanced by a clock."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from stack.sandbox.ecs import (
    alarms,
    clusters,
    history,
    instances,
    revisions,
    scheduler,
    services,
    shapes,
    tagging,
    task_definitions,
    tasks,
)
from stack.sandbox.ecs.clock import Clock
from stack.sandbox.ecs.dice import Dice
from stack.sandbox.ecs.errors import EcsError, invalid, throttled, unsupported
from stack.sandbox.ecs.facts import ServiceFacts, facts_of
from stack.sandbox.ecs.limits import Limits
from stack.sandbox.ecs.model import Region, Wire
from stack.sandbox.ecs.past import PastDeployment, rewrite
from stack.sandbox.ecs.ports import Ports
from stack.sandbox.ecs.snapshot import plain, restored
from stack.sandbox.ecs.world import Timings, World

Action = Callable[[World, Wire], Wire]

log = logging.getLogger(__name__)

ACTIONS: dict[str, Action] = {
    'CreateCluster': clusters.create,
    'DeleteCluster': clusters.delete,
    'DescribeClusters': clusters.describe,
    'ListClusters': clusters.list_,
    'UpdateCluster': clusters.update,
    'UpdateClusterSettings': clusters.update,
    'PutClusterCapacityProviders': clusters.put_capacity_providers,
    'DescribeCapacityProviders': clusters.describe_capacity_providers,
    'RegisterTaskDefinition': task_definitions.register,
    'DescribeTaskDefinition': task_definitions.describe,
    'DeregisterTaskDefinition': task_definitions.deregister,
    'DeleteTaskDefinitions': task_definitions.delete,
    'ListTaskDefinitions': task_definitions.list_,
    'ListTaskDefinitionFamilies': task_definitions.families,
    'CreateService': services.create,
    'UpdateService': services.update,
    'DeleteService': services.delete,
    'DescribeServices': services.describe,
    'ListServices': services.list_,
    'ListServiceDeployments': history.list_,
    'DescribeServiceDeployments': history.describe,
    'StopServiceDeployment': history.stop,
    'ContinueServiceDeployment': history.continue_,
    'DescribeServiceRevisions': revisions.describe,
    'RunTask': tasks.run,
    'StopTask': tasks.stop,
    'DescribeTasks': tasks.describe,
    'ListTasks': tasks.list_,
    'DescribeContainerInstances': instances.describe,
    'ListContainerInstances': instances.list_,
    'DeregisterContainerInstance': instances.deregister,
    'PutAttributes': instances.put_attributes,
    'ListAttributes': instances.list_attributes,
    'TagResource': tagging.tag,
    'UntagResource': tagging.untag,
    'ListTagsForResource': tagging.list_,
}


class Ecs:
    """ECS of any number of accounts and regions, which come into being when they are first asked for.

    `ports` gives what an account has elsewhere in AWS. `on_event` gets each event that EventBridge would carry, after
    the call or tick that caused it and in the same thread. `limits` switches AWS's rate limits on, at any time.
    `changed` grows whenever anything that a snapshot holds may have changed. Safe to use from any thread.
    """

    def __init__(
        self,
        clock: Clock,
        ports: Callable[[str, str], Ports] = lambda account, region: Ports(),
        *,
        seed: str = 'nysa',
        limits: bool = False,
        timings: Timings | None = None,
        on_event: Callable[[Wire], None] | None = None,
    ):
        self.limits = limits
        self.changed = 0
        self._clock = clock
        self._ports = ports
        self._seed = seed
        self._timings = timings or Timings()
        self._on_event = on_event
        self._worlds: dict[tuple[str, str], World] = {}
        self._buckets: dict[tuple[str, str], Limits] = {}
        self._lock = threading.RLock()

    def handle(self, action: str, body: Any, region: str, account: str) -> tuple[int, Wire]:
        """Answer one call: status 200 and the response, or 400 and ECS's error."""
        status, text = self.respond(action, body, region, account)
        return status, json.loads(text)

    def respond(self, action: str, body: Any, region: str, account: str) -> tuple[int, bytes]:
        """The same, as JSON on the wire."""
        with self._lock:
            try:
                status, answer = 200, self._done(action, body, region, account)
            except EcsError as error:
                status, answer = 400, {'__type': error.code, 'message': error.message}
            except Exception:
                # One caller's odd request is answered to that caller alone.
                log.exception('the embedded ECS failed at %s', action)
                message = 'The embedded ECS failed; its log states why.'
                status, answer = 500, {'__type': 'ServerException', 'message': message}
            # Serialised while the lock is held: the answer shares values with the state.
            text = json.dumps(answer).encode()
        self._send_events()
        return status, text

    def advance(self, now: float | None = None) -> None:
        """Carry out everything that is due by `now` (by the clock, where not given), each thing at its own time.

        Each call does this first; a ticker calls it for what happens between calls.
        """
        with self._lock:
            until = self._clock.now() if now is None else now
            for world in self._worlds.values():
                self._advance(world, until)
        self._send_events()

    def register_container_instance(
        self,
        cluster: str,
        *,
        region: str,
        account: str,
        cpu: int = 4096,
        memory: int = 15_654,
        gpus: int = 0,
        attributes: dict[str, str] | None = None,
        ec2_id: str | None = None,
        address: str | None = None,
        zone: str | None = None,
    ) -> str:
        """Adds an EC2 machine to a cluster (CPU units, MiB) and returns its container instance id.

        Raises EcsError where there is no such cluster.
        """
        with self._lock:
            world = self._up_to_date(account, region)
            sizes = {'cpu': cpu, 'memory': memory, 'gpus': gpus, 'attributes': attributes or {}}
            instance = instances.register(world, world.cluster(cluster), ec2_id, address, zone, **sizes)
            self.changed += 1
            return instance.id

    def terminate_container_instance(self, cluster: str, instance: str, *, region: str, account: str) -> None:
        """Remove a machine, as EC2 does at a termination; its tasks stop. Raises EcsError where it is not there."""
        with self._lock:
            world = self._up_to_date(account, region)
            machine = world.cluster(cluster).instances.get(instance)
            if machine is None:
                raise invalid('Referenced container instance not found.')
            reason = f'Host EC2 (instance {machine.ec2_id}) terminated.'
            instances.terminate(world, world.cluster(cluster), machine, 'TerminationNotice', reason)
            self.changed += 1
        self._send_events()

    def scale(self, cluster: str, service: str, count: int, *, region: str, account: str) -> None:
        """Set the desired count of a service for its autoscaler. Raises EcsError where there is no such service."""
        with self._lock:
            services.autoscale(self._up_to_date(account, region), cluster, service, count)
            self.changed += 1
        self._send_events()

    def services(self, region: str, account: str) -> list[ServiceFacts]:
        """The facts of each service that is not INACTIVE, for metrics."""
        with self._lock:
            world = self._up_to_date(account, region)
            return [
                facts_of(world, service)
                for cluster in world.region.clusters.values()
                for service in cluster.services.values()
                if service.status != 'INACTIVE'
            ]

    def rewrite_past(self, region: str, account: str, past: Mapping[tuple[str, str], list[PastDeployment]]) -> None:
        """Give steady services, by cluster and name, the times and rollouts of their own history."""
        with self._lock:
            world = self._up_to_date(account, region)
            for (cluster, service), deployments in past.items():
                rewrite(world, world.service(world.cluster(cluster), service), deployments)
            self.changed += 1

    def state(self) -> Wire:
        """Everything that must last, as plain values that JSON can hold; times and ids are exact."""
        with self._lock:
            worlds = [{'region': plain(w.region), 'dice': plain(w.dice), 'now': w.now} for w in self._worlds.values()]
            return {'version': 1, 'worlds': worlds}

    def restore(self, state: Wire) -> None:
        """Replace the current state; what became due in between happens at the next call."""
        with self._lock:
            self._worlds.clear()
            self._buckets.clear()
            for kept in state['worlds']:
                region, dice = restored(Region, kept['region']), restored(Dice, kept['dice'])
                world = self._world_of(region, dice)
                world.now = kept['now']
                self._worlds[region.account, region.name] = world
            self.changed += 1

    def _done(self, action: str, body: Any, region: str, account: str) -> Wire:
        world = self._up_to_date(account, region)
        if self.limits and not self._buckets.setdefault((account, region), Limits()).take(action, world.now):
            raise throttled()
        if not shapes.known(action):
            raise EcsError('UnknownOperationException', f'ECS has no action {action}.')
        if action not in ACTIONS:
            raise unsupported(action)
        answer = ACTIONS[action](world, shapes.checked(action, body))
        if not action.startswith(('Describe', 'List')):
            self.changed += 1
        return answer

    def _up_to_date(self, account: str, region: str) -> World:
        world = self._worlds.get((account, region))
        if world is None:
            dice = Dice(f'{self._seed}/{account}/{region}')
            world = self._worlds[account, region] = self._world_of(Region(account, region), dice)
        self._advance(world, self._clock.now())
        return world

    def _world_of(self, region: Region, dice: Dice) -> World:
        ports = self._ports(region.account, region.name)
        return World(region, dice, ports, self._clock.speed, self._timings, listened_to=self._on_event is not None)

    def _advance(self, world: World, until: float) -> None:
        until = round(until, 3)
        alarms.look(world)
        while (thing := world.next_due(until)) is not None:
            self._step(world, thing)
            self.changed += 1
        world.now = max(world.now, until)

    def _step(self, world: World, thing: Any) -> None:
        """Let one thing happen. What fails concerns that thing alone, and no caller of anything else."""
        try:
            scheduler.step(world, thing)
        except Exception:
            log.exception('the embedded ECS failed at %r', thing)

    def _send_events(self) -> None:
        if self._on_event is None:
            return
        with self._lock:
            events = [event for world in self._worlds.values() for event in world.taken_outbox()]
        for event in events:
            self._on_event(event)
