"""The past of services that were created at once: each gets the times and the rollouts of its own history."""

from dataclasses import dataclass

from stack.sandbox.ecs import container_logs, containers
from stack.sandbox.ecs.model import Revision, Rollout, Service, Task, TrafficMove
from stack.sandbox.ecs.world import World


@dataclass(frozen=True)
class PastDeployment:
    """A deployment with its times in seconds since 1970; the last one of a service is the one that runs."""

    begun: float
    ended: float
    failed: bool = False


def rewrite(world: World, service: Service, deployments: list[PastDeployment]) -> None:
    """Move a steady service to the time of its last deployment, and record those before it."""
    *earlier, last = deployments
    _move(world, service, last)
    for past in earlier:
        _record(world, service, past)


def _move(world: World, service: Service, last: PastDeployment) -> None:
    current, record = service.deployments[0], service.rollouts[0]
    shift = last.begun - current.created_at
    current.created_at, current.updated_at = last.begun, last.ended
    record.created_at = record.started_at = last.begun
    record.updated_at = record.finished_at = last.ended
    service.revisions[0].created_at = last.begun
    service.traffic = [TrafficMove(move.at + shift, move.shares) for move in service.traffic]
    service.events = [{**event, 'createdAt': event['createdAt'] + shift} for event in service.events]
    for task in world.tasks_of(service):
        _move_task(world, task, shift)


def _move_task(world: World, task: Task, shift: float) -> None:
    task.created_at += shift
    task.times = {name: at + shift for name, at in task.times.items()}
    for container, spec in containers.specs(world, task):
        container.started_at += shift
        container_logs.begin(world, task, container, spec, container.started_at)


def _record(world: World, service: Service, past: PastDeployment) -> None:
    """Add the record of a former deployment, below the newer ones."""
    current, newest = service.rollouts[0], service.revisions[0]
    revision = Revision(world.dice.digits(19), newest.definition, newest.spec, past.begun)
    reason = 'Service deployment rolled back because the circuit breaker threshold was exceeded.' if past.failed else ''
    rollback = {'reason': reason, 'startedAt': past.ended, 'serviceRevision': newest.id} if past.failed else None
    service.rollouts.insert(
        1,
        Rollout(
            id=world.dice.hexadecimal(21),
            deployment=f'ecs-svc/{world.dice.digits(19)}',
            target=revision.id,
            sources=[],
            created_at=past.begun,
            updated_at=past.ended,
            desired=service.desired,
            configuration=current.configuration,
            status='ROLLBACK_SUCCESSFUL' if past.failed else 'SUCCESSFUL',
            reason=reason,
            started_at=past.begun,
            finished_at=past.ended,
            rollback=rollback,
            failures=3 if past.failed else 0,
        ),
    )
    service.revisions.insert(1, revision)
