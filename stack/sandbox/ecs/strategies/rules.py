"""Validation of a deployment configuration: strategies, hooks, circuit breaker, alarms and early success.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
"""

from typing import Any

from stack.sandbox.ecs.errors import invalid
from stack.sandbox.ecs.model import Wire
from stack.sandbox.ecs.strategies.hooks import LAMBDA, PAUSE
from stack.sandbox.ecs.strategies.stages import SHIFT, TEST_SHIFT, is_native
from stack.sandbox.ecs.world import World

_LONGEST_BAKE = 1440
_LONGEST_HOOK = {PAUSE: 20_160, LAMBDA: 1440}
_MOST_HOOKS = 10
_LARGEST_PERCENT = 100
ECS = 'ecs.amazonaws.com'


def check_strategy(configuration: Wire) -> None:
    """Check a configuration with its defaults; raises InvalidParameterException with AWS's words where they are
    known."""
    for own in ('linear', 'canary'):
        _need(
            configuration['strategy'] == own.upper() or f'{own}Configuration' not in configuration,
            f'{own.title()} configuration can only be present with {own.upper()} deployment strategy',
        )
    _check_times(configuration)
    _check_hooks(configuration.get('lifecycleHooks', []))
    _check_breaker(configuration)
    _check_early_success(configuration)
    alarms = configuration.get('alarms', {})
    _need(not alarms.get('enable') or bool(alarms['alarmNames']), 'Alarm names can not be empty.')


def _need(condition: Any, message: str) -> None:
    if not condition:
        raise invalid(message)


def _check_times(configuration: Wire) -> None:
    linear, canary = configuration.get('linearConfiguration', {}), configuration.get('canaryConfiguration', {})
    bakes = {
        'bakeTimeInMinutes': configuration.get('bakeTimeInMinutes', 0),
        'stepBakeTimeInMinutes': linear.get('stepBakeTimeInMinutes', 0),
        'canaryBakeTimeInMinutes': canary.get('canaryBakeTimeInMinutes', 0),
    }
    for name, minutes in bakes.items():
        _need(0 <= minutes <= _LONGEST_BAKE, f'{name} must be between 0 and {_LONGEST_BAKE}.')
    for name, percent, least in (
        ('stepPercent', linear.get('stepPercent'), 3.0),
        ('canaryPercent', canary.get('canaryPercent'), 0.1),
    ):
        if percent is not None:
            _need(
                least <= percent <= _LARGEST_PERCENT and round(percent, 1) == percent,
                f'{name} must be a multiple of 0.1 between {least} and 100.0.',
            )


def _check_hooks(hooks: list[Wire]) -> None:
    for hook in hooks:
        _need(hook.get('lifecycleStages'), 'Lifecycle stage cannot be null or empty for any deployment lifecycle hooks')
        kind, minutes = hook['targetType'], hook['timeoutConfiguration']['timeoutInMinutes']
        longest = _LONGEST_HOOK[kind]
        _need(1 <= minutes <= longest, f'timeoutInMinutes of a {kind} hook must be between 1 and {longest}.')
        if kind == LAMBDA:
            _need(
                'hookTargetArn' in hook and 'roleArn' in hook,
                'Role arn or Hook Target arn is missing for one or more deployment lifecycle hooks',
            )
        else:
            _check_pause(hook)
    for kind in _LONGEST_HOOK:
        number = sum(hook['targetType'] == kind for hook in hooks)
        _need(number <= _MOST_HOOKS, f'A service can have at most {_MOST_HOOKS} {kind} lifecycle hooks.')


def _check_pause(hook: Wire) -> None:
    _need(
        'hookTargetArn' not in hook and 'roleArn' not in hook,
        'Hook target arn and role arn are not applicable to PAUSE lifecycle hooks.',
    )
    for stage in (TEST_SHIFT, SHIFT):
        _need(stage not in hook['lifecycleStages'], f'PAUSE lifecycle hooks are not supported at the stage {stage}.')


def _check_breaker(configuration: Wire) -> None:
    breaker = configuration.get('deploymentCircuitBreaker', {})
    _need(
        not (breaker.get('enable') and is_native(configuration)),
        'Deployment circuit breaker is only supported with ROLLING deployment strategy',
    )
    threshold = breaker.get('thresholdConfiguration')
    if threshold is not None:
        largest = _LARGEST_PERCENT if threshold['type'].endswith('PERCENT') else threshold['value']
        _need(1 <= threshold['value'] <= largest, 'Invalid deployment circuit breaker threshold value.')


def check_advanced(world: World, configuration: Wire, balancer: Wire) -> None:
    """Check what a load balancer needs for native strategies: the second target group, the rule and the role.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-implementation.html
    """
    advanced: Wire = balancer.get('advancedConfiguration', {})
    if not advanced:
        _need(
            not is_native(configuration),
            f'Load balancers require advancedConfiguration with {configuration["strategy"]} deployment strategy',
        )
        return
    for name in ('alternateTargetGroupArn', 'productionListenerRule', 'roleArn'):
        _need(name in advanced, f'{name} is required in advancedConfiguration.')
    arn = advanced['alternateTargetGroupArn']
    group, own = world.ports.targets.group(arn), world.ports.targets.group(balancer['targetGroupArn'])
    _need(group is not None, f'The target group with targetGroupArn {arn} does not exist.')
    _need(
        group and own and group.target_type == own.target_type and arn != balancer['targetGroupArn'],
        f'The alternate target group {arn} must be another one of the same target type.',
    )
    _need(
        world.ports.roles.may_assume(advanced['roleArn'], ECS),
        f'Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role '
        f'being passed has the proper permissions. Role: {advanced["roleArn"]}',
    )


def _check_early_success(configuration: Wire) -> None:
    early = configuration.get('earlySuccessCriteria', {})
    if not early.get('enable'):
        return
    _need(not is_native(configuration), 'Early success criteria are only supported with ROLLING deployment strategy')
    _need(
        'healthyPercent' in early and 'sourceServiceRevisionCleanup' in early,
        'healthyPercent and sourceServiceRevisionCleanup are required for early success criteria.',
    )
    _need(
        configuration['minimumHealthyPercent'] <= early['healthyPercent'] <= _LARGEST_PERCENT,
        'healthyPercent of the early success criteria must be between minimumHealthyPercent and 100.',
    )
