"""Which machine a task goes to, and why none will do."""

from typing import Any

import pytest

from stack.sandbox.ecs.model import Cluster, Instance, Task, TaskDefinition
from stack.sandbox.ecs.placement import Refusal, needs, place, release, reserve


def machine(name: str, zone: str = 'a', cpu: int = 1000, memory: int = 1000, **fields: Any) -> Instance:
    return Instance(name, f'i-{name}', '10.0.0.1', zone, cpu, memory, registered_at=0.0, **fields)


def cluster(*machines: Instance) -> Cluster:
    return Cluster('prod', {}, instances={each.id: each for each in machines})


def definition(mode: str = 'host', ports: tuple[int, ...] = (), **spec: Any) -> TaskDefinition:
    mappings = [{'containerPort': port, 'hostPort': port, 'protocol': 'tcp'} for port in ports]
    container = {'name': 'web', 'cpu': 100, 'memory': 400, 'portMappings': mappings}
    return TaskDefinition('web', 1, {'networkMode': mode, 'containerDefinitions': [container], **spec}, 0.0)


def task_on(instance: str) -> Task:
    return Task(f't-{instance}', 'prod', 'web:1', 'service:web', 'EC2', 0.0, [], instance=instance)


def chosen(found: Instance | Refusal) -> str:
    assert isinstance(found, Instance)
    return found.id


@pytest.mark.parametrize(
    ('machines', 'constraints', 'code'),
    [
        ([], [], 'RESOURCE:*'),
        ([machine('m', status='DRAINING')], [], 'RESOURCE:*'),
        ([machine('m', memory=399)], [], 'RESOURCE:MEMORY'),
        ([machine('m', cpu=99)], [], 'RESOURCE:CPU'),
        ([machine('m', ports={'80/tcp': 'other'})], [], 'RESOURCE:PORTS'),
        ([machine('m', reserved_ports=['80/tcp'])], [], 'RESOURCE:PORTS'),
        (
            [machine('m')],
            [{'type': 'memberOf', 'expression': 'attribute:x exists'}],
            'MemberOf placement constraint unsatisfied.',
        ),
    ],
)
def test_refusals(machines: list[Instance], constraints: list[dict], code: str):
    found = place(cluster(*machines), definition(ports=(80,)), constraints, [], [])
    assert isinstance(found, Refusal)
    assert found.code == code
    assert found.sentence


def test_distinct_instance():
    distinct = [{'type': 'distinctInstance'}]
    found = place(cluster(machine('m')), definition(), distinct, [], [task_on('m')])
    assert isinstance(found, Refusal)
    assert found.code == 'DistinctInstance placement constraint unsatisfied.'
    assert chosen(place(cluster(machine('m'), machine('n')), definition(), distinct, [], [task_on('m')])) == 'n'


def test_constraints_of_the_definition_count_too():
    wanted = definition(placementConstraints=[{'type': 'memberOf', 'expression': 'attribute:disk == ssd'}])
    fleet = cluster(machine('m'), machine('n', attributes={'disk': 'ssd'}))
    assert chosen(place(fleet, wanted, [], [], [])) == 'n'


def test_spreads_over_zones_then_machines_by_itself():
    fleet = cluster(machine('a1', 'a'), machine('a2', 'a'), machine('b1', 'b'))
    there: list[Task] = []
    for _ in range(4):
        there.append(task_on(chosen(place(fleet, definition(), [], [], there))))
    assert [task.instance for task in there] == ['a1', 'b1', 'a2', 'b1']


@pytest.mark.parametrize(
    ('strategy', 'expected'),
    [
        ([{'type': 'binpack', 'field': 'memory'}], 'full'),
        ([{'type': 'binpack', 'field': 'cpu'}], 'busy'),
        ([{'type': 'spread', 'field': 'instanceId'}], 'full'),
        ([{'type': 'random'}], 'busy'),
    ],
)
def test_strategies(strategy: list[dict], expected: str):
    full, busy = machine('full', used_memory=500), machine('busy', used_cpu=500)
    there = [task_on('busy')] if strategy[0]['type'] == 'spread' else []
    assert chosen(place(cluster(full, busy), definition(), [], strategy, there)) == expected


def test_what_is_reserved_comes_back():
    instance, wanted = machine('m'), needs(definition(ports=(80, 443)))
    before = vars(machine('m'))
    reserve(instance, wanted, 'task')
    assert (instance.used_memory, instance.used_cpu, set(instance.ports)) == (400, 100, {'80/tcp', '443/tcp'})
    release(instance, wanted, 'task')
    assert {**vars(instance), 'version': 1} == before


def test_needs():
    assert needs(definition('awsvpc', ports=(80,))).ports == ()
    assert needs(definition(cpu='512', memory='1024'))[:2] == (512, 1024)
    soft = {'name': 'web', 'memory': 400, 'memoryReservation': 100}
    assert needs(definition(containerDefinitions=[soft, soft])).memory == 200
