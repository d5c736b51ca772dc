"""What a service at rest takes in memory, by the sizes of all objects: a server watches 100,000 of them."""

import gc
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from stack.reconcile.observed import TaskDefinition
from stack.reconcile.packed_terms import PackedTerms
from stack.rollouts import ecs_state
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.observation import Observation
from stack.state.revision_store import serialise
from stack.state.revisions import Revision
from tests.bench import _at_length

AT = datetime(2026, 3, 1, tzinfo=UTC)
SERVICES, CLUSTERS = 20, 4
CODE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)
ECS = 'arn:aws:ecs:eu-west-1:123456789012'
# In bytes, with room for one more object of each.
MOST_LOADED, MOST_LOOKED = 1_150, 2_450


def size(roots: Iterable[Any]) -> int:
    """The bytes of all objects that can be reached, each once, but for code."""
    seen: dict[int, Any] = {}
    rest = list(roots)
    while rest:
        found = rest.pop()
        if id(found) not in seen and not isinstance(found, CODE):
            seen[id(found)] = found
            rest += gc.get_referents(found)
    return sum(map(sys.getsizeof, seen.values()))


def state(cluster: str) -> ClusterState:
    services = [{f's{n}': {'image': f'team/app-{n}:1', 'desired_count': 2}} for n in range(SERVICES)]
    return ClusterState(Revision(cluster, '"1"', f'{cluster}-1', serialise({'services': services}), AT), AT)


def look(at: ClusterState, order: int) -> None:
    """Look at all services of a cluster, of which everything runs as it is wanted."""
    services, definitions = {}, {}
    for name, wanted in at.wanted.items():
        version, arn = f'{at.name}-{name}', f'{ECS}:task-definition/{wanted.family}:7'
        body, tags = _at_length.described(dict(wanted.definition), at.name, name)
        read = TaskDefinition.read({'taskDefinition': {**body, 'taskDefinitionArn': arn}, 'tags': tags})
        definitions[read.arn] = read
        services[name] = ecs_state.service(
            {
                'serviceName': name,
                'serviceArn': f'{ECS}:service/{at.name}/{name}',
                'status': 'ACTIVE',
                'taskDefinition': arn,
                'desiredCount': 2,
                'runningCount': 2,
                'pendingCount': 0,
                'launchType': 'EC2',
                'createdAt': AT.timestamp(),
                'currentServiceDeployment': f'{ECS}:service-deployment/{at.name}/{name}/{version:>22}',
                'deployments': [
                    {
                        'id': f'ecs-svc/{abs(hash(version)):019}',
                        'status': 'PRIMARY',
                        'taskDefinition': arn,
                        'desiredCount': 2,
                        'runningCount': 2,
                        'pendingCount': 0,
                        'rolloutState': 'COMPLETED',
                        'createdAt': AT.timestamp(),
                    }
                ],
                'events': _at_length.events(name, version),
            }
        )
    at.look(Observation(AT, services, definitions, order=order))


def test_a_service_at_rest_takes_two_kilobytes():
    # What all services share is there already: it is that of one cluster more.
    known = [state(f'known-{n}') for n in range(CLUSTERS)]
    loaded, looked = size(known), [state('one-more')]
    assert (size([*known, *looked]) - loaded) / SERVICES < MOST_LOADED
    for order, each in enumerate([*known, *looked]):
        look(each, order)
    assert all(each.rollouts['s0'].state == 'steady' and not each.drifted() for each in known)
    assert isinstance(known[0].wanted['s0'].definition, PackedTerms)
    assert (size([*known, *looked]) - size(known)) / SERVICES < MOST_LOOKED
