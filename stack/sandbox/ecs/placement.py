"""Placement of tasks on container instances, and the reasons for a refusal."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from stack.sandbox.ecs.expressions import Test, compiled
from stack.sandbox.ecs.model import Cluster, Instance, Task, TaskDefinition, Wire


class Needs(NamedTuple):
    """What a task takes of an instance: CPU units, MiB, GPUs, and host ports as `8080/tcp`."""

    cpu: int
    memory: int
    gpus: int
    ports: tuple[str, ...]


class Refusal(NamedTuple):
    """Why no instance took the task: RunTask's `reason`, and the sentence of the service event."""

    code: str
    sentence: str
    instance: str | None


TROUBLESHOOTING = 'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.'
_SENTENCES = {
    'RESOURCE:MEMORY': 'has insufficient memory available.',
    'RESOURCE:CPU': 'has insufficient CPU units available.',
    'RESOURCE:GPU': 'has insufficient GPU resource available.',
    'RESOURCE:PORTS': 'is already using a port required by your task.',
    'MemberOf placement constraint unsatisfied.': 'is missing an attribute required by your task.',
    'DistinctInstance placement constraint unsatisfied.': 'already runs a task of this group.',
}


def needs(definition: TaskDefinition) -> Needs:
    spec = definition.spec
    containers = spec['containerDefinitions']
    cpu = int(spec['cpu']) if 'cpu' in spec else sum(c.get('cpu', 0) for c in containers)
    memory = (
        int(spec['memory'])
        if 'memory' in spec
        else sum(c.get('memoryReservation') or c.get('memory', 0) for c in containers)
    )
    gpus = sum(int(r['value']) for c in containers for r in c.get('resourceRequirements', []) if r.get('type') == 'GPU')
    return Needs(cpu, memory, gpus, tuple(_host_ports(spec)))


def _host_ports(spec: Wire) -> Iterable[str]:
    if spec.get('networkMode') == 'awsvpc':
        return
    for container in spec['containerDefinitions']:
        for mapping in container.get('portMappings', []):
            if mapping.get('hostPort'):
                yield f'{mapping["hostPort"]}/{mapping.get("protocol", "tcp")}'


def place(
    cluster: Cluster,
    definition: TaskDefinition,
    constraints: list[Wire],
    strategy: list[Wire],
    group: Iterable[Task],
) -> Instance | Refusal:
    """The best instance for one more task of a group, whose tasks that are wanted are given."""
    instances = [i for i in cluster.instances.values() if i.status == 'ACTIVE']
    if not instances:
        return Refusal('RESOURCE:*', 'No Container Instances were found in your cluster.', None)
    there = Counter(task.instance for task in group)
    wanted = needs(definition)
    every = [*constraints, *definition.spec.get('placementConstraints', [])]
    tests = [compiled(c['expression']) for c in every if c['type'] == 'memberOf']
    distinct = any(c['type'] == 'distinctInstance' for c in every)
    refusals: list[tuple[Instance, str]] = []
    fitting = []
    for instance in instances:
        why = _refusal(instance, wanted, tests, distinct and bool(there[instance.id]))
        if why is None:
            fitting.append(instance)
        else:
            refusals.append((instance, why))
    if fitting:
        zones = Counter({i.zone: 0 for i in fitting})
        zones.update(i.zone for i in cluster.instances.values() for _ in range(there[i.id]))
        return min(fitting, key=lambda i: (*_preference(i, strategy, there, zones), there[i.id], load(i), i.id))
    closest, why = max(refusals, key=lambda r: (list(_SENTENCES).index(r[1]) < 4, _free_memory(r[0]), r[0].id))
    return Refusal(why, f'The closest matching (container-instance {closest.id}) {_SENTENCES[why]}', closest.id)


def eligible(instance: Instance, definition: TaskDefinition, constraints: list[Wire]) -> bool:
    """Whether a DAEMON service wants a task on the instance, room or not."""
    every = [*constraints, *definition.spec.get('placementConstraints', [])]
    facts = attributes(instance)
    return instance.status == 'ACTIVE' and all(
        compiled(c['expression'])(facts) for c in every if c['type'] == 'memberOf'
    )


def refusal_of(instance: Instance, definition: TaskDefinition) -> Refusal | None:
    """Why that very instance has no room for the task; None where it has."""
    why = _refusal(instance, needs(definition), [], False)
    if why is None:
        return None
    return Refusal(why, f'The closest matching (container-instance {instance.id}) {_SENTENCES[why]}', instance.id)


def attributes(instance: Instance) -> dict[str, str]:
    """What placement expressions can ask about."""
    return {
        'ecs.availability-zone': instance.zone,
        'ecs.os-type': 'linux',
        'ecs.cpu-architecture': 'x86_64',
        'ecs.instance-type': 'm5.large',
        **instance.attributes,
        'ec2InstanceId': instance.ec2_id,
        'agentConnected': 'true',
    }


def load(instance: Instance) -> float:
    """The share of the memory in use."""
    return instance.used_memory / instance.memory if instance.memory else 1.0


def _free_memory(instance: Instance) -> int:
    return instance.memory - instance.used_memory


def _refusal(instance: Instance, wanted: Needs, tests: list[Test], taken: bool) -> str | None:
    facts = attributes(instance) if tests else {}
    if not all(test(facts) for test in tests):
        return 'MemberOf placement constraint unsatisfied.'
    if taken:
        return 'DistinctInstance placement constraint unsatisfied.'
    if any(port in instance.ports or port in instance.reserved_ports for port in wanted.ports):
        return 'RESOURCE:PORTS'
    if wanted.memory > _free_memory(instance):
        return 'RESOURCE:MEMORY'
    if wanted.cpu > instance.cpu - instance.used_cpu:
        return 'RESOURCE:CPU'
    if wanted.gpus > instance.gpus - instance.used_gpus:
        return 'RESOURCE:GPU'
    return None


def _preference(
    instance: Instance, strategy: list[Wire], there: Counter[str | None], zones: Counter[str]
) -> tuple[float, ...]:
    """A key to sort by, smallest first; spread over zones where nothing is asked for, as ECS does."""
    keys: list[float] = []
    for rule in strategy or [{'type': 'spread', 'field': 'attribute:ecs.availability-zone'}]:
        asked = rule.get('field', '').removeprefix('attribute:')
        if rule['type'] == 'binpack':
            keys.append(
                instance.cpu - instance.used_cpu if asked.lower() == 'cpu' else instance.memory - instance.used_memory
            )
        elif rule['type'] == 'spread':
            keys.append(zones[instance.zone] if asked == 'ecs.availability-zone' else there[instance.id])
    return tuple(keys)


def reserve(instance: Instance, wanted: Needs, task: str) -> None:
    instance.used_cpu += wanted.cpu
    instance.used_memory += wanted.memory
    instance.used_gpus += wanted.gpus
    instance.ports.update(dict.fromkeys(wanted.ports, task))
    instance.version += 1


def release(instance: Instance, wanted: Needs, task: str) -> None:
    instance.used_cpu -= wanted.cpu
    instance.used_memory -= wanted.memory
    instance.used_gpus -= wanted.gpus
    instance.ports = {port: owner for port, owner in instance.ports.items() if owner != task}
    instance.version += 1
