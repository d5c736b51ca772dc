"""Deployments of a service, from their start to COMPLETED, FAILED, rolled back or overtaken, with the records that
ListServiceDeployments keeps of them.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from stack.sandbox.ecs.events import add_event, deployment_changed
from stack.sandbox.ecs.model import Deployment, Revision, Rollout, Service, Wire
from stack.sandbox.ecs.rollout import threshold
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
    revision = Revision(world.dice.digits(19), service.spec['taskDefinition'], spec, world.now)
    deployment = Deployment(
        id=f'ecs-svc/{world.dice.digits(19)}',
        revision=revision.id,
        definition=revision.definition,
        spec=spec,
        desired=service.desired,
        created_at=world.now,
        updated_at=world.now,
    )
    deployment.reason = f'ECS deployment {deployment.id} in progress.'
    _overtake(world, service)
    record = Rollout(
        id=world.dice.hexadecimal(21),
        deployment=deployment.id,
        target=revision.id,
        sources=[d.revision for d in service.deployments[:1]],
        created_at=world.now,
        updated_at=world.now,
        desired=service.desired,
        configuration=service.spec['deploymentConfiguration'],
        status='IN_PROGRESS',
        started_at=world.now,
    )
    service.rollouts.insert(0, record)
    del service.rollouts[ROLLOUTS_KEPT:]
    service.revisions.insert(0, revision)
    del service.revisions[ROLLOUTS_KEPT:]
    service.deployments.insert(0, deployment)
    service.steady = False
    service.attempt, service.not_before, service.refused, service.retry_at = 0, 0.0, 0, 0.0
    service.notices = []
    deployment_changed(world, service, deployment)
    return deployment


def complete(world: World, service: Service) -> None:
    primary = service.deployments[0]
    _set_state(world, service, primary, 'COMPLETED', f'ECS deployment {primary.id} completed.')
    add_event(world, service, f'(deployment {primary.id}) deployment completed.')
    record = service.rollouts[0]
    if record.status == 'ROLLBACK_IN_PROGRESS':
        _finish(world, record, 'ROLLBACK_SUCCESSFUL', record.reason)
    elif record.status in UNDER_WAY:
        _finish(world, record, 'SUCCESSFUL', '')


def fail(world: World, service: Service, roll_back: bool) -> None:
    """Trip the circuit breaker: start no more tasks, and roll back to the last completed deployment if asked to."""
    failed, record = service.deployments[0], service.rollouts[0]
    record.failures = failed.failed
    _set_state(world, service, failed, 'FAILED', 'ECS deployment circuit breaker: tasks failed to start.')
    failed.desired = 0 if roll_back else failed.desired
    add_event(world, service, f'(deployment {failed.id}) deployment failed: tasks failed to start.')
    if not roll_back:
        reason = 'Service deployment stopped because the circuit breaker threshold was exceeded.'
        record.stopped_at = world.now
        _finish(world, record, 'STOPPED', reason)
        return
    record.reason = 'Service deployment rolled back because the circuit breaker threshold was exceeded.'
    if not _return_to_last_good(world, service, record, 'ECS deployment circuit breaker: rolling back to deploymentId'):
        failed.desired = service.desired
        _finish(world, record, 'ROLLBACK_FAILED', 'No rollback candidate was found to run the rollback.')


def stop_by_hand(world: World, service: Service, roll_back: bool) -> None:
    """StopServiceDeployment: ends the rollout under way, going back to the last good deployment or not at all."""
    stopped, record = service.deployments[0], service.rollouts[0]
    _set_state(world, service, stopped, 'FAILED', f'ECS deployment {stopped.id} stopped by user.')
    record.stopped_at = world.now
    record.reason = 'Service deployment stopped by user.'
    if roll_back and _return_to_last_good(world, service, record, 'Rolling back to deploymentId'):
        stopped.desired = 0
        return
    _finish(world, record, 'ROLLBACK_FAILED' if roll_back else 'STOPPED', record.reason)


def give_up_old(service: Service, holding: set[str | None]) -> None:
    """Remove replaced deployments that have no task (`holding`: ids with tasks), except the rollback candidate and a
    failed deployment that is being rolled back."""
    primary, good = service.deployments[0], _last_good(service)
    settled = primary.state == 'COMPLETED'
    service.deployments[1:] = [
        d
        for d in service.deployments[1:]
        if d.id in holding or (not settled and (d is good or (primary.rollback and d.state == 'FAILED')))
    ]


def _return_to_last_good(world: World, service: Service, record: Rollout, saying: str) -> bool:
    good = _last_good(service)
    if good is None:
        return False
    add_event(world, service, f'rolling back to deployment {good.id}.')
    service.deployments.remove(good)
    service.deployments.insert(0, good)
    kept = {name: value for name, value in service.spec.items() if name not in ROLLED}
    service.spec = kept | good.spec | {'taskDefinition': good.definition}
    good.desired = service.desired
    good.rollback = True
    _set_state(world, service, good, 'IN_PROGRESS', f'{saying} {good.id}.')
    service.attempt, service.not_before, service.refused, service.retry_at = 0, 0.0, 0, 0.0
    record.status = 'ROLLBACK_IN_PROGRESS'
    record.rollback = {'reason': record.reason, 'startedAt': world.now, 'serviceRevision': good.revision}
    record.updated_at = world.now
    return True


def _last_good(service: Service) -> Deployment | None:
    return next((d for d in service.deployments[1:] if d.state == 'COMPLETED' or d.rollback), None)


def _overtake(world: World, service: Service) -> None:
    if service.rollouts and service.rollouts[0].status in UNDER_WAY:
        service.rollouts[0].stopped_at = world.now
        service.rollouts[0].failures = service.deployments[0].failed
        _finish(world, service.rollouts[0], 'STOPPED', 'A newer service deployment was started.')


def _finish(world: World, record: Rollout, status: str, reason: str) -> None:
    record.status = status
    record.reason = reason
    record.finished_at = record.updated_at = world.now


def _set_state(world: World, service: Service, deployment: Deployment, state: str, reason: str) -> None:
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
    if record.rollback is not None or record.status in ('ROLLBACK_FAILED', 'STOPPED'):
        status, count = 'TRIGGERED', record.failures
    else:
        status = 'MONITORING' if record.status in UNDER_WAY else 'MONITORING_COMPLETE'
        count = current.failed if current else record.failures
    return {'status': status, 'failureCount': count, 'threshold': threshold(record.desired, breaker)}
