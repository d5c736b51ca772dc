"""Carry-over of members that no field of a stackfile expresses, by the pass-through `ecs`.

Every member that the settings render is compared with what runs. Where they differ, the member as ECS describes it
replaces the fields that render it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.changes.adopt.found import Found, ordered
from stack.reconcile.observed import Service
from stack.reconcile.wanted import Wanted
from stack.stackfile.container_fields import Sidecar
from stack.stackfile.ecs_model import SET_BY_FIELDS
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.normal_form import normalised, normalised_service
from stack.stackfile.places import Path

Answer = Mapping[str, Any]

_TABLE_PLACES = {'task_definition': 'task', 'container': 'container', 'service': 'service'}

# Members that are compared and stated elsewhere, or that fields derive.
_APART = {
    'task_definition': {'family', 'containerDefinitions', 'networkMode', 'requiresCompatibilities', 'tags'},
    'container': {'name', 'image', 'essential'},
    'service': {
        'networkConfiguration',
        'launchType',
        'schedulingStrategy',
        'desiredCount',
        'deploymentController',
        'availabilityZoneRebalancing',
    },
}


def carry_over(found: Found, wanted: Wanted, service: Service) -> bool:
    """Move every member that differs from what runs to the pass-through. Return whether there was one."""
    changed = False
    for place, settings, members, differing in list(_differing(found, wanted, service)):
        for member in differing:
            changed |= state_member(settings, place, member, members.get(member))
    if changed:
        found.settings = ordered(found.settings)
    return changed


def carry_over_field(found: Found, service: Service, below: Path) -> bool:
    """Move what a field with a mistake renders to the pass-through. Return whether that was possible."""
    settings, field, containers = found.settings, below[0], found.body.get('containerDefinitions') or ()
    table: type = ServiceSettings
    name = found.main
    if field == 'containers' and len(below) > 3 and isinstance(below[1], int):
        name, field, table = str(below[2]), below[3], Sidecar
        settings = found.settings['containers'][below[1]][name]
    container: Answer = next((item for item in containers if item.get('name') == name), {})
    described = {'task': found.body, 'container': container, 'service': service.members}
    if field == 'elb':
        settings.pop('elb', None)
        return state_member(settings, 'service', 'loadBalancers', service.members.get('loadBalancers'))
    targets = [target for entry in entries(table) if entry.name == field for target in entry.ecs]
    changed = False
    for target in targets:
        place = next(place for place, known in _TABLE_PLACES.items() if known == target.place)
        member = target.key.partition('.')[0]
        if member not in _APART[place] and described[target.place].get(member) not in (None, [], {}, ''):
            changed |= state_member(settings, place, member, described[target.place][member])
    return changed


def state_member(settings: dict[str, Any], place: str, member: str, value: Any) -> bool:
    """Replace the fields that render a member by the member itself; False where that changes nothing."""
    dropped = [name for name in _rendering(place, member) if settings.pop(name, None) is not None]
    passed = (settings.get('ecs') or {}).get(place, {})
    if value in (None, [], {}, '') or passed.get(member) == value:
        return bool(dropped)
    settings['ecs'] = {**(settings.get('ecs') or {}), place: {**passed, member: value}}
    return True


def _rendering(place: str, member: str) -> set[str]:
    """The fields that render a member."""
    return {
        entry.name
        for entry in entries(ServiceSettings)
        for target in entry.ecs
        if target.place == _TABLE_PLACES[place] and target.key.partition('.')[0] == member
    }


def _differing(
    found: Found, wanted: Wanted, service: Service
) -> Iterator[tuple[str, dict[str, Any], Answer, list[str]]]:
    """Place, settings, described members, and the names of the members that differ."""
    now, then = normalised(found.body), normalised(wanted.definition)
    yield 'task_definition', found.settings, found.body, _names_of(now, then, 'task_definition')
    after = {other['name']: other for other in then.get('containerDefinitions', ())}
    described = {other['name']: other for other in found.body.get('containerDefinitions') or ()}
    for container in now.get('containerDefinitions', ()):
        name = container['name']
        settings = found.settings if name == found.main else _sidecar(found, name)
        yield 'container', settings, described[name], _names_of(container, after.get(name, {}), 'container')
    live, rendered = normalised_service(service.members), normalised_service(wanted.members)
    differing = _names_of(live, rendered, 'service')
    attached = 'elb' in found.settings, 'dns_discovery' in found.settings
    joined = [name for name, own in zip(('loadBalancers', 'serviceRegistries'), attached, strict=True) if own]
    yield 'service', found.settings, service.members, [member for member in differing if member not in joined]


def _sidecar(found: Found, name: str) -> dict[str, Any]:
    return next(
        container[name]
        for container in found.settings.get('containers', ())
        if name in container and not isinstance(container, str)
    )


def _names_of(now: Answer, then: Answer, place: str) -> list[str]:
    apart = {*_APART[place], *SET_BY_FIELDS[place]}
    return [name for name in sorted({*now, *then}) if name not in apart and now.get(name) != then.get(name)]
