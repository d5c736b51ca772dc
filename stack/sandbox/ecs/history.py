"""Service deployments, past and current: ListServiceDeployments, and the actions that stop or continue one."""

from stack.sandbox.ecs import alarms
from stack.sandbox.ecs.arns import checked, named
from stack.sandbox.ecs.deployments import UNDER_WAY, breaker_view
from stack.sandbox.ecs.endings import request_stop
from stack.sandbox.ecs.errors import EcsError
from stack.sandbox.ecs.model import Course, HookRun, Rollout, Service, Wire
from stack.sandbox.ecs.paging import page_of
from stack.sandbox.ecs.revisions import revision_arn, summary
from stack.sandbox.ecs.strategies import hooks
from stack.sandbox.ecs.views import given
from stack.sandbox.ecs.world import World


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
    for arn in checked(params['serviceDeploymentArns'], 'serviceDeploymentArns'):
        service, record = _rollout(world, arn)
        if record is None:
            failures.append({'arn': arn, 'reason': 'MISSING'})
        else:
            found.append(_full(world, service, record))
    return {'serviceDeployments': found, 'failures': failures}


def stop(world: World, params: Wire) -> Wire:
    """Stop a rollout that is under way: `ROLLBACK` (the default) goes back, `ABORT` leaves things as they are."""
    service, record = _existing(world, params['serviceDeploymentArn'])
    request_stop(world, service, record, roll_back=params.get('stopType', 'ROLLBACK') == 'ROLLBACK')
    return {'serviceDeploymentArn': params['serviceDeploymentArn']}


def continue_(world: World, params: Wire) -> Wire:
    """Continue a deployment that is paused, or roll it back.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContinueServiceDeployment.html
    """
    service, record = _existing(world, params['serviceDeploymentArn'])
    hooks.answer(world, service, record, params['hookId'], params.get('action', 'CONTINUE'))
    return {'serviceDeploymentArn': params['serviceDeploymentArn']}


def _existing(world: World, arn: str) -> tuple[Service, Rollout]:
    service, record = _rollout(world, arn)
    if record is None:
        raise EcsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
    return service, record


def _rollout(world: World, arn: str) -> tuple[Service, Rollout | None]:
    service, identifier = named(world, arn, 'service-deployment')
    return service, next((r for r in service.rollouts if r.id == identifier), None)


def _brief(world: World, service: Service, record: Rollout) -> Wire:
    return given(
        serviceDeploymentArn=world.arn('service-deployment', service.cluster, service.name, record.id),
        serviceArn=world.arn('service', service.cluster, service.name),
        clusterArn=world.arn('cluster', service.cluster),
        createdAt=record.created_at,
        startedAt=record.started_at,
        finishedAt=record.finished_at,
        targetServiceRevisionArn=revision_arn(world, service, record.target),
        status=record.status,
        statusReason=record.reason or None,
    )


def _full(world: World, service: Service, record: Rollout) -> Wire:
    brief = _brief(world, service, record)
    del brief['targetServiceRevisionArn']
    rollback = None
    if record.rollback is not None:
        rollback = {key: value for key, value in record.rollback.items() if key != 'serviceRevision'}
        rollback['serviceRevisionArn'] = revision_arn(world, service, record.rollback['serviceRevision'])
    return brief | given(
        updatedAt=record.updated_at,
        stoppedAt=record.stopped_at,
        sourceServiceRevisions=[_summary(world, service, record, revision) for revision in record.sources],
        targetServiceRevision=_summary(world, service, record, record.target),
        lifecycleStage=_stage(record),
        lifecycleHookDetails=None if record.course is None else _hooks(record, record.course),
        deploymentConfiguration=record.configuration,
        rollback=rollback,
        deploymentCircuitBreaker=breaker_view(service, record),
        alarms=alarms.view(record),
    )


def _stage(record: Rollout) -> str | None:
    if record.status not in UNDER_WAY or record.status == 'PENDING':
        return None
    if record.course is not None:
        return record.course.stage
    return 'SCALE_UP' if record.baking_since is None else 'BAKE_TIME'


def _hooks(record: Rollout, course: Course) -> list[Wire]:
    """The hooks of the current stage, and those for which the deployment failed."""
    return [_hook(run) for run in (course.hooks if record.status in UNDER_WAY else hooks.failed(course))]


def _hook(run: HookRun) -> Wire:
    return given(
        hookId=run.id,
        targetType=run.kind,
        targetArn=run.target or None,
        status=run.status,
        expiresAt=run.expires_at,
        timeoutAction=run.on_timeout,
    )


def _summary(world: World, service: Service, record: Rollout, revision: str) -> Wire:
    """A revision of a service deployment: its tasks where it is the newest, and its share of the traffic."""
    current = service.deployments if record is service.rollouts[0] else []
    counted = summary(world, service, revision, next((d for d in current if d.revision == revision), None))
    if record.course is None:
        return counted
    return {
        **counted,
        'requestedProductionTrafficWeight': record.course.production.get(revision, 0.0),
        'requestedTestTrafficWeight': record.course.test.get(revision, 0.0),
    }
