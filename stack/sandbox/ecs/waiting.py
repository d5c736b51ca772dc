"""The waits of a service whose tasks cannot be started: the event, and when ECS tries again."""

from typing import NamedTuple

from stack.sandbox.ecs.events import add_event_once, service_acted
from stack.sandbox.ecs.model import Deployment, Service
from stack.sandbox.ecs.placement import TROUBLESHOOTING, Refusal
from stack.sandbox.ecs.world import LIVE, World


class Obstacle(NamedTuple):
    """Why no task is started: the service event, and the name and reason of EventBridge's event."""

    text: str
    name: str
    reason: str | None = None


def no_room(refusal: Refusal) -> Obstacle:
    sentence = f'Reason: {refusal.sentence}' if refusal.instance is None else refusal.sentence
    text = (
        'was unable to place a task because no container instance met all of its requirements. '
        f'{sentence} {TROUBLESHOOTING}'
    )
    return Obstacle(text, 'SERVICE_TASK_PLACEMENT_FAILURE', refusal.code)


def wait(world: World, service: Service, primary: Deployment, obstacle: Obstacle) -> None:
    """Add an event and try again later, or as soon as a task has left. Each wait counts once, and not while tasks of
    the service itself are stopping."""
    service.waiting = True
    if any(task.status not in LIVE for task in world.tasks_of(service)):
        return
    if world.now >= service.retry_at:
        service.refused += 1
        pause = min(world.timings.placement_retry * 2 ** (service.refused - 1), world.timings.longest_placement_retry)
        service.retry_at = world.after(world.scaled(pause))
        if primary.state == 'IN_PROGRESS':
            primary.failed += 1
        add_event_once(world, service, obstacle.text)
        service_acted(world, service, obstacle.name, obstacle.reason)
    world.wake(service, service.retry_at)
