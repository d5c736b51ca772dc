"""Tags of every resource, and TagResource, UntagResource and ListTagsForResource."""

from collections.abc import Mapping

from stack.sandbox.ecs.errors import EcsError, cluster_not_found, invalid, service_not_found
from stack.sandbox.ecs.model import Instance, Service, Task, Wire
from stack.sandbox.ecs.views import tag_list
from stack.sandbox.ecs.world import World

_MOST = 50


def read(tags: list[Wire]) -> dict[str, str]:
    """Tags of a request as a mapping; raises InvalidParameterException where AWS does."""
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag.get('key', ''), tag.get('value', '')
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise invalid('A tag key has 1 to 128 characters, and a tag value at most 256.')
        if key.lower().startswith('aws:'):
            raise invalid('Tag keys that begin with aws: are reserved.')
        if key in found:
            raise invalid(f'Duplicate tag key {key}.')
        found[key] = value
    if len(found) > _MOST:
        raise invalid(f'A resource can have at most {_MOST} tags.')
    return found


def tag(world: World, params: Wire) -> Wire:
    tags = _tags_of(world, params['resourceArn'])
    merged = tags | read(params['tags'])
    if len(merged) > _MOST:
        raise invalid(f'A resource can have at most {_MOST} tags.')
    tags.update(merged)
    return {}


def untag(world: World, params: Wire) -> Wire:
    tags = _tags_of(world, params['resourceArn'])
    for key in params['tagKeys']:
        tags.pop(key, None)
    return {}


def list_(world: World, params: Wire) -> Wire:
    return {'tags': tag_list(_tags_of(world, params['resourceArn']))}


def _tags_of(world: World, arn: str) -> dict[str, str]:
    parts = arn.split(':', 5)
    if len(parts) != 6 or parts[:3] != ['arn', 'aws', 'ecs']:
        raise invalid(f'Invalid ARN {arn}.')
    kind, *path = parts[5].split('/')
    if kind == 'task-definition' and path:
        family, _, revision = path[0].partition(':')
        for definition in world.region.definitions.get(family, []):
            if str(definition.revision) == revision:
                return definition.tags
        raise invalid('The specified task definition was not found.')
    cluster = world.region.clusters.get(path[0]) if path else None
    if cluster is None:
        raise cluster_not_found()
    if kind == 'cluster':
        return cluster.tags
    kinds: dict[str, Mapping[str, Service | Task | Instance]] = {
        'service': cluster.services,
        'task': cluster.tasks,
        'container-instance': cluster.instances,
    }
    if kind not in kinds:
        raise invalid(f'Resources of type {kind} cannot be tagged.')
    thing = kinds[kind].get(path[-1])
    if thing is None:
        raise service_not_found() if kind == 'service' else EcsError('ResourceNotFoundException', f'No such {kind}.')
    return thing.tags
