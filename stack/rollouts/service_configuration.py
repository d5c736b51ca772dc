"""The configuration of one service: its effective settings with their origins, and its addresses."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed
from stack.reconcile.addresses import Address, balancer_addresses, declared_addresses
from stack.reconcile.observed_balancers import LoadBalancer
from stack.rollouts.cluster_state import ClusterState
from stack.stackfile.origins import settings_with_origins

# The load balancers that lead to some target groups.
BalancersOf = Callable[[Sequence[str]], Awaitable[Sequence[LoadBalancer]]]


async def service_configuration(
    state: ClusterState, name: str, balancers_of: PerCluster[BalancersOf]
) -> dict[str, Any]:
    """The fields with a value, and the addresses; `failing` where AWS does not list the load balancers.

    Raises `NotFound` where the desired state does not have the service.
    """
    fields = settings_with_origins(state.revision.document, name)
    content: dict[str, Any] = {
        'service': name,
        'revision': state.revision.id,
        'fields': {field: setting.to_json() for field, setting in fields.items()},
        'failing': None,
    }
    addresses: list[Address] = []
    if name in state.wanted:
        addresses += declared_addresses(state.wanted[name])
    try:
        addresses += await _observed(state, name, balancers_of)
    except AwsFailed as failed:
        content['failing'] = {'error': failed.code, 'message': failed.message}
    return content | {'addresses': [address.to_json() for address in addresses]}


async def _observed(state: ClusterState, name: str, balancers_of: PerCluster[BalancersOf]) -> list[Address]:
    """The addresses of the load balancers that ECS registers the tasks with."""
    service = state.ecs.services.get(name)
    if service is None or not service.target_groups:
        return []
    balancers = await (await balancers_of.of(state.name))(service.target_groups)
    return list(balancer_addresses(balancers, service.target_groups))
