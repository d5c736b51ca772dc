"""Rendering of the deployment fields to ECS's deploymentConfiguration, and its inverse."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from stack.runtime.durations import write_duration
from stack.stackfile import inverse
from stack.stackfile.aws_defaults import SERVICE
from stack.stackfile.inverse import Source
from stack.stackfile.rendering import Context, structure

# The stages at which hooks run, in ECS's order.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
STAGES = (
    'reconcile_service',
    'pre_scale_up',
    'post_scale_up',
    'test_traffic_shift',
    'post_test_traffic_shift',
    'pre_production_traffic_shift',
    'production_traffic_shift',
    'post_production_traffic_shift',
)
# Stages that a rollback passes too: no pause can be there.
SHIFTS = ('test_traffic_shift', 'production_traffic_shift')
PAUSABLE = tuple(stage for stage in STAGES if stage not in SHIFTS)

HOOK_TYPES = {'pause': 'PAUSE', 'lambda': 'AWS_LAMBDA'}
_CONFIGURATION = 'deploymentConfiguration'
_TIMEOUT = SERVICE[(_CONFIGURATION, 'lifecycleHooks', 'timeoutConfiguration')]


def minutes(value: timedelta, context: Context) -> int:
    return int(value.total_seconds()) // 60


def hook_type(value: str, context: Context) -> str:
    return HOOK_TYPES[value]


def stages(values: tuple[str, ...], context: Context) -> list[str]:
    return [stage.upper() for stage in values]


def pauses(values: tuple[str, ...], context: Context) -> list[dict[str, Any]]:
    """The hook that `pause` is short for."""
    hook = {'targetType': 'PAUSE', 'lifecycleStages': stages(values, context), 'timeoutConfiguration': dict(_TIMEOUT)}
    return [hook] if values else []


def early_success(value: Any, context: Context) -> dict[str, Any]:
    return {'enable': True, **structure(value, context)}


def deployment(value: Any, context: Context) -> dict[str, Any]:
    """The whole configuration. The steps of a strategy are always stated, as ECS fills them in."""
    steps = f'{value.strategy}Configuration'
    usual = SERVICE.get((_CONFIGURATION, steps))
    return {**({steps: dict(usual)} if usual else {}), **structure(value, context)}


# Inverses


def read_minutes(value: int, entry: Any, source: Source) -> str | None:
    written = timedelta(minutes=value)
    return None if written == entry.default or (not value and entry.default is None) else write_duration(written)


def read_word(value: str, entry: Any, source: Source) -> str:
    """One of the words of the field."""
    words: dict[str, str] = {word: word for word in entry.shape.json['enum']}
    return words[value.lower()]


def read_strategy(value: str, entry: Any, source: Source) -> str | None:
    return None if value == 'ROLLING' else read_word(value, entry, source)


def read_hook_type(value: str, entry: Any, source: Source) -> str:
    return {name: word for word, name in HOOK_TYPES.items()}[value]


def read_stages(values: list[str], entry: Any, source: Source) -> list[str]:
    """Stages that the field knows: a hook at another one goes into the pass-through."""
    known = {stage: stage for stage in entry.shape.json['items']['enum']}
    return [known[stage.lower()] for stage in values]


def _is_readable(hook: Mapping[str, Any]) -> bool:
    known = hook.get('targetType', 'AWS_LAMBDA') in HOOK_TYPES.values()
    return known and {stage.lower() for stage in hook['lifecycleStages']} <= set(STAGES)


def _is_short(hook: Mapping[str, Any]) -> bool:
    """Whether `pause` renders the hook."""
    stated = {name: value for name, value in hook.items() if value not in (None, '', [], {})}
    timeout = {**_TIMEOUT, **(stated.pop('timeoutConfiguration', None) or {})}
    stages = {stage.lower() for stage in stated.get('lifecycleStages', ())}
    is_plain = stated.keys() == {'targetType', 'lifecycleStages'} and stated['targetType'] == 'PAUSE'
    return is_plain and timeout == _TIMEOUT and stages <= set(PAUSABLE)


def _short(listed: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first hook that `pause` expresses. Raises `ValueError` where no field states one of the hooks."""
    if not all(map(_is_readable, listed)):
        raise ValueError('a hook at an unknown stage')
    return next((hook for hook in listed if _is_short(hook)), None)


def read_pauses(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[str] | None:
    """The stages of the hook that `pause` expresses."""
    short = _short(listed)
    return read_stages(short['lifecycleStages'], entry, source) if short else None


def read_hooks(listed: list[Mapping[str, Any]], entry: Any, source: Source) -> list[dict[str, Any]] | None:
    """The hooks that `pause` does not express."""
    short = _short(listed)
    rest: list[Mapping[str, Any]] = [{'targetType': 'AWS_LAMBDA', **hook} for hook in listed if hook is not short]
    return inverse.structures(rest, entry, source) or None


def read_early_success(value: Mapping[str, Any], entry: Any, source: Source) -> dict[str, Any] | None:
    return inverse.structure(value, entry, source) if value.get('enable') else None


def read_structure(value: Mapping[str, Any], entry: Any, source: Source) -> dict[str, Any] | None:
    """The fields of a structure; None where it has defaults alone."""
    return inverse.structure(value, entry, source) or None
