"""Ends of a deployment other than success: failure, the rollback to the last good one, and a stop by request.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
"""

from typing import NamedTuple

from stack.sandbox.ecs.deployments import ROLLED, UNDER_WAY, finish, last_good, set_state
from stack.sandbox.ecs.errors import conflict
from stack.sandbox.ecs.events import add_event
from stack.sandbox.ecs.model import Cause, Deployment, Rollout, Service
from stack.sandbox.ecs.world import World

# How soon ECS acts on a request.
_REACTION = 0.5
_NO_CANDIDATE = 'No rollback candidate was found to run the rollback.'


class _Words(NamedTuple):
    """The reason of `rolloutState`, the event's one, why the service deployment ended, and what rolls back."""

    state: str
    event: str
    why: str
    rolling_back: str = 'rolling back to deploymentId'


_WORDS = {
    Cause.BREAKER: _Words(
        'ECS deployment circuit breaker: tasks failed to start.',
        'tasks failed to start.',
        'because the circuit breaker threshold was exceeded.',
        'ECS deployment circuit breaker: rolling back to deploymentId',
    ),
    Cause.ALARM: _Words(
        'ECS deployment alarm: alarm detected.',
        'alarm detected.',
        'because one or more CloudWatch alarms were triggered.',
        'ECS deployment alarm: rolling back to deploymentId',
    ),
    Cause.HOOK: _Words(
        'ECS deployment failed: hook execution failure(s) detected.',
        'hook execution failure(s) detected.',
        'because of hook execution failure(s).',
    ),
    Cause.TIME: _Words(
        'ECS deployment failed: lifecycle stage timed out.',
        'lifecycle stage timed out.',
        'because a lifecycle stage timed out.',
    ),
    Cause.NETWORK: _Words(
        'ECS deployment failed: invalid networking configuration.',
        'invalid networking configuration.',
        'because of invalid networking configuration. Both targetGroup and alternateTargetGroup must be associated '
        'with the productionListenerRule or testListenerRule.',
    ),
}


def fail(world: World, service: Service, cause: Cause, roll_back: bool = True) -> None:
    """End the newest deployment: start no more tasks, and roll back to the last completed one if asked to."""
    failed, record, words = service.deployments[0], service.rollouts[0], _WORDS[cause]
    record.failures, record.cause = failed.failed, cause
    set_state(world, service, failed, 'FAILED', words.state)
    add_event(world, service, f'(deployment {failed.id}) deployment failed: {words.event}')
    if not roll_back:
        _request(world, service, 'STOP_REQUESTED', f'Service deployment stopped {words.why}')
        return
    failed.desired = 0
    record.reason = f'Service deployment rolled back {words.why}'
    if not _return_to_last_good(world, service, record, words.rolling_back):
        failed.desired = service.desired
        finish(world, record, 'ROLLBACK_FAILED', _NO_CANDIDATE)


def request_stop(world: World, service: Service, record: Rollout, roll_back: bool) -> None:
    """StopServiceDeployment: `ROLLBACK` goes back, `ABORT` leaves things as they are. Raises ConflictException.

    A rollback that was requested or has begun goes on, and so does the end of a deployment that a newer one replaced.
    """
    if record.status not in UNDER_WAY:
        raise conflict('The service deployment is not in a state in which it can be stopped.')
    if record is not service.rollouts[0] or record.status.startswith('ROLLBACK'):
        return
    record.cause = Cause.REQUEST
    status = 'ROLLBACK_REQUESTED' if roll_back else 'STOP_REQUESTED'
    _request(world, service, status, 'Service deployment stopped by user.')


def _request(world: World, service: Service, status: str, reason: str) -> None:
    record = service.rollouts[0]
    record.status, record.reason, record.updated_at = status, reason, world.now
    world.wake(service, world.after(world.scaled(_REACTION)))


def carry_out_request(world: World, service: Service) -> None:
    """Stop the newest deployment, or begin its rollback, where that was requested."""
    record = service.rollouts[0]
    if record.status not in ('STOP_REQUESTED', 'ROLLBACK_REQUESTED'):
        return
    if world.now < (earliest := world.after(world.scaled(_REACTION), since=record.updated_at)):
        world.wake(service, earliest)
        return
    stopped = service.deployments[0]
    if stopped.state != 'FAILED':
        set_state(world, service, stopped, 'FAILED', f'ECS deployment {stopped.id} stopped by user.')
    if record.status == 'STOP_REQUESTED':
        record.stopped_at = world.now
        finish(world, record, 'STOPPED', record.reason)
    elif _return_to_last_good(world, service, record, 'Rolling back to deploymentId'):
        stopped.desired = 0
    else:
        finish(world, record, 'ROLLBACK_FAILED', _NO_CANDIDATE)


def _return_to_last_good(world: World, service: Service, record: Rollout, words: str) -> bool:
    good = last_good(service)
    if good is None:
        return False
    add_event(world, service, f'rolling back to deployment {good.id}.')
    if record.course is None:
        # Traffic stays where the rolling update found it.
        good.groups = service.deployments[0].groups
    _make_primary(service, good)
    set_state(world, service, good, 'IN_PROGRESS', f'{words} {good.id}.')
    record.status = 'ROLLBACK_IN_PROGRESS'
    record.rollback = {'reason': record.reason, 'startedAt': world.now, 'serviceRevision': good.revision}
    record.updated_at = world.now
    return True


def _make_primary(service: Service, good: Deployment) -> None:
    service.deployments.remove(good)
    service.deployments.insert(0, good)
    kept = {name: value for name, value in service.spec.items() if name not in ROLLED}
    service.spec = kept | good.spec | {'taskDefinition': good.definition}
    good.desired = service.desired
    good.rollback = True
    service.attempt, service.not_before, service.refused, service.retry_at = 0, 0.0, 0, 0.0
