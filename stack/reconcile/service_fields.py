"""Fields of an ECS service, with AWS's defaults filled in on both sides before they are held against each other.

Each function gives what UpdateService is to be told with the changes behind it, or None where nothing differs.
"""

from collections.abc import Mapping
from typing import Any

from stack.plan import Change, differences
from stack.reconcile.observed import Service
from stack.reconcile.wanted import Wanted

_DEPLOYMENT_KEYS = ('maximumPercent', 'minimumHealthyPercent', 'deploymentCircuitBreaker')
_NO_BREAKER = {'enable': False, 'rollback': False}

Changed = tuple[Any, list[Change]] | None


def deployment(wanted: Wanted, service: Service) -> Changed:
    before = with_defaults(service.deployment_configuration, service.scheduling_strategy)
    after = with_defaults(wanted.deployment, service.scheduling_strategy)
    changes = differences(before, after, 'deployment_configuration')
    return ({**service.deployment_configuration, **after}, changes) if changes else None


def with_defaults(configuration: Mapping[str, Any], strategy: str) -> dict[str, Any]:
    """A deploymentConfiguration with what ECS takes where nothing is said.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    """
    defaults = {
        'maximumPercent': 200 if strategy == 'REPLICA' else 100,
        'minimumHealthyPercent': 100 if strategy == 'REPLICA' else 0,
        'deploymentCircuitBreaker': _NO_BREAKER,
    }
    said = {name: value for name, value in configuration.items() if name in _DEPLOYMENT_KEYS and value is not None}
    breaker = {**_NO_BREAKER, **(said.get('deploymentCircuitBreaker') or {})}
    return {**defaults, **said, 'deploymentCircuitBreaker': {each: breaker[each] for each in _NO_BREAKER}}


def placement(wanted: Wanted, service: Service) -> Changed:
    before, after = _sorted(service.placement_constraints), _sorted(wanted.placement_constraints)
    return (after, [Change('placement_constraints', before, after)]) if before != after else None


def _sorted(constraints: tuple[Mapping[str, Any], ...]) -> list[dict[str, Any]]:
    plain = [{name: value for name, value in each.items() if value} for each in constraints]
    return sorted(plain, key=lambda each: (each.get('type', ''), each.get('expression', '')))


def network(wanted: Wanted, service: Service) -> Changed:
    if not wanted.network:
        return None
    before, after = _comparable(service.network or {}), _comparable(wanted.network)
    changes = differences(before, after, 'vpc')
    return ({'awsvpcConfiguration': wanted.network}, changes) if changes else None


def _comparable(network: Mapping[str, Any]) -> dict[str, Any]:
    return {
        'subnets': sorted(network.get('subnets') or ()),
        'security_groups': sorted(network.get('securityGroups') or ()),
        'assign_public_ip': network.get('assignPublicIp') or 'DISABLED',
    }
