"""Rules on a `deploymentConfiguration` that is passed through: what CreateService refuses.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from stack.stackfile.deployment_fields import LONGEST_HOOK, MOST_HOOKS
from stack.stackfile.deployment_rendering import HOOK_TYPES, SHIFTS
from stack.stackfile.semantics.rendered import Member, Refusal, Rendered

_PAUSE, _FUNCTION = HOOK_TYPES['pause'], HOOK_TYPES['lambda']
_LONGEST_MINUTES = {HOOK_TYPES[kind]: longest // timedelta(minutes=1) for kind, longest in LONGEST_HOOK.items()}
_NO_PAUSE = tuple(stage.upper() for stage in SHIFTS)


def strategy_is_complete(rendered: Rendered) -> Iterator[Refusal]:
    deployment = _passed(rendered)
    for own in ('linear', 'canary'):
        if f'{own}Configuration' in deployment and deployment.get('strategy') != own.upper():
            yield _of(f'{own}Configuration'), f'needs strategy: {own.upper()}'
    if _is_native(deployment):
        for name in ('deploymentCircuitBreaker', 'earlySuccessCriteria'):
            if (deployment.get(name) or {}).get('enable'):
                yield _of(name), f'needs strategy: ROLLING; found {deployment["strategy"]}'


def early_success_is_complete(rendered: Rendered) -> Iterator[Refusal]:
    deployment = _passed(rendered)
    early = deployment.get('earlySuccessCriteria') or {}
    if not early.get('enable'):
        return
    where = _of('earlySuccessCriteria')
    is_daemon = rendered.service.get('schedulingStrategy') == 'DAEMON'
    lowest = deployment.get('minimumHealthyPercent', 0 if is_daemon else 100)
    missing = [name for name in ('healthyPercent', 'sourceServiceRevisionCleanup') if name not in early]
    if missing:
        yield where, f'needs {" and ".join(missing)}'
    elif not lowest <= early['healthyPercent'] <= 100:
        yield where, f'expected healthyPercent from minimumHealthyPercent, which is {lowest}, to 100'


def breaker_threshold_is_in_range(rendered: Rendered) -> Iterator[Refusal]:
    breaker = _passed(rendered).get('deploymentCircuitBreaker') or {}
    threshold = breaker.get('thresholdConfiguration') or {}
    kind, value = threshold.get('type', ''), threshold.get('value')
    if value is None:
        return
    if value < 1 or (kind.endswith('PERCENT') and value > 100):
        yield _of('deploymentCircuitBreaker', 'thresholdConfiguration'), f'expected a value from 1; found {value}'


def hooks_are_complete(rendered: Rendered) -> Iterator[Refusal]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html"""
    hooks = _passed(rendered).get('lifecycleHooks') or ()
    for i, hook in enumerate(hooks):
        for message in _wrong(hook):
            yield _of('lifecycleHooks', i), message
    for kind in _LONGEST_MINUTES:
        number = sum(hook.get('targetType', _FUNCTION) == kind for hook in hooks)
        if number > MOST_HOOKS:
            yield _of('lifecycleHooks'), f'a service has at most {MOST_HOOKS} hooks of the type {kind}; found {number}'


def _wrong(hook: Mapping[str, Any]) -> Iterator[str]:
    stages, kind = hook.get('lifecycleStages') or (), hook.get('targetType', _FUNCTION)
    if not stages:
        yield 'a hook needs lifecycleStages'
    minutes = (hook.get('timeoutConfiguration') or {}).get('timeoutInMinutes', 1)
    longest = _LONGEST_MINUTES.get(kind, minutes)
    if not 1 <= minutes <= longest:
        yield f'expected timeoutInMinutes from 1 to {longest}; found {minutes}'
    if kind == _FUNCTION and not (hook.get('hookTargetArn') and hook.get('roleArn')):
        yield 'a hook needs hookTargetArn and roleArn'
    if kind == _PAUSE:
        if hook.get('hookTargetArn') or hook.get('roleArn'):
            yield 'a pause has no hookTargetArn and no roleArn'
        for stage in _NO_PAUSE:
            if stage in stages:
                yield f'a pause is not possible at the stage {stage}'


def _passed(rendered: Rendered) -> Mapping[str, Any]:
    """The configuration where it is passed through: the fields of `deployment` have rules of their own."""
    ecs = rendered.settings.ecs
    if not ecs or 'deploymentConfiguration' not in ecs.service:
        return {}
    passed: Mapping[str, Any] = rendered.service.get('deploymentConfiguration') or {}
    return passed


def _is_native(deployment: Mapping[str, Any]) -> bool:
    return bool(deployment.get('strategy', 'ROLLING') != 'ROLLING')


def _of(*path: str | int) -> Member:
    return Member('service', ('deploymentConfiguration', *path))


RULES = (
    strategy_is_complete,
    early_success_is_complete,
    breaker_threshold_is_in_range,
    hooks_are_complete,
)
