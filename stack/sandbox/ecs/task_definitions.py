"""Task definitions: registered, described, listed, deregistered and deleted."""

from stack.sandbox.ecs import tagging
from stack.sandbox.ecs.errors import client, invalid
from stack.sandbox.ecs.model import TaskDefinition, Wire
from stack.sandbox.ecs.paging import page, page_of
from stack.sandbox.ecs.task_definition_rules import NAME, filled_in
from stack.sandbox.ecs.views import definition_arn, definition_view, tag_list
from stack.sandbox.ecs.world import World, short

_MOST_DELETED = 10


def found(world: World, name: str) -> TaskDefinition | None:
    """By `family` (its newest ACTIVE revision), `family:revision` or ARN."""
    family, colon, revision = short(name).partition(':')
    of_family = world.region.definitions.get(family, [])
    if colon:
        return next((d for d in of_family if str(d.revision) == revision), None)
    return next((d for d in reversed(of_family) if d.status == 'ACTIVE'), None)


def register(world: World, params: Wire) -> Wire:
    family = params['family']
    if not family:
        raise client('Family should not be null or blank.')
    if not NAME.fullmatch(family):
        raise client('Family contains invalid characters.')
    spec, tags = filled_in(params), tagging.read(params.get('tags', []))
    of_family = world.region.definitions.setdefault(family, [])
    revision = of_family[-1].revision + 1 if of_family else 1
    definition = TaskDefinition(family, revision, spec, world.now, tags=tags)
    of_family.append(definition)
    return {'taskDefinition': definition_view(world, definition), 'tags': tag_list(tags)}


def describe(world: World, params: Wire) -> Wire:
    definition = found(world, params['taskDefinition'])
    if definition is None:
        raise client('Unable to describe task definition.')
    tags = {'tags': tag_list(definition.tags)} if 'TAGS' in params.get('include', []) else {}
    return {'taskDefinition': definition_view(world, definition), **tags}


def deregister(world: World, params: Wire) -> Wire:
    name = params['taskDefinition']
    if ':' not in short(name):
        raise client('Revision is missing.')
    definition = found(world, name)
    if definition is None:
        raise client('The specified task definition does not exist.')
    if definition.status == 'ACTIVE':
        definition.status = 'INACTIVE'
        definition.deregistered_at = world.now
    return {'taskDefinition': definition_view(world, definition)}


def delete(world: World, params: Wire) -> Wire:
    names = params['taskDefinitions']
    if not 1 <= len(names) <= _MOST_DELETED:
        raise invalid(f'taskDefinitions can have 1 to {_MOST_DELETED} items.')
    deleted, failures = [], []
    for name in names:
        definition = found(world, name) if ':' in short(name) else None
        if definition is None:
            reason = (
                'The specified task definition does not exist. Specify a valid account, family, revision and try again.'
            )
            failures.append({'arn': name, 'reason': reason})
        elif definition.status == 'ACTIVE':
            reason = (
                'The specified task definition is still in ACTIVE status. Please deregister the target and try again.'
            )
            failures.append({'arn': definition_arn(world, definition), 'reason': reason})
        else:
            definition.status = 'DELETE_IN_PROGRESS'
            deleted.append(definition_view(world, definition))
    return {'taskDefinitions': deleted, 'failures': failures}


def list_(world: World, params: Wire) -> Wire:
    status = params.get('status', 'ACTIVE')
    wanted = params.get('familyPrefix')
    arns = [
        definition_arn(world, definition)
        for family in sorted(world.region.definitions)
        if wanted in (None, family)
        for definition in world.region.definitions[family]
        if definition.status == status
    ]
    if params.get('sort') == 'DESC':
        arns.reverse()
    got, rest = page_of(arns, params)
    return {'taskDefinitionArns': got, **rest}


def families(world: World, params: Wire) -> Wire:
    status, prefix = params.get('status', 'ACTIVE'), params.get('familyPrefix', '')
    names = sorted(
        family
        for family, definitions in world.region.definitions.items()
        if family.startswith(prefix) and _is(definitions, status)
    )
    got, rest = page(names, params)
    return {'families': got, **rest}


def _is(definitions: list[TaskDefinition], status: str) -> bool:
    active = any(d.status == 'ACTIVE' for d in definitions)
    return status == 'ALL' or active == (status == 'ACTIVE')
