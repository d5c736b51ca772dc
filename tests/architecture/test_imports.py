"""Who may import whom. The first test of the repository: everything else leans on it."""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Pure: no I/O, no asyncio, no boto3. A package counts with everything in it.
CORE = {
    'stack.access',
    'stack.chat_lines',
    'stack.adopt',
    'stack.cluster_events',
    'stack.cluster_state',
    'stack.cluster_view',
    'stack.diff',
    'stack.drift',
    'stack.errors',
    'stack.events',
    'stack.guards',
    'stack.groups',
    'stack.history_rows',
    'stack.images',
    'stack.messages',
    'stack.limits',
    'stack.live.log',
    'stack.masking',
    'stack.secret_names',
    'stack.secret_texts',
    'stack.look_schedule',
    'stack.current_stops',
    'stack.deployment_room',
    'stack.main_container',
    'stack.observed',
    'stack.observation',
    'stack.overtaken',
    'stack.removal',
    'stack.rollout',
    'stack.rollouts',
    'stack.service_rollout',
    'stack.task_run',
    'stack.whole',
    'stack.rollout_answer',
    'stack.stop_kinds',
    'stack.stop_reasons',
    'stack.stop_rules',
    'stack.revisions',
    'stack.service_edits',
    'stack.service_rows',
    'stack.pacing',
    'stack.pass_outcome',
    'stack.plan',
    'stack.progress',
    'stack.refusals',
    'stack.reconcile',
    'stack.stackfile',
    'stack.tokens',
}

OUTSIDE_CORE = {'asyncio', 'socket', 'threading', 'subprocess', 'urllib.request', 'http', 'logging', 'os'}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def sources() -> list[Path]:
    files = [ROOT / 'nysa_server.py', *(ROOT / 'handlers').rglob('*.py'), *(ROOT / 'stack').rglob('*.py')]
    return [f for f in files if f.exists()]


@functools.cache
def imports(path: Path) -> set[str]:
    """Every module that a file imports, with what it takes from it: `from a import b` gives a and a.b."""
    found: set[str] = set()
    package = module_name(path).split('.')
    if path.name != '__init__.py':
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = '.'.join(package[: len(package) - node.level + 1]) if node.level else ''
            module = '.'.join(filter(None, [base, node.module]))
            found.add(module)
            found.update(f'{module}.{alias.name}' for alias in node.names)
    return found


def within(name: str, packages: set[str]) -> bool:
    return any(name == p or name.startswith(p + '.') for p in packages)


def importers_of(packages: set[str]) -> set[str]:
    return {module_name(f) for f in sources() if any(within(i, packages) for i in imports(f))}


@pytest.mark.parametrize(
    ('imported', 'allowed'),
    [
        ({'tornado'}, {'handlers', 'nysa_server'}),
        ({'boto3', 'botocore'}, {'stack.aws', 'stack.sandbox'}),
        ({'moto'}, {'stack.sandbox'}),
        ({'handlers'}, {'handlers', 'nysa_server'}),
        ({'stack.aws'}, {'stack.aws', 'nysa_server'}),
        ({'stack.sandbox'}, {'stack.sandbox', 'nysa_server'}),
    ],
    ids=lambda value: '+'.join(sorted(value)),
)
def test_only_these_import(imported: set[str], allowed: set[str]):
    strangers = {name for name in importers_of(imported) if not within(name, allowed)}
    assert not strangers, f'{sorted(strangers)} must not import {sorted(imported)}'


def test_core_is_pure():
    for path in sources():
        if not within(module_name(path), CORE):
            continue
        ours = {i for i in imports(path) if within(i, {'stack'}) and i != 'stack' and not within(i, CORE)}
        assert not ours, f'{module_name(path)} is core, but imports {sorted(ours)}'
        outside = {i for i in imports(path) if within(i, OUTSIDE_CORE)}
        assert not outside, f'{module_name(path)} is core, but imports {sorted(outside)}'


def test_core_is_there():
    """A name in CORE that no file has would make the rule above say nothing."""
    names = {module_name(f) for f in sources()}
    assert names >= CORE
