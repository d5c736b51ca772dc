"""ECS, as far as Nysa asks it."""

from dataclasses import dataclass

from stack.aws.connection import Connection


@dataclass(frozen=True)
class ClusterStatus:
    """`status` is ECS's own word (ACTIVE, INACTIVE, …)."""

    name: str
    status: str
    container_instances: int


async def describe_cluster(connection: Connection, name: str) -> ClusterStatus | None:
    """The cluster as ECS has it, or None where there is none.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
    """
    answer = await connection.call('ecs', 'DescribeClusters', clusters=[name])
    for cluster in answer.get('clusters', []):
        return ClusterStatus(name, cluster['status'], cluster.get('registeredContainerInstancesCount', 0))
    return None
