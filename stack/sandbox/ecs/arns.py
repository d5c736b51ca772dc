"""ARNs of service deployments and service revisions: `kind/cluster/service/id`."""

from stack.sandbox.ecs.errors import cluster_not_found, invalid, service_not_found
from stack.sandbox.ecs.model import Service
from stack.sandbox.ecs.world import World

_MOST_DESCRIBED = 20


def checked(arns: list[str], name: str) -> list[str]:
    """The ARNs of a request without repetitions; raises InvalidParameterException for none or too many."""
    if not 1 <= len(arns) <= _MOST_DESCRIBED:
        raise invalid(f'{name} can have 1 to {_MOST_DESCRIBED} items.')
    return list(dict.fromkeys(arns))


def named(world: World, arn: str, kind: str) -> tuple[Service, str]:
    """The service and the id that an ARN names; raises ECS's error for a wrong ARN, cluster or service."""
    path = arn.rpartition(':')[2].split('/')
    if len(path) != 4 or path[0] != kind:
        raise invalid(f'Invalid identifier: {arn}')
    cluster = world.region.clusters.get(path[1])
    if cluster is None:
        raise cluster_not_found()
    if path[2] not in cluster.services:
        raise service_not_found()
    return cluster.services[path[2]], path[3]
