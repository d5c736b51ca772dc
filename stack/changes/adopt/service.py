"""Conversion of an ECS service, without its task definition, to fields of a stackfile."""

from collections.abc import Mapping
from typing import Any

from stack.reconcile.observed import Service, TaskDefinition
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.inverse import Source, fields_of, structures
from stack.stackfile.normal_form import normalised_service

Answer = Mapping[str, Any]

_CONSTRAINTS = next(entry for entry in entries(ServiceSettings) if entry.name == 'placement_constraints')


def stated_members(service: Service) -> dict[str, Any]:
    """The members that differ from ECS's defaults; those of the deployment configuration one by one."""
    strategy = {'schedulingStrategy': service.scheduling_strategy}
    usual, found = normalised_service(strategy), normalised_service(service.members)
    stated = {name: value for name, value in service.members.items() if found.get(name) != usual.get(name)}
    stated |= strategy
    parts = service.members.get('deploymentConfiguration') or {}
    usual_parts, found_parts = usual['deploymentConfiguration'], found['deploymentConfiguration']
    differing = {name: value for name, value in parts.items() if found_parts.get(name) != usual_parts.get(name)}
    stated.pop('deploymentConfiguration', None)
    if service.scheduling_strategy == 'DAEMON':
        stated.pop('availabilityZoneRebalancing', None)
    if stated.get('availabilityZoneRebalancing') == 'ENABLED':
        stated.pop('availabilityZoneRebalancing')
    if stated.get('deploymentController', {}).get('type') == 'ECS':
        stated.pop('deploymentController')
    return {**stated, **({'deploymentConfiguration': differing} if differing else {})}


def service_settings(service: Service, definition: TaskDefinition, autoscaled: bool, source: Source) -> dict[str, Any]:
    """The fields that the service renders, except its network, load balancers and registries."""
    found = fields_of(stated_members(service), entries(ServiceSettings), 'service', source)
    found.pop('volumes', None)
    replica = service.scheduling_strategy == 'REPLICA'
    tags, definition_tags = _own(service.tags), _own(definition.tags)
    return {
        **found,
        'desired_count': service.desired_count if replica else None,
        'autoscaled': autoscaled,
        'placement_constraints': _constraints(service, definition.body, source),
        'tags': tags,
        'task_definition_tags': definition_tags if definition_tags != tags else None,
    }


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that neither AWS nor Nysa set."""
    return {key: value for key, value in tags.items() if not key.startswith(('aws:', 'nysa:'))}


def _constraints(service: Service, body: Answer, source: Source) -> list[Any]:
    """`memberOf` of the task definition and `distinctInstance` of the service: any others go into the pass-through."""
    of_task = list(body.get('placementConstraints') or ())
    of_service = list(service.members.get('placementConstraints') or ())
    found: list[Any] = []
    for kind, listed in (('memberOf', of_task), ('distinctInstance', of_service)):
        if all(item.get('type') == kind for item in listed):
            found += structures(listed, _CONSTRAINTS, source)
    return found
