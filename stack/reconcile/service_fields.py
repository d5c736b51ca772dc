"""Comparison of the members of an ECS service, both sides in normal form.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from stack.reconcile.deployment_changes import deployment_changes, without_foreign_steps
from stack.reconcile.names import CONNECT_TAG
from stack.reconcile.observed import Service
from stack.reconcile.plan import Change, differences
from stack.reconcile.wanted import Wanted
from stack.stackfile.aws_defaults import RESET, SERVICE
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.normal_form import normalised_service

Changed = tuple[Any, list[Change]] | None

# Members compared elsewhere (attachments, count), or refused by UpdateService.
_ELSEWHERE = frozenset(
    {'loadBalancers', 'serviceRegistries', 'desiredCount', 'launchType', 'schedulingStrategy', 'role'}
)

# Members left unchanged where the stackfile does not state them: AWS has no single default, or it would stop traffic.
_KEPT = frozenset(
    {
        'availabilityZoneRebalancing',
        'capacityProviderStrategy',
        'deploymentController',
        'networkConfiguration',
        'serviceConnectConfiguration',
        'vpcLatticeConfigurations',
    }
)

# Members that every stackfile states: an absent field means none.
_NONE_BY_DEFAULT = frozenset({'placementConstraints'})

# Members of the deployment configuration that a stackfile always states, by a value or a default.
_ALWAYS_STATED = ('maximumPercent', 'minimumHealthyPercent', 'deploymentCircuitBreaker')


def changed_members(wanted: Wanted, service: Service) -> tuple[dict[str, Any], list[Change]]:
    """Arguments of UpdateService for the differing members, and their differences.

    A member that the stackfile does not state is reset to AWS's default where the stackfile states everything
    (`Service.is_whole`); on other services, which another program may have configured, it stays.
    """
    stated, resets = _differing(wanted, service)
    if service.is_whole:
        stated |= resets
    arguments = {name: _argument(name, *sides, wanted, service) for name, sides in stated.items()}
    changes = [change for name, sides in stated.items() for change in _in_fields(name, *sides)]
    return arguments, changes


def states_everything(wanted: Wanted, service: Service) -> bool:
    """Whether the service has defaults in all members that the stackfile does not state."""
    return not _differing(wanted, service)[1]


Sides = tuple[Any, Any]


def _differing(wanted: Wanted, service: Service) -> tuple[dict[str, Sides], dict[str, Sides]]:
    """Members that differ, before and after: those that the stackfile states, and those that it does not."""
    # Only a new service can have another scheduling strategy.
    members = {**wanted.members, 'schedulingStrategy': service.scheduling_strategy}
    before, after = normalised_service(service.members), normalised_service(members)
    stated: dict[str, Sides] = {}
    resets: dict[str, Sides] = {}
    for name in sorted({*before, *after} - _ELSEWHERE - {'deploymentConfiguration'}):
        sides = before.get(name), after.get(name)
        left_out = name == 'serviceConnectConfiguration' and CONNECT_TAG in service.tags
        if sides[0] == sides[1] or (name in _KEPT and name not in wanted.members and not left_out):
            continue
        (stated if name in wanted.members or name in _NONE_BY_DEFAULT or left_out else resets)[name] = sides
    parts = before['deploymentConfiguration'], after['deploymentConfiguration']
    if parts[0] != parts[1]:
        always = {*_always_stated(wanted, service), *wanted.members.get('deploymentConfiguration', ())}
        kept = {**parts[0], **{name: parts[1].get(name) for name in always}}
        kept = without_foreign_steps({name: value for name, value in kept.items() if value is not None})
        if kept != parts[0]:
            stated['deploymentConfiguration'] = parts[0], kept
        if kept != parts[1]:
            resets['deploymentConfiguration'] = parts
    return stated, resets


def _always_stated(wanted: Wanted, service: Service) -> set[str]:
    """In host network mode the minimum healthy percentage of another scheduler stays, unless the stackfile states it.

    AWS's default of 100 % needs an instance to spare for each host port.
    """
    in_host_network = wanted.network is None and service.scheduling_strategy == 'REPLICA'
    return {*_ALWAYS_STATED} - ({'minimumHealthyPercent'} if in_host_network and not service.is_whole else set())


def _argument(name: str, before: Any, after: Any, wanted: Wanted, service: Service) -> Any:
    """The argument for a member. ECS merges some structures by member, so they are sent whole."""
    if name == 'deploymentConfiguration':
        return _configuration(before, after, service)
    if name in wanted.members:
        return wanted.members[name]
    return RESET.get(name, SERVICE[()].get(name))


def _configuration(before: Any, after: Any, service: Service) -> dict[str, Any]:
    """The whole deploymentConfiguration. ECS keeps a member that is left out, so that one that goes is sent empty.

    The steps of a strategy go with it: ECS accepts them with no other.
    """
    live = service.members.get('deploymentConfiguration') or {}
    differing = {member: after[member] for member in after if before.get(member) != after[member]}
    whole = {key: value for key, value in {**live, **differing}.items() if key in after}
    if 'lifecycleHooks' in before and 'lifecycleHooks' not in after:
        whole['lifecycleHooks'] = []
    if 'alarms' in whole:
        whole['alarms'] = {'alarmNames': [], **whole['alarms']}
    return whole


def _in_fields(name: str, before: Any, after: Any) -> list[Change]:
    """The differences in one member, named by the fields of the stackfile."""
    field = _fields().get(name, f'ecs.service.{name}')
    if name == 'networkConfiguration':
        return differences(_network(before), _network(after), 'vpc')
    if name == 'deploymentConfiguration':
        return deployment_changes(before or {}, after or {})
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return differences(before, after, field)
    return [Change(field, before, after)]


def _network(member: Any) -> dict[str, Any]:
    network = (member or {}).get('awsvpcConfiguration') or {}
    return {
        'subnets': sorted(network.get('subnets') or ()),
        'security_groups': sorted(network.get('securityGroups') or ()),
        'assign_public_ip': network.get('assignPublicIp') or 'DISABLED',
    }


@cache
def _fields() -> dict[str, str]:
    """Member of CreateService → the field of the stackfile that renders it."""
    found: dict[str, str] = {}
    for entry in entries(ServiceSettings):
        for target in entry.ecs:
            if target.place == 'service':
                found.setdefault(target.key.partition('.')[0], entry.name)
    return found
