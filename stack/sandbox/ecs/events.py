"""Service events in AWS's wording, and the events that EventBridge carries.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from stack.sandbox.ecs.model import Deployment, HookRun, Rollout, Service, Task, Wire
from stack.sandbox.ecs.world import World

KEPT = 100


def add_event(world: World, service: Service, message: str) -> None:
    """Adds `(service NAME) message` on top of the service's events; the newest 100 are kept."""
    text = f'(service {service.name}) {message}'
    service.events.insert(0, {'id': world.dice.uuid(), 'createdAt': world.now, 'message': text})
    del service.events[KEPT:]


def add_event_once(world: World, service: Service, message: str) -> None:
    """The same, unless the event was added before and its cause has persisted since."""
    if message not in service.notices:
        service.notices.append(message)
        add_event(world, service, message)


def named(tasks: Iterable[Task]) -> str:
    return ' '.join(f'(task {task.id})' for task in tasks)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def send(world: World, kind: str, resource: str, detail: Wire) -> None:
    """Puts an event of EventBridge's shape into the outbox, if there is a listener."""
    if world.outbox is None:
        return
    world.outbox.append(
        {
            'version': '0',
            'id': str(uuid.uuid5(uuid.NAMESPACE_URL, f'{resource} {kind} {world.now} {detail}')),
            'detail-type': kind,
            'source': 'aws.ecs',
            'account': world.region.account,
            'time': iso(world.now),
            'region': world.region.name,
            'resources': [resource],
            'detail': detail,
        }
    )


def deployment_changed(world: World, service: Service, deployment: Deployment) -> None:
    names = {'IN_PROGRESS': 'SERVICE_DEPLOYMENT_IN_PROGRESS', 'COMPLETED': 'SERVICE_DEPLOYMENT_COMPLETED'}
    detail = {
        'eventType': 'ERROR' if deployment.state == 'FAILED' else 'INFO',
        'eventName': names.get(deployment.state, 'SERVICE_DEPLOYMENT_FAILED'),
        'deploymentId': deployment.id,
        'updatedAt': iso(deployment.updated_at),
        'reason': deployment.reason,
    }
    send(world, 'ECS Deployment State Change', world.arn('service', service.cluster, service.name), detail)


def hook_changed(world: World, service: Service, record: Rollout, run: HookRun) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_hook_events.html"""
    path = service.cluster, service.name
    deployment = world.arn('service-deployment', *path, record.id)
    detail = {
        'eventType': 'ERROR' if run.status in ('FAILED', 'TIMED_OUT') else 'INFO',
        'eventName': f'HOOK_{run.status}',
        'hookId': run.id,
        'hookType': run.kind,
        'expiresAt': iso(run.expires_at),
        'lifecycleStage': run.stage,
        'clusterArn': world.arn('cluster', service.cluster),
        'serviceArn': world.arn('service', *path),
        'serviceDeploymentArn': deployment,
        'updatedAt': iso(world.now),
    }
    send(world, 'ECS Hook State Change', deployment, detail)


def service_acted(world: World, service: Service, name: str, reason: str | None = None) -> None:
    """`SERVICE_STEADY_STATE`, `SERVICE_TASK_PLACEMENT_FAILURE` and the like."""
    kinds = {
        'SERVICE_TASK_CONFIGURATION_FAILURE': 'ERROR',
        'SERVICE_TASK_PLACEMENT_FAILURE': 'ERROR',
        'SERVICE_TASK_START_IMPAIRED': 'WARN',
    }
    detail = {
        'eventType': kinds.get(name, 'INFO'),
        'eventName': name,
        'clusterArn': world.arn('cluster', service.cluster),
        'createdAt': iso(world.now),
        **({'reason': reason} if reason else {}),
    }
    send(world, 'ECS Service Action', world.arn('service', service.cluster, service.name), detail)
