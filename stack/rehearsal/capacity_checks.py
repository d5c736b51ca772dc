"""Checks of capacity: whether a container instance has the CPU and memory that a task needs.

The sizes of Fargate are checked with the stackfile: `stack.stackfile.semantics.fargate`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from stack.reconcile.wanted import Terms
from stack.rehearsal.facts import Facts, Instance
from stack.rehearsal.image_checks import IN_DOCKER
from stack.rehearsal.start import Probe, Results, Start
from stack.rehearsal.task_counts import frees_room_first, started_at_once
from stack.rollouts.stop_kinds import NO_CAPACITY
from stack.stackfile.task_sizes import amount

CHECK = 'capacity'

SCALING = 'Capacity providers may add instances, so the room on instances is not checked.'


class Size(NamedTuple):
    """CPU units and MiB of a task; 0 where nothing is stated."""

    cpu: int
    memory: int


def size_of(definition: Terms) -> Size:
    """What ECS reserves for a task: the task's own size, else the sum over its containers."""
    containers = definition.get('containerDefinitions') or ()
    cpu = sum(amount(each.get('cpu')) for each in containers)
    memory = sum(amount(each.get('memoryReservation') or each.get('memory')) for each in containers)
    return Size(amount(definition.get('cpu')) or cpu, amount(definition.get('memory')) or memory)


def capacity_probes(starts: Sequence[Start]) -> Iterator[Probe]:
    """A probe for each service; the running tasks of all of them are asked for together."""
    for start in starts:
        if start.providers and not start.on_fargate:
            yield Probe(start.service, CHECK, 'capacity_providers', partial(_not_asked, start))
    on_instances = [start for start in starts if _needs_room(start)]
    names = frozenset(start.service for start in on_instances)
    for start in on_instances:
        yield Probe(start.service, CHECK, 'memory', partial(_ask_capacity, start, names))


def _needs_room(start: Start) -> bool:
    stated = not start.providers and start.wanted.launch_type == 'EC2'
    return stated and not start.on_fargate and bool(start.wanted.count)


async def _not_asked(start: Start, facts: Facts) -> Results:
    return [start.unchecked(CHECK, 'capacity_providers', SCALING)]


async def _ask_capacity(start: Start, together: frozenset[str], facts: Facts) -> Results:
    instances = await facts.instances(start.cluster)
    running = await facts.running(start.cluster, together)
    return list(judge_capacity(start, instances, running.get(start.service)))


def judge_capacity(start: Start, instances: Sequence[Instance], running: int | None) -> Results:
    needed = size_of(start.wanted.definition)
    what = f'{needed.cpu} CPU units and {needed.memory} MiB'
    if not instances:
        yield start.finding(CHECK, 'launch_type', NO_CAPACITY, 'The cluster has no container instance.')
        return
    wanted = IN_DOCKER.get(start.architecture or '')
    fit = [each for each in instances if wanted is None or IN_DOCKER.get(each.architecture, wanted) == wanted]
    if not fit:
        message = f'No container instance of the cluster has the architecture {start.architecture}.'
        yield start.finding(CHECK, 'architecture', NO_CAPACITY, message)
    elif not any(each.cpu >= needed.cpu and each.memory >= needed.memory for each in fit):
        message = f'A task needs {what}, and no container instance of the cluster is that large.'
        yield start.finding(CHECK, 'memory', NO_CAPACITY, message)
    elif not started_at_once(start.wanted, running) or frees_room_first(start.wanted, running):
        return
    elif not any(each.free_cpu >= needed.cpu and each.free_memory >= needed.memory for each in fit):
        message = f'A task needs {what}, and no container instance of the cluster has that much left.'
        yield start.finding(CHECK, 'memory', NO_CAPACITY, message)
