"""Service deployments and service revisions: past rollouts and their results."""

from collections.abc import Iterator

from stack.sandbox.ecs.deployments import UNDER_WAY, breaker_view, stop_by_hand
from stack.sandbox.ecs.errors import EcsError, cluster_not_found, invalid, service_not_found
from stack.sandbox.ecs.model import Revision, Rollout, Service, Task, Wire
from stack.sandbox.ecs.paging import page_of
from stack.sandbox.ecs.views import given
from stack.sandbox.ecs.world import LIVE, World

_MOST_DESCRIBED = 20


def list_(world: World, params: Wire) -> Wire:
    service = world.service(world.cluster(params.get('cluster')), params['service'])
    statuses, between = params.get('status', []), params.get('createdAt', {})
    records = [
        record
        for record in service.rollouts
        if (not statuses or record.status in statuses)
        and between.get('after', 0) <= record.created_at <= between.get('before', float('inf'))
    ]
    got, rest = page_of(records, params, default=20)
    return {'serviceDeployments': [_brief(world, service, record) for record in got], **rest}


def describe(world: World, params: Wire) -> Wire:
    found, failures = [], []
    for arn in _checked(params['serviceDeploymentArns'], 'serviceDeploymentArns'):
        service, record = _rollout(world, arn)
        if service is None or record is None:
            failures.append({'arn': arn, 'reason': 'MISSING'})
        else:
            found.append(_full(world, service, record))
    return {'serviceDeployments': found, 'failures': failures}


def stop(world: World, params: Wire) -> Wire:
    """Stops a rollout that is under way: `ROLLBACK` (the default) goes back, `ABORT` leaves things as they are."""
    service, record = _rollout(world, params['serviceDeploymentArn'])
    if service is None or record is None:
        raise EcsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
    if record is not service.rollouts[0] or record.status not in UNDER_WAY or record.rollback is not None:
        raise EcsError('ConflictException', 'The service deployment is not in a state in which it can be stopped.')
    stop_by_hand(world, service, roll_back=params.get('stopType', 'ROLLBACK') == 'ROLLBACK')
    world.wake(service)
    return {'serviceDeploymentArn': params['serviceDeploymentArn']}


def revisions(world: World, params: Wire) -> Wire:
    found, failures = [], []
    for arn in _checked(params['serviceRevisionArns'], 'serviceRevisionArns'):
        service, identifier = _named(world, arn, 'service-revision')
        revision = next((r for r in service.revisions if r.id == identifier), None) if service else None
        if service is None or revision is None:
            failures.append({'arn': arn, 'reason': 'MISSING'})
        else:
            found.append(_revision(world, service, revision))
    return {'serviceRevisions': found, 'failures': failures}


def _checked(arns: list[str], name: str) -> list[str]:
    if not 1 <= len(arns) <= _MOST_DESCRIBED:
        raise invalid(f'{name} can have 1 to {_MOST_DESCRIBED} items.')
    return list(dict.fromkeys(arns))


def _named(world: World, arn: str, kind: str) -> tuple[Service | None, str]:
    """The service in a `kind/cluster/service/id` ARN, and the id; raises where a part of the way is not there."""
    path = arn.rpartition(':')[2].split('/')
    if len(path) != 4 or path[0] != kind:
        raise invalid(f'Invalid identifier: {arn}')
    cluster = world.region.clusters.get(path[1])
    if cluster is None:
        raise cluster_not_found()
    if path[2] not in cluster.services:
        raise service_not_found()
    return cluster.services[path[2]], path[3]


def _rollout(world: World, arn: str) -> tuple[Service | None, Rollout | None]:
    service, identifier = _named(world, arn, 'service-deployment')
    return service, next((r for r in service.rollouts if r.id == identifier), None) if service else None


def _brief(world: World, service: Service, record: Rollout) -> Wire:
    return given(
        serviceDeploymentArn=world.arn('service-deployment', service.cluster, service.name, record.id),
        serviceArn=world.arn('service', service.cluster, service.name),
        clusterArn=world.arn('cluster', service.cluster),
        createdAt=record.created_at,
        startedAt=record.started_at,
        finishedAt=record.finished_at,
        targetServiceRevisionArn=_revision_arn(world, service, record.target),
        status=record.status,
        statusReason=record.reason or None,
    )


def _full(world: World, service: Service, record: Rollout) -> Wire:
    brief = _brief(world, service, record)
    del brief['targetServiceRevisionArn']
    rollback = None
    if record.rollback is not None:
        rollback = {key: value for key, value in record.rollback.items() if key != 'serviceRevision'}
        rollback['serviceRevisionArn'] = _revision_arn(world, service, record.rollback['serviceRevision'])
    current = record is service.rollouts[0]
    return brief | given(
        updatedAt=record.updated_at,
        stoppedAt=record.stopped_at,
        sourceServiceRevisions=list(_summaries(world, service, record.sources, current)),
        targetServiceRevision=next(_summaries(world, service, [record.target], current)),
        lifecycleStage='SCALE_UP' if record.status in UNDER_WAY else None,
        deploymentConfiguration=record.configuration,
        rollback=rollback,
        deploymentCircuitBreaker=breaker_view(service, record),
        alarms={'status': 'DISABLED', 'alarmNames': [], 'triggeredAlarmNames': []},
    )


def _summaries(world: World, service: Service, revisions_: list[str], current: bool) -> Iterator[Wire]:
    for revision in revisions_:
        deployment = next((d for d in service.deployments if d.revision == revision), None)
        tasks: list[Task] = []
        if current and deployment is not None:
            tasks = [t for t in world.tasks_of(service) if t.deployment == deployment.id and t.status in LIVE]
        running = sum(task.status == 'RUNNING' for task in tasks)
        yield {
            'arn': _revision_arn(world, service, revision),
            'requestedTaskCount': deployment.desired if current and deployment else 0,
            'runningTaskCount': running,
            'pendingTaskCount': len(tasks) - running,
        }


def _revision_arn(world: World, service: Service, revision: str) -> str:
    return world.arn('service-revision', service.cluster, service.name, revision)


def _revision(world: World, service: Service, revision: Revision) -> Wire:
    containers = world.definition(revision.definition).spec['containerDefinitions']
    spec = dict(revision.spec)
    if spec.get('capacityProviderStrategy'):
        del spec['launchType']
    return given(
        serviceRevisionArn=_revision_arn(world, service, revision.id),
        serviceArn=world.arn('service', service.cluster, service.name),
        clusterArn=world.arn('cluster', service.cluster),
        taskDefinition=revision.definition,
        containerImages=[_image(world, c['name'], c['image']) for c in containers],
        guardDutyEnabled=False,
        createdAt=revision.created_at,
        **spec,
    )


def _image(world: World, name: str, image: str) -> Wire:
    found = world.ports.images.find(image)
    return given(containerName=name, image=image, imageDigest=found.digest if found else None)
