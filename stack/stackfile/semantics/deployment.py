"""Rules for the deployments of a service: what ECS refuses, found before anything is stored.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from collections.abc import Iterator
from typing import Any

from stack.runtime.durations import write_duration
from stack.stackfile.deployment_fields import (
    LONGEST_HOOK,
    MOST_HOOKS,
    ROLLING_ONLY,
    SHIFTING_ONLY,
    Deployment,
    Hook,
)
from stack.stackfile.deployment_rendering import HOOK_TYPES, SHIFTS
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.places import Path
from stack.stackfile.semantics.rules import Finding, Subject, rule

_MOST_PERCENT = 100


@rule('deployment')
def fields_fit_the_strategy(subject: Subject) -> Iterator[Finding]:
    deployment = subject.settings.deployment
    for name in SHIFTING_ONLY:
        if getattr(deployment, name) is not None and deployment.strategy != name:
            yield ('deployment', name), f'needs strategy: {name}; found {deployment.strategy or "rolling"}'
    for name in () if deployment.is_rolling else ROLLING_ONLY:
        if getattr(deployment, name) is not None:
            yield ('deployment', name), f'needs strategy: rolling; found {deployment.strategy}'


@rule('deployment', 'deployment_circuit_breaker')
def breaker_fits_the_strategy(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    former, own = settings.deployment_circuit_breaker, settings.deployment.circuit_breaker
    if former is None:
        return
    if not settings.deployment.is_rolling and former.enable:
        yield ('deployment_circuit_breaker',), f'needs strategy: rolling; found {settings.deployment.strategy}'
    elif own and (own.enable, own.rollback) != (former.enable, former.rollback):
        yield ('deployment_circuit_breaker',), 'contradicts deployment.circuit_breaker: state it there alone'


@rule('deployment', 'deployment_configuration')
def percents_are_stated_once(subject: Subject) -> Iterator[Finding]:
    former = subject.settings.deployment_configuration
    for name in ('maximum_percent', 'minimum_healthy_percent') if former else ():
        one, other = getattr(former, name), getattr(subject.settings.deployment, name)
        if None not in (one, other) and one != other:
            where = ('deployment_configuration', name)
            yield where, f'contradicts deployment.{name}, which is {other}: state it there alone'


@rule('deployment', 'deployment_configuration', 'scheduling_strategy')
def rollout_can_move(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    most, fewest = settings.maximum_percent, settings.minimum_healthy_percent
    if settings.scheduling_strategy == 'DAEMON' or not settings.deployment.is_rolling or (most, fewest) == (None, None):
        return
    maximum = 200 if most is None else most
    minimum = 100 if fewest is None else fewest
    if minimum >= maximum:
        message = f'maximum_percent {maximum} and minimum_healthy_percent {minimum} leave a rollout no room to move'
        yield percents_place(settings), message


def percents_place(settings: ServiceSettings) -> Path:
    """The field that states the percentages."""
    own = settings.deployment
    states = own.maximum_percent is not None or own.minimum_healthy_percent is not None
    return ('deployment',) if states else ('deployment_configuration',)


@rule('deployment', 'deployment_configuration', 'scheduling_strategy')
def early_success_is_healthy_enough(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    early = settings.deployment.early_success
    if early is None:
        return
    usual = 0 if settings.scheduling_strategy == 'DAEMON' else _MOST_PERCENT
    stated = settings.minimum_healthy_percent
    fewest = usual if stated is None else stated
    if early.healthy_percent < fewest:
        where = ('deployment', 'early_success', 'healthy_percent')
        yield where, f'expected at least minimum_healthy_percent, which is {fewest}; found {early.healthy_percent}'


@rule('deployment')
def breaker_threshold_is_whole(subject: Subject) -> Iterator[Finding]:
    breaker = subject.settings.deployment.circuit_breaker
    if breaker is None:
        return
    where = ('deployment', 'circuit_breaker')
    if breaker.threshold is not None and breaker.threshold_type is None:
        yield (*where, 'threshold_type'), 'is missing: expected count, bounded_percent or unbounded_percent'
    elif breaker.threshold is None and breaker.threshold_type is not None:
        yield (*where, 'threshold'), f'is missing: {breaker.threshold_type} needs a value'
    elif breaker.threshold_type not in (None, 'count') and (breaker.threshold or 0) > _MOST_PERCENT:
        yield (*where, 'threshold'), f'expected a percentage from 1 to {_MOST_PERCENT}; found {breaker.threshold}'


@rule('deployment')
def alarms_are_named(subject: Subject) -> Iterator[Finding]:
    alarms = subject.settings.deployment.alarms
    if alarms and alarms.enable and not alarms.names:
        yield ('deployment', 'alarms', 'names'), 'expected at least one alarm'


@rule('deployment')
def hooks_are_complete(subject: Subject) -> Iterator[Finding]:
    for i, hook in enumerate(subject.settings.deployment.hooks or ()):
        for path, message in _hook_mistakes(hook):
            yield ('deployment', 'hooks', i, *path), message


def _hook_mistakes(hook: Hook) -> Iterator[tuple[Path, str]]:
    if not hook.stages:
        yield ('stages',), 'expected at least one stage'
    if hook.timeout > LONGEST_HOOK[hook.type]:
        longest = write_duration(LONGEST_HOOK[hook.type])
        yield ('timeout',), f'a {hook.type} hook lasts at most {longest}; found {write_duration(hook.timeout)}'
    foreign = ('arn', 'role_arn', 'details') if hook.type == 'pause' else ('message',)
    for name in foreign:
        if getattr(hook, name) is not None:
            yield (name,), f'a {hook.type} hook has none'
    if hook.type == 'lambda':
        for name, what in (('arn', 'the ARN of the function'), ('role_arn', 'the role with which ECS calls it')):
            if getattr(hook, name) is None:
                yield (name,), f'is missing: expected {what}'
    else:
        for stage in hook.stages:
            if stage in SHIFTS:
                yield ('stages',), f'no deployment can pause at {stage}, which a rollback passes too'


@rule('deployment')
def hooks_are_not_too_many(subject: Subject) -> Iterator[Finding]:
    hooks = subject.settings.deployment.all_hooks
    for kind in HOOK_TYPES:
        count = sum(hook.type == kind for hook in hooks)
        if count > MOST_HOOKS:
            yield ('deployment', 'hooks'), f'ECS accepts {MOST_HOOKS} hooks of type {kind}; found {count}'


@rule('deployment', 'controller', 'scheduling_strategy', 'type')
def strategy_fits_the_service(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.type == 'task':
        if 'deployment' in subject.raw:
            yield ('deployment',), 'needs a service: a task has no deployment'
        return
    if settings.deployment.is_rolling:
        return
    where = ('deployment', 'strategy')
    if settings.scheduling_strategy == 'DAEMON':
        yield where, f'a DAEMON has strategy: rolling alone; found {settings.deployment.strategy}'
    if settings.controller not in (None, 'ecs'):
        yield where, f'needs controller: ecs; found {settings.controller}'


@rule('deployment', 'controller')
def monitors_fit_the_controller(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"""
    settings = subject.settings
    if settings.controller in (None, 'ecs'):
        return
    for name in _of_ecs_alone(settings.deployment):
        yield ('deployment', name), f'needs controller: ecs; found {settings.controller}'


def _of_ecs_alone(deployment: Deployment) -> Iterator[str]:
    stated: dict[str, Any] = {name: getattr(deployment, name) for name in ('alarms', 'pause', 'hooks', *ROLLING_ONLY)}
    yield from (name for name, value in stated.items() if value)


RULES = (
    fields_fit_the_strategy,
    breaker_fits_the_strategy,
    percents_are_stated_once,
    rollout_can_move,
    early_success_is_healthy_enough,
    breaker_threshold_is_whole,
    alarms_are_named,
    hooks_are_complete,
    hooks_are_not_too_many,
    strategy_fits_the_service,
    monitors_fit_the_controller,
)
