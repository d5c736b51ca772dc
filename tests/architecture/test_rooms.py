"""The order of the rooms: which package may import which. No circle, type-only imports included."""

import functools
from collections import defaultdict

import pytest

from tests.architecture.test_imports import PORTS, imports, module_name, sources, within

# From top to bottom: a room imports from those below it, and from its own level where that makes no circle.
LEVELS = (
    ('nysa_server',),
    ('handlers',),
    ('stack.scheduler', 'stack.watch', 'stack.live'),
    ('stack.changes', 'stack.failures', 'stack.runs', 'stack.telemetry'),
    ('stack.rehearsal',),
    ('stack.rollouts',),
    ('stack.reconcile', 'stack.notify', 'stack.state'),
    ('stack.client',),
    ('stack.configuration',),
    ('stack.access', 'stack.chat'),
    ('stack.stackfile',),
    ('stack.runtime',),
    (PORTS,),
    ('stack.errors',),
)
BESIDE = ('stack.aws', 'stack.sandbox')

# Imports upwards that remain, each with its reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}


@functools.cache
def arrows() -> dict[tuple[str, str], set[str]]:
    """Room → room: the modules that import."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in sources():
        name = module_name(path)
        for imported in imports(path):
            one, other = room(name), room(imported)
            if one and other and one != other:
                found[one, other].add(name)
    return found


def room(module: str) -> str | None:
    if within(module, {PORTS}):
        return PORTS
    parts = module.split('.')
    if parts[0] in ('nysa_server', 'handlers'):
        return parts[0]
    return '.'.join(parts[:2]) if parts[0] == 'stack' and len(parts) > 1 else None


def level(name: str) -> int | None:
    return next((i for i, names in enumerate(LEVELS) if name in names), None)


def test_every_package_is_in_the_list():
    known = {name for names in LEVELS for name in names} | {*BESIDE, 'stack'}
    rooms = {room(module_name(path)) for path in sources()} - {None}
    assert rooms <= known


def test_imports_run_downwards():
    for (one, other), modules in arrows().items():
        high, low = level(one), level(other)
        if high is None or low is None or (one, other) in EXCEPTIONS:
            continue
        assert high <= low, f'{sorted(modules)} import upwards, from {one} to {other}'


@pytest.mark.parametrize('start', [name for names in LEVELS for name in names])
def test_no_circle(start: str):
    seen: set[str] = set()
    waiting = [other for one, other in arrows() if one == start and (one, other) not in EXCEPTIONS]
    while waiting:
        name = waiting.pop()
        assert name != start, f'{start} imports itself by way of others'
        if name not in seen:
            seen.add(name)
            waiting += [other for one, other in arrows() if one == name and (one, other) not in EXCEPTIONS]
