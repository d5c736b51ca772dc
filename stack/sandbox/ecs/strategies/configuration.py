"""deploymentConfiguration of a service: AWS's defaults, and the merge of an update with what the service has.

A top-level member that an update leaves out keeps its value. Inside a member AWS fills in defaults instead, except for
the circuit breaker, whose new members keep theirs.
"""

from stack.sandbox.ecs.model import Wire

_LINEAR = {'stepPercent': 10.0, 'stepBakeTimeInMinutes': 6}
_CANARY = {'canaryPercent': 5.0, 'canaryBakeTimeInMinutes': 10}
_TIMEOUT = {'timeoutInMinutes': 1440, 'action': 'ROLLBACK'}
_OF_STRATEGY = {'LINEAR': ('linearConfiguration', _LINEAR), 'CANARY': ('canaryConfiguration', _CANARY)}


def defaults(daemon: bool) -> Wire:
    """The configuration of a service that states none."""
    return {
        'deploymentCircuitBreaker': {'enable': False, 'rollback': False},
        'maximumPercent': 100 if daemon else 200,
        'minimumHealthyPercent': 0 if daemon else 100,
        'strategy': 'ROLLING',
        'bakeTimeInMinutes': 0,
    }


def merged(live: Wire, sent: Wire) -> Wire:
    """What a service has after `sent`: `live` is what it had, or the defaults."""
    configuration = {**live, **sent}
    if 'deploymentCircuitBreaker' in sent:
        configuration['deploymentCircuitBreaker'] = _breaker(live.get('deploymentCircuitBreaker', {}), sent)
    for strategy, (name, members) in _OF_STRATEGY.items():
        if configuration['strategy'] == strategy:
            configuration[name] = {**members, **configuration.get(name, {})}
        elif name not in sent:
            configuration.pop(name, None)
    if 'lifecycleHooks' in sent:
        configuration['lifecycleHooks'] = [_hook(hook) for hook in sent['lifecycleHooks']]
    return configuration


def _breaker(live: Wire, sent: Wire) -> Wire:
    kept = {name: live[name] for name in ('resetOnHealthyTask', 'thresholdConfiguration') if name in live}
    return {**kept, **sent['deploymentCircuitBreaker']}


def _hook(hook: Wire) -> Wire:
    timeout = {**_TIMEOUT, **hook.get('timeoutConfiguration', {})}
    return {'targetType': 'AWS_LAMBDA', **hook, 'timeoutConfiguration': timeout}
