"""What a rollout waits for, and the tasks before and after it, as the API and the live channel show them."""

from datetime import UTC, datetime
from typing import Any

from stack.reconcile.ledger import GateRun
from stack.rollouts.cluster_state import ClusterState
from stack.runtime.moments import stamp

Json = dict[str, Any]


def order_json(state: ClusterState, name: str) -> Json:
    """The keys `waits` and `gates` of a service's row; neither where the service has none."""
    waits, gates = state.waits(name), [run for run in state.gates(name) if run.gate]
    shown: Json = {}
    if waits is not None and (waits.services or waits.gate):
        shown['waits'] = {key: value for key, value in waits.to_json().items() if key != 'service'}
    if gates:
        shown['gates'] = [gate_json(run) for run in gates]
    return shown


def gate_json(run: GateRun) -> Json:
    return {
        'name': run.gate,
        'stage': run.stage,
        'state': run.state,
        'attempt': run.attempt,
        'task': run.task.rpartition('/')[2] if run.task else None,
        'exit_code': run.exit_code,
        'reason': run.reason or None,
        'lines': list(run.lines),
        'timeout': run.timeout,
        'started_at': _stamp(run.at),
        'ended_at': _stamp(run.ended_at) if run.ended_at is not None else None,
    }


def waits_text(state: ClusterState, name: str) -> str:
    """What the rollout of a service waits for, a sentence; empty where it waits for nothing."""
    waits = state.waits(name)
    if waits is None or not (waits.services or waits.gate):
        return ''
    return f'{name} waits for {", ".join(waits.services) or waits.gate}.'


def _stamp(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
