"""One service in full: what is wanted, what is deployed, its tasks, and why the last ones stopped."""

from collections.abc import Sequence
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed, NotFound
from stack.failures.flight_recorder import FlightRecorder
from stack.failures.task_logs import TaskLogs
from stack.rollouts.cluster_state import ClusterState, document_of
from stack.rollouts.cluster_view import deployment_json, events_json, service_row, stop_json, task_json
from stack.rollouts.ecs_state import EPOCH, Task
from stack.rollouts.service_events import ServiceEvent
from stack.stackfile.effective import services

EVENTS_SHOWN = 20
STOPS_SHOWN = 20


class Look(Protocol):
    """What is asked of ECS: see `stack.aws.ecs_look.EcsLook`."""

    async def running(self, cluster: str, service: str) -> tuple[Task, ...]: ...
    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]: ...
    async def scaling_activities(self, cluster: str, service: str, most: int) -> list[ServiceEvent]: ...


async def service_report(
    state: ClusterState, name: str, looks: PerCluster[Look], recorder: FlightRecorder, task_logs: TaskLogs
) -> dict[str, Any]:
    """Raises `NotFound`. If ECS does not answer, `tasks` is null, and `failing` has the reason."""
    if name not in state.names():
        raise NotFound(f'{state.name} has no service {name!r}.')
    seen, going = state.ecs.services.get(name), state.rollouts.get(name)
    report = service_row(state, name) | {
        'settings': _settings(state, name),
        'deployments': [deployment_json(state, name, each) for each in seen.deployments] if seen else [],
        'events': events_json(seen.events[:EVENTS_SHOWN]) if seen else [],
        'failing': state.failing,
        'tasks': [],
        'flight': None,
        'log': None,
    }
    stopped: Sequence[Task] = state.ecs.stopped.get(name, ())
    try:
        if seen is not None:
            look = await looks.of(state.name)
            report['events'] = await _with_activities(state, name, look, report['events'])
            report['tasks'] = [task_json(each) for each in await look.running(state.name, name)]
            stopped = merged(await look.stopped(state.name, name), stopped)
            report['stop_reasons'] = [stop_json(each, state.ecs.essential(each)) for each in stopped]
    except AwsFailed as failed:
        report |= {'tasks': None, 'failing': {'error': failed.code, 'message': failed.message}}
    if going is not None and going.verdict is not None and going.verdict.failed:
        report['flight'] = await recorder.read(state.name, going.goal.revision, name)
    if report['flight'] is None:
        report['log'] = await task_logs.of(state, name, stopped)
    return report


async def _with_activities(
    state: ClusterState, name: str, look: Look, events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The event log with what scaled the service and why, where an autoscaler does; the newest first."""
    wanted = state.wanted.get(name)
    if not (name in state.autoscaled or (wanted and wanted.scaling)):
        return events
    activities = events_json(await look.scaling_activities(state.name, name, EVENTS_SHOWN))
    found = [*events, *(activity | {'source': 'autoscaling'} for activity in activities)]
    return sorted(found, key=lambda event: str(event['at']), reverse=True)


def merged(newest: Sequence[Task], known: Sequence[Task]) -> list[Task]:
    """What ECS still knows of stopped tasks, and what it has forgotten meanwhile; the newest first."""
    found = {each.arn: each for each in [*known, *newest]}.values()
    return sorted(found, key=lambda each: each.stopped_at or EPOCH, reverse=True)[:STOPS_SHOWN]


def _settings(state: ClusterState, name: str) -> dict[str, Any] | None:
    """The service as the desired state has it; None for one that is not managed."""
    document = document_of(state.revision)
    return next((raw for known, raw in services(document) if known == name), None)
