"""A service with a native deployment strategy, as a test watches it."""

from collections.abc import Iterator
from typing import Any

from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, REGION, Fleet

MINUTE = 60
LAMBDA, ROLE = 'arn:aws:lambda:us-east-1:123456789012:function:check', 'arn:aws:iam::123456789012:role/hooks'


def blue_green(bake: int = 5, **fields: Any) -> dict[str, Any]:
    return {'strategy': 'BLUE_GREEN', 'bakeTimeInMinutes': bake, **fields}


def linear(percent: float, bake: int, **fields: Any) -> dict[str, Any]:
    steps = {'stepPercent': percent, 'stepBakeTimeInMinutes': bake}
    return {'strategy': 'LINEAR', 'linearConfiguration': steps, 'bakeTimeInMinutes': 5, **fields}


def canary(percent: float, bake: int, **fields: Any) -> dict[str, Any]:
    steps = {'canaryPercent': percent, 'canaryBakeTimeInMinutes': bake}
    return {'strategy': 'CANARY', 'canaryConfiguration': steps, 'bakeTimeInMinutes': 5, **fields}


def pause(*stages: str, minutes: int = 60, action: str = 'ROLLBACK') -> dict[str, Any]:
    timeout = {'timeoutInMinutes': minutes, 'action': action}
    return {'targetType': 'PAUSE', 'lifecycleStages': list(stages), 'timeoutConfiguration': timeout}


def function(*stages: str, name: str = 'check', **fields: Any) -> dict[str, Any]:
    arn = LAMBDA.replace(':check', f':{name}')
    return {'hookTargetArn': arn, 'roleArn': ROLE, 'lifecycleStages': list(stages), **fields}


def running(fleet: Fleet, configuration: dict[str, Any], count: int = 2, **fields: Any) -> str:
    """A steady service, whose next deployments go by that configuration; the ARN of its first task definition."""
    fleet.machines(3)
    definition = fleet.define()
    fleet.steady(count=count, **fields)
    fleet.update(deploymentConfiguration=configuration)
    return definition


def deploy(fleet: Fleet, tag: str = '2') -> str:
    """Deploy a new task definition; its ARN."""
    definition = fleet.define(tag)
    fleet.update(taskDefinition=definition)
    return definition


def deployments(fleet: Fleet, **fields: Any) -> list[dict[str, Any]]:
    return fleet.aws.list_service_deployments(cluster='prod', service='web', **fields)['serviceDeployments']


def newest(fleet: Fleet, number: int = 0) -> dict[str, Any]:
    """The newest service deployment, or one before it."""
    arn = deployments(fleet)[number]['serviceDeploymentArn']
    return fleet.aws.describe_service_deployments(serviceDeploymentArns=[arn])['serviceDeployments'][0]


def weights(deployment: dict[str, Any]) -> tuple[float, float]:
    """The production and test traffic of the new revision."""
    target = deployment['targetServiceRevision']
    return target['requestedProductionTrafficWeight'], target['requestedTestTrafficWeight']


def _look(fleet: Fleet) -> dict[str, Any]:
    """The newest service deployment without HTTP, with its times as numbers: a scenario looks hundreds of times."""

    def ask(action: str, **body: Any) -> dict[str, Any]:
        return fleet.ecs.handle(action, body, REGION, ACCOUNT)[1]

    arn = ask('ListServiceDeployments', cluster='prod', service='web')['serviceDeployments'][0]['serviceDeploymentArn']
    return ask('DescribeServiceDeployments', serviceDeploymentArns=[arn])['serviceDeployments'][0]


def passed(fleet: Fleet, step: float = 1, limit: float = 7200) -> Iterator[dict[str, Any]]:
    """The newest deployment at each step of the clock, until it has ended."""
    for _ in range(int(limit / step)):
        fleet.wait(step)
        deployment = _look(fleet)
        if deployment['status'] in ('SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'):
            return
        yield deployment
    raise AssertionError(f'no end after {limit} s: {newest(fleet)}')


def until(fleet: Fleet, stage: str, step: float = 1) -> dict[str, Any]:
    """Turn the clock until the deployment is in that stage."""
    return next(each for each in passed(fleet, step) if each.get('lifecycleStage') == stage)


def hook(fleet: Fleet) -> dict[str, Any]:
    (details,) = newest(fleet)['lifecycleHookDetails']
    return details


def answer(fleet: Fleet, action: str = 'CONTINUE') -> None:
    found = newest(fleet)
    (details,) = [each for each in found['lifecycleHookDetails'] if each['status'] == 'AWAITING_ACTION']
    arn = found['serviceDeploymentArn']
    fleet.aws.continue_service_deployment(serviceDeploymentArn=arn, hookId=details['hookId'], action=action)
