"""Who may import whom. The first test of the repository: everything else leans on it."""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Values and Protocols, without boto3.
PORTS = 'stack.aws.ports'

# Pure: no I/O, no asyncio, no boto3. A package counts with everything in it.
CORE = {
    'stack.configuration.accounts',
    'stack.access.access',
    'stack.access.scope',
    'stack.changes.change_scope',
    'stack.chat.chat_lines',
    'stack.chat.known_services',
    'stack.chat.pause_text',
    'stack.changes.adopt',
    'stack.live.cluster_events',
    'stack.rollouts.cluster_state',
    'stack.rollouts.service_deployment',
    'stack.rollouts.service_events',
    'stack.rollouts.stages',
    'stack.rollouts.native_rollout',
    'stack.rollouts.stop_verdicts',
    'stack.reconcile.stop_order',
    'stack.rollouts.stage_view',
    'stack.rollouts.revision_view',
    'stack.rollouts.cluster_view',
    'stack.state.diff',
    'stack.state.proof',
    'stack.state.revision_chain',
    'stack.changes.log_check',
    'stack.changes.entry_chain',
    'stack.rollouts.drift',
    'stack.errors',
    'stack.runtime.durations',
    'stack.runtime.moments',
    'stack.runtime.lru',
    'stack.runtime.patterns',
    'stack.live.brief',
    'stack.live.lean',
    'stack.live.packed_text',
    'stack.live.event',
    'stack.live.forms',
    'stack.live.client_messages',
    'stack.changes.guards',
    'stack.access.groups',
    'stack.state.history_rows',
    'stack.stackfile.images',
    'stack.notify.messages',
    'stack.runtime.token_bucket',
    'stack.live.log',
    'stack.live.missed',
    'stack.runtime.masking',
    'stack.runtime.secret_names',
    'stack.runtime.secret_texts',
    'stack.watch.look_schedule',
    'stack.rollouts.carriers',
    'stack.rollouts.current_stops',
    'stack.stackfile.deployment_room',
    'stack.stackfile.main_container',
    'stack.rollouts.ecs_snapshot',
    'stack.rollouts.ecs_state',
    'stack.rollouts.observation',
    'stack.rollouts.overtaken',
    'stack.rollouts.removal',
    'stack.rollouts.rollout',
    'stack.rollouts.rollouts',
    'stack.rollouts.service_rollout',
    'stack.rollouts.running_version',
    'stack.rollouts.task_run',
    'stack.rollouts.unread_definitions',
    'stack.rollouts.usual_duration',
    'stack.rollouts.image_before',
    'stack.rollouts.image_since',
    'stack.rollouts.new_tasks',
    'stack.telemetry.tail_topic',
    'stack.rollouts.rollout_summary',
    'stack.rollouts.gate_view',
    'stack.rollouts.rollout_answer',
    'stack.rollouts.schedule_rollout',
    'stack.rollouts.stale_secrets',
    'stack.rollouts.stop_kinds',
    'stack.rollouts.stop_reasons',
    'stack.rollouts.stop_rules',
    'stack.state.revisions',
    'stack.state.service_edits',
    'stack.state.service_rows',
    'stack.runtime.pacing',
    'stack.rollouts.pass_outcome',
    'stack.reconcile.plan',
    'stack.rollouts.progress',
    'stack.rollouts.refusals',
    'stack.reconcile',
    'stack.stackfile',
    'stack.access.tokens',
}

# Packages that hold modules of both kinds; of themselves they have a docstring.
ROOMS = {'stack', *(f'stack.{path.name}' for path in (ROOT / 'stack').iterdir() if path.is_dir())}

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
    return {module_name(f) for f in sources() if any(within(i, packages) and not is_port(i) for i in imports(f))}


def is_port(imported: str) -> bool:
    """Whether it is one of the values and Protocols that use cases share with the adapters, or only leads there."""
    return within(imported, {PORTS}) or imported in ROOMS


@pytest.mark.parametrize(
    ('imported', 'allowed'),
    [
        ({'tornado'}, {'handlers', 'nysa_server'}),
        ({'boto3', 'botocore'}, {'stack.aws', 'stack.sandbox'}),
        ({'moto'}, {'stack.sandbox'}),
        ({'handlers'}, {'handlers', 'nysa_server'}),
        # The busy fleet is created by Nysa's own reconciler, which the sandbox composes as nysa_server does.
        ({'stack.aws'}, {'stack.aws', 'nysa_server', 'stack.sandbox.fleet'}),
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
        outside = {i for i in imports(path) if within(i, {'stack'}) and i not in ROOMS and not within(i, CORE)}
        assert not outside, f'{module_name(path)} is core, but imports {sorted(outside)}'
        outside = {i for i in imports(path) if within(i, OUTSIDE_CORE)}
        assert not outside, f'{module_name(path)} is core, but imports {sorted(outside)}'


def test_core_is_there():
    """A name in CORE without a file would make the rule above empty."""
    names = {module_name(f) for f in sources()}
    assert names >= CORE
