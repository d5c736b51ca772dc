"""Deployments of a service from their start to COMPLETED, with the records that ListServiceDeployments keeps of them.

Failures and stops are in `stack.sandbox.ecs.endings`.
"""

from stack.sandbox.ecs.events import add_event, deployment_changed
from stack.sandbox.ecs.launching import stop
from stack.sandbox.ecs.model import Cause, Course, Deployment, Revision, Rollout, Service, Wire
from stack.sandbox.ecs.rollout import threshold
from stack.sandbox.ecs.strategies import stages, traffic
from stack.sandbox.ecs.world import World

# Fields of a deployment rather than of the service: a rollback restores them.
ROLLED = (
    'launchType',
    'capacityProviderStrategy',
    'platformVersion',
    'networkConfiguration',
    'loadBalancers',
    'serviceRegistries',
    'serviceConnectConfiguration',
    'volumeConfigurations',
    'vpcLatticeConfigurations',
)
ROLLOUTS_KEPT = 100
UNDER_WAY = ('PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS')


def begin(world: World, service: Service) -> Deployment:
    """Create a PRIMARY deployment from the service's current `spec`; it replaces the one before."""
    spec: Wire = {name: service.spec[name] for name in ROLLED if name in service.spec}
    source = _source(world, service)
    groups = traffic.groups(service, source)
    revision = Revision(world.dice.digits(19), service.spec['taskDefinition'], spec, world.now, groups)
    deployment = Deployment(
        id=f'ecs-svc/{world.dice.digits(19)}',
        revision=revision.id,
        definition=revision.definition,
        spec=spec,
        desired=service.desired,
        created_at=world.now,
        updated_at=world.now,
        groups=groups,
    )
    deployment.reason = f'ECS deployment {deployment.id} in progress.'
    course = _course(world, service, source)
    _overtake(world, service, course)
    service.rollouts.insert(0, _record(world, service, deployment, course))
    del service.rollouts[ROLLOUTS_KEPT:]
    service.revisions.insert(0, revision)
    del service.revisions[ROLLOUTS_KEPT:]
    service.deployments.insert(0, deployment)
    if course is None and source is not None:
        _unite_traffic(world, service, source)
    service.steady = False
    service.attempt, service.not_before, service.refused, service.retry_at = 0, 0.0, 0, 0.0
    service.notices = []
    deployment_changed(world, service, deployment)
    return deployment


def _source(world: World, service: Service) -> Deployment | None:
    """The deployment that a new one replaces: the last good one, to which a native deployment first returns, or for a
    rolling update the one that has the traffic."""
    carrying = _carrying(world, service)
    if not stages.is_native(service.spec['deploymentConfiguration']):
        return carrying
    return next(filter(_is_good, service.deployments), carrying)


def _carrying(world: World, service: Service) -> Deployment | None:
    """The deployment with the most traffic: by its weight, or after a rolling update by its healthy tasks."""
    before = service.rollouts[0].course if service.rollouts else None
    healthy = [task.deployment for task in world.tasks_of(service) if task.healthy]

    def share(deployment: Deployment) -> tuple[float, bool]:
        weight = before.production.get(deployment.revision, 0.0) if before else healthy.count(deployment.id)
        return weight, _is_good(deployment)

    return max(service.deployments, key=share, default=None)


def _unite_traffic(world: World, service: Service, source: Deployment) -> None:
    """Leave the source of a rolling update alone, with all traffic, where a native deployment was replaced."""
    before = service.rollouts[1].course
    if before is None:
        return
    course = Course(before.stage, before.since, before.until, production={source.revision: stages.WHOLE})
    traffic.apply(world, service, service.deployments[0], course)
    others = [task for task in world.tasks_of(service) if task.deployment != source.id and task.desired == 'RUNNING']
    stop(world, service, others)


def _record(world: World, service: Service, deployment: Deployment, course: Course | None) -> Rollout:
    record = Rollout(
        id=world.dice.hexadecimal(21),
        deployment=deployment.id,
        target=deployment.revision,
        sources=[d.revision for d in service.deployments[: 1 if course is None else None]],
        created_at=world.now,
        updated_at=world.now,
        desired=service.desired,
        configuration=service.spec['deploymentConfiguration'],
        course=course,
        alarms=_quiet_alarms(world, service.spec['deploymentConfiguration'].get('alarms', {})),
    )
    if record.alarms:
        world.monitored.add((service.cluster, service.name))
    if course is None:
        record.status, record.started_at = 'IN_PROGRESS', world.now
    return record


def _quiet_alarms(world: World, configured: Wire) -> list[str]:
    """The alarms to monitor: none where one of them is in ALARM at the start."""
    names: list[str] = configured['alarmNames'] if configured.get('enable') else []
    return [] if world.ports.alarms.triggered(names) else names


def _course(world: World, service: Service, source: Deployment | None) -> Course | None:
    """The course of a new deployment, None for a rolling update. Traffic stays where the one before has left it."""
    if not stages.is_native(service.spec['deploymentConfiguration']):
        return None
    before = service.rollouts[0].course if service.rollouts else None
    course = Course(stages.PRE_SCALE_UP, world.now, world.now)
    if source is not None:
        course.source = source.revision
        carrying = _carrying(world, service) or source
        course.production = dict(before.production) if before else {carrying.revision: stages.WHOLE}
    if len(service.deployments) > 1:
        course.stage = stages.RECONCILE
    return course


def complete(world: World, service: Service) -> None:
    primary = service.deployments[0]
    set_state(world, service, primary, 'COMPLETED', f'ECS deployment {primary.id} completed.')
    add_event(world, service, f'(deployment {primary.id}) deployment completed.')
    record = service.rollouts[0]
    if record.status == 'ROLLBACK_IN_PROGRESS':
        finish(world, record, 'ROLLBACK_SUCCESSFUL', record.reason)
    elif record.status in UNDER_WAY:
        finish(world, record, 'SUCCESSFUL', '')


def give_up_old(service: Service, holding: set[str | None]) -> None:
    """Remove replaced deployments that have no task (`holding`: ids with tasks), except the rollback candidate and a
    failed deployment that is being rolled back."""
    primary, good = service.deployments[0], last_good(service)
    settled = primary.state == 'COMPLETED'
    service.deployments[1:] = [
        d
        for d in service.deployments[1:]
        if d.id in holding or (not settled and (d is good or (primary.rollback and d.state == 'FAILED')))
    ]


def last_good(service: Service) -> Deployment | None:
    """The deployment that a rollback of the newest one goes to."""
    return next(filter(_is_good, service.deployments[1:]), None)


def _is_good(deployment: Deployment) -> bool:
    return deployment.state == 'COMPLETED' or deployment.rollback


def _overtake(world: World, service: Service, course: Course | None) -> None:
    """Stop the rollout that is under way; a native one waits as PENDING until that has been done."""
    if not service.rollouts or service.rollouts[0].status not in UNDER_WAY:
        return
    record = service.rollouts[0]
    record.failures, record.cause = service.deployments[0].failed, Cause.NEWER
    record.status, record.reason = 'STOP_REQUESTED', 'A newer service deployment was started.'
    if course is None:
        end_overtaken(world, service.rollouts)


def end_overtaken(world: World, records: list[Rollout]) -> None:
    """End the rollouts that a newer one has replaced."""
    for record in records:
        if record.status == 'STOP_REQUESTED':
            record.stopped_at = world.now
            finish(world, record, 'STOPPED', record.reason)


def finish(world: World, record: Rollout, status: str, reason: str) -> None:
    record.status = status
    record.reason = reason
    record.finished_at = record.updated_at = world.now


def set_state(world: World, service: Service, deployment: Deployment, state: str, reason: str) -> None:
    deployment.state = state
    deployment.reason = reason
    deployment.updated_at = world.now
    deployment_changed(world, service, deployment)


def breaker_view(service: Service, record: Rollout) -> Wire:
    """The circuit breaker of a service deployment, with the count of the deployment while it is under way."""
    breaker = record.configuration.get('deploymentCircuitBreaker', {})
    if not breaker.get('enable'):
        return {'status': 'DISABLED', 'failureCount': 0, 'threshold': 0}
    current = next((d for d in service.deployments if d.id == record.deployment), None)
    if record.cause == Cause.BREAKER:
        status, count = 'TRIGGERED', record.failures
    else:
        status = 'MONITORING' if record.status in UNDER_WAY else 'MONITORING_COMPLETE'
        count = current.failed if current else record.failures
    return {'status': status, 'failureCount': count, 'threshold': threshold(record.desired, breaker)}
