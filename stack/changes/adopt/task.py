"""Conversion of a task definition, without its containers, to fields of a stackfile."""

from collections.abc import Mapping
from typing import Any

from stack.stackfile.entries import entries
from stack.stackfile.fields import FARGATE_PROVIDERS, ServiceSettings, TaskSize
from stack.stackfile.inverse import Source, fields_of, mounts
from stack.stackfile.volumes import Ebs

Answer = Mapping[str, Any]


def network_mode(body: Answer) -> str:
    """The value of `network_mode`."""
    return body.get('networkMode') or 'default'


def runs_on_fargate(members: Answer) -> bool:
    """Whether a service with these members runs on Fargate only."""
    providers = [provider.get('capacityProvider') for provider in members.get('capacityProviderStrategy') or ()]
    if providers:
        return all(provider in FARGATE_PROVIDERS for provider in providers)
    return members.get('launchType') == 'FARGATE'


def task_settings(body: Answer, main: Answer, members: Answer, source: Source) -> dict[str, Any]:
    """The fields that the task definition renders; `members` are those of the service."""
    fargate = runs_on_fargate(members)
    found = fields_of(body, entries(ServiceSettings), 'task', source)
    found |= _size(body, main, fargate, source)
    compatible = list(body.get('requiresCompatibilities') or ())
    if compatible != (['FARGATE'] if fargate else []) and (fargate or compatible != ['EC2']):
        found['compatibilities'] = compatible
    volumes = [_with_ebs(volume, body, members, source) for volume in found.pop('volumes', [])]
    return found | _volumes(volumes, main, source)


def _with_ebs(volume: dict[str, Any], body: Answer, members: Answer, source: Source) -> dict[str, Any]:
    """The volume, with its EBS settings from the service where ECS creates it with every task."""
    at_launch = {known.get('name') for known in body.get('volumes') or () if known.get('configuredAtLaunch')}
    for configuration in members.get('volumeConfigurations') or ():
        if (
            configuration.get('name') == volume['name']
            and volume['name'] in at_launch
            and configuration.get('managedEBSVolume')
        ):
            return {**volume, 'ebs': fields_of(configuration['managedEBSVolume'], entries(Ebs), '', source)}
    return volume


def _size(body: Answer, main: Answer, fargate: bool, source: Source) -> dict[str, Any]:
    """The size of the task: on Fargate that of the service, unless its main container has its own size."""
    size = fields_of(body, entries(TaskSize), 'task', source)
    if fargate and not main.get('cpu') and not main.get('memory') and not main.get('memoryReservation'):
        return size
    own: dict[str, Any] = {'task': size} if size else {}
    # With either of these, `memory` has no default.
    if main.get('memory') and ('memory' in size or main.get('memoryReservation')):
        own['memory'] = main['memory']
    return own


def _volumes(volumes: list[dict[str, Any]], main: Answer, source: Source) -> dict[str, Any]:
    """Volumes with the mounts of the main container in them, as far as that keeps the order of the mounts."""
    points = list(main.get('mountPoints') or ())
    joined = [
        (volume, [point for point in points if point.get('sourceVolume') == volume['name']]) for volume in volumes
    ]
    if [item for _, found in joined for item in found] != points or any(len(found) > 1 for _, found in joined):
        return {'volumes': volumes, **({'mounts': mounts(points, None, source)} if points else {})}
    return {'volumes': [_mounted(volume, found) for volume, found in joined], 'mounts': []}


def _mounted(volume: dict[str, Any], points: list[Answer]) -> Any:
    if not points:
        return volume
    [point] = points
    path, read_only = point['containerPath'], bool(point.get('readOnly'))
    short = volume.keys() == {'name', 'host'} and not any(c.isspace() or c == ':' for c in f'{volume["host"]}{path}')
    if short and path.startswith('/') and volume['host'].startswith('/'):
        return f'{volume["name"]}:{volume["host"]}:{path}' + (':ro' if read_only else '')
    return {**volume, 'mount': path, **({'read_only': True} if read_only else {})}
