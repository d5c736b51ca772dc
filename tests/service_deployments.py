"""Service deployments as DescribeServiceDeployments has them, for tests of rollouts as values."""

from datetime import datetime, timedelta
from typing import Any

from stack.rollouts import service_deployment
from stack.rollouts.ecs_state import Service
from stack.rollouts.service_deployment import ServiceDeployment, ServiceRevision
from tests.ecs_looks import NEW, OLD, at, leaving, new, service

ARN = 'arn:aws:ecs:eu-west-1:1:service-deployment/prod/web/1'
REVISIONS = {'rev/old': ServiceRevision(OLD, ('group/old',)), 'rev/new': ServiceRevision(NEW, ('group/new',))}
BLUE_GREEN = {'strategy': 'BLUE_GREEN', 'bakeTimeInMinutes': 30}
LINEAR = {
    'strategy': 'LINEAR',
    'bakeTimeInMinutes': 5,
    'linearConfiguration': {'stepPercent': 20.0, 'stepBakeTimeInMinutes': 10},
}
CANARY = {
    'strategy': 'CANARY',
    'bakeTimeInMinutes': 5,
    'canaryConfiguration': {'canaryPercent': 5.0, 'canaryBakeTimeInMinutes': 10},
}
WITH_ALARMS = {'strategy': 'ROLLING', 'alarms': {'enable': True, 'rollback': True, 'alarmNames': ['5xx']}}
STRATEGIES = {'blue_green': BLUE_GREEN, 'linear': LINEAR, 'canary': CANARY, 'rolling': WITH_ALARMS}


def pause(
    identity: str = 'pause-1', status: str = 'AWAITING_ACTION', until: datetime | None = None, action: str = 'ROLLBACK'
) -> dict[str, Any]:
    return {
        'hookId': identity,
        'targetType': 'PAUSE',
        'status': status,
        'expiresAt': until or at(86400),
        'timeoutAction': action,
    }


def described(status: str = 'IN_PROGRESS', stage: str | None = None, **changes: Any) -> dict[str, Any]:
    """An item of the answer; `hooks` and `traffic` (of the target, in percent) are short for the nested members."""
    hooks, traffic = changes.pop('hooks', ()), changes.pop('traffic', 0.0)
    found = {
        'serviceDeploymentArn': ARN,
        'status': status,
        'createdAt': at(10),
        'lifecycleStage': stage,
        'lifecycleHookDetails': list(hooks),
        'sourceServiceRevisions': [{'arn': 'rev/old', 'requestedProductionTrafficWeight': 100.0 - traffic}],
        'targetServiceRevision': {
            'arn': 'rev/new',
            'requestedTaskCount': 2,
            'runningTaskCount': changes.pop('running', 2),
            'requestedProductionTrafficWeight': traffic,
        },
        'deploymentConfiguration': BLUE_GREEN,
    }
    return {name: value for name, value in (found | changes).items() if value is not None}


def native(status: str = 'IN_PROGRESS', stage: str | None = None, **changes: Any) -> ServiceDeployment:
    return service_deployment.read(described(status, stage, **changes), REVISIONS)


def deploying(deployment: ServiceDeployment, *, running: int = 2, old: int = 2, **changes: Any) -> Service:
    """The service while a deployment is under way: all new tasks run beside the old ones."""
    description = {'deploymentConfiguration': dict(deployment.configuration), **changes.pop('description', {})}
    deployments = (new(running), leaving(old)) if old else (new(running),)
    return service(*deployments, native=deployment, description=description, **changes)


def hours(number: float) -> float:
    return timedelta(hours=number).total_seconds()
