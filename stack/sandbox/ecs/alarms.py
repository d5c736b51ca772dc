"""CloudWatch alarms that fail a deployment.

Alarms that are in ALARM when a deployment starts are not monitored during it. The state of an alarm changes by a call
alone, so each call of ECS and each tick of its clock looks first.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
"""

from stack.sandbox.ecs.deployments import UNDER_WAY
from stack.sandbox.ecs.endings import fail
from stack.sandbox.ecs.model import Cause, Rollout, Service, Wire
from stack.sandbox.ecs.world import World


def look(world: World) -> None:
    """Have the scheduler see to each service whose deployment has a monitored alarm in ALARM."""
    for cluster, name in list(world.monitored):
        service = world.region.clusters[cluster].services.get(name) if cluster in world.region.clusters else None
        record = service.rollouts[0] if service else None
        if service is None or record is None or not record.alarms or record.status not in ('PENDING', 'IN_PROGRESS'):
            world.monitored.discard((cluster, name))
        elif record.status == 'IN_PROGRESS' and world.ports.alarms.triggered(record.alarms):
            world.wake(service)


def heed(world: World, service: Service) -> None:
    """Fail the deployment for which an alarm went off."""
    record = service.rollouts[0]
    if record.status != 'IN_PROGRESS' or not record.alarms:
        return
    record.triggered = world.ports.alarms.triggered(record.alarms)
    if record.triggered:
        fail(world, service, Cause.ALARM, record.configuration['alarms']['rollback'])


def view(record: Rollout) -> Wire:
    configured: Wire = record.configuration.get('alarms', {})
    if record.triggered:
        status = 'TRIGGERED'
    elif not record.alarms:
        status = 'DISABLED'
    else:
        status = 'MONITORING' if record.status in UNDER_WAY and record.rollback is None else 'MONITORING_COMPLETE'
    return {
        'status': status,
        'alarmNames': configured.get('alarmNames', []) if configured.get('enable') else [],
        'triggeredAlarmNames': record.triggered,
    }
