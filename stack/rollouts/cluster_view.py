"""A cluster's state as the API and the live channel show it: summaries, rows of services, verdicts."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from stack.reconcile.wanted import Wanted
from stack.rollouts import refusals
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.current_stops import current_stops, is_draining
from stack.rollouts.ecs_state import Deployment, Service, Task
from stack.rollouts.gate_view import order_json
from stack.rollouts.image_before import image_before
from stack.rollouts.image_since import image_since
from stack.rollouts.new_tasks import new_tasks_json
from stack.rollouts.revision_view import rollouts_json, summary_json, verdict_json
from stack.rollouts.rollout import Rollout
from stack.rollouts.stage_view import STAGE_KEYS, stage_json
from stack.rollouts.stop_kinds import PORT_IN_USE
from stack.rollouts.stop_reasons import classify, ended_first, most_telling, of_text
from stack.rollouts.usual_duration import failing_since
from stack.runtime.moments import stamp
from stack.stackfile.images import tag_of
from stack.stackfile.main_container import main_container

Json = dict[str, Any]

# The newest lines of a service's event log, and stopped tasks, that travel with each row.
EVENTS_SHOWN = 5
STOPS_SHOWN = 3
# From the worst to the best.
HEALTHS = ('failing', 'degraded', 'unknown', 'healthy', 'stopped')
# What is known of a cluster whose desired state cannot be read: not what is wanted, so not how far ECS is from it.
UNREADABLE: Json = {
    'sync': 'unreadable',
    'health': 'unknown',
    'state': 'unreadable',
    'percent': 0,
    'verdict': None,
    'drifted': [],
    'unmanaged': [],
}
# The health of a scheduled task by how its schedule goes; of any other state it is healthy.
SCHEDULE_HEALTH = {'failing': 'failing', 'missed': 'failing', 'overlapping': 'degraded'}
# What a row of a wanted service has of its deployed state.
DEPLOYED_KEYS = (
    *('autoscaling', 'schedule', 'sync', 'health', 'deployed', 'image_since', 'state', 'percent', 'verdict'),
    *STAGE_KEYS,
)
SYNCS = ('drifted', 'rolling-out', 'not-deployed', 'unknown', 'in-sync')


def summary(state: ClusterState) -> Json:
    """Whether ECS has what is wanted, how it runs, and how the rollout goes, for the whole cluster."""
    rows = {name: service_sync(state, name) for name in [*state.wanted, *state.book.removing()]}
    going = state.summary()
    shown = {
        'sync': _worst(rows.values(), SYNCS, 'in-sync'),
        'health': _worst((service_health(state, name) for name in state.wanted), HEALTHS, 'healthy'),
        **summary_json(going),
        'drifted': [name for name, sync in rows.items() if sync == 'drifted'],
        'unmanaged': state.unmanaged(),
        'rollouts': rollouts_json(state),
        'observed_at': stamp(state.observed_at) if state.observed_at else None,
        'failing': state.failing,
        'frozen': state.frozen,
        **freeze_windows_json(state),
        'unreadable': state.unreadable,
    }
    return shown | UNREADABLE if state.unreadable else shown


def freeze_windows_json(state: ClusterState) -> Json:
    """The freeze windows of a cluster; empty where it has none."""
    return {'freeze_windows': state.freeze_windows} if state.freeze_windows else {}


def service_row(state: ClusterState, name: str) -> Json:
    """A service in short: what is wanted, what is deployed, and its rollout."""
    wanted, seen, going = state.wanted.get(name), state.ecs.services.get(name), state.rollouts.get(name)
    row: Json = {'name': name, 'managed': wanted is not None}
    if wanted is not None:
        image = main_container(wanted.definition, name).get('image')
        row |= {'image': image, 'image_tag': tag(image), 'desired_count': wanted.count}
        row |= {'autoscaling': wanted.scaling.to_json()} if wanted.scaling else {}
    row |= {
        'sync': service_sync(state, name),
        'health': service_health(state, name),
        'deployed': deployed(state, name),
        **(rollout_json(going) if going else {'state': _state_unmanaged(seen), 'percent': None, 'verdict': None}),
        'image_before': image_before(state, name),
        'image_since': _stamp(image_since(state, name)),
        'events': events_json(seen.events[:EVENTS_SHOWN]) if seen else [],
        'stop_reasons': [
            stop_json(each, state.ecs.essential(each)) for each in current_stops(state, name)[:STOPS_SHOWN]
        ],
        'trouble': trouble(state, name),
        'failing_since': _stamp(failing_since(state, name)),
        'stale_secrets': [secret.to_json() for secret in state.stale_secrets.get(name, ())],
    }
    row |= {'schedule': state.schedules[name]} if name in state.schedules else {}
    row |= order_json(state, name) | stage_json(state, name) | new_tasks_json(state, name)
    drift = state.drift(name)
    if drift:
        row['drift'] = drift.to_json()['changes'] or [{'path': 'service', 'before': None, 'after': name}]
    if name in state.ecs.targets:
        row['targets'] = dict(state.ecs.targets[name])
    if wanted is None and seen is None:
        row['gone'] = True
    return row


def short_row(state: ClusterState, name: str) -> Json:
    """What a list of all clusters shows of a service: the same values as in its row."""
    seen, going = state.ecs.services.get(name), state.rollouts.get(name)
    row: Json = {
        'name': name,
        'sync': service_sync(state, name),
        'health': service_health(state, name),
        'state': going.state if going else _state_unmanaged(seen),
    }
    row |= {'schedule': state.schedules[name]} if name in state.schedules else {}
    return row | ({'gone': True} if seen is None and name not in state.wanted else {})


def with_deployed(rows: Iterable[Json], state: ClusterState) -> list[Json]:
    """Rows of wanted services, each with what is deployed of it, how its rollout goes, and its stages."""
    described = ((row, service_row(state, row['name'])) for row in rows)
    return [row | {key: full[key] for key in DEPLOYED_KEYS if key in full} for row, full in described]


def deployed(state: ClusterState, name: str) -> Json | None:
    """What ECS runs of a service; None if there is none, or before the first look. The image is None until its task
    definition is read.
    """
    seen = state.ecs.services.get(name)
    if seen is None:
        return None
    image = state.ecs.running_image(name)
    return {
        'image': image,
        'image_tag': tag(image),
        'desired': seen.desired,
        'running': seen.running,
        'pending': seen.pending,
        'failed': seen.failed,
        'status': seen.status,
    }


def rollout_json(going: Rollout) -> Json:
    return {
        'revision': going.goal.revision,
        'state': going.state,
        'percent': going.percent,
        'verdict': verdict_json(going.verdict),
        'desired': going.desired,
        'running': going.running,
        'pending': going.pending,
        'failed': going.failed,
        'deployment': going.deployment,
        'task_definition': going.task_definition,
    }


def service_sync(state: ClusterState, name: str) -> str:
    """`in-sync`, `rolling-out`, `drifted`, `unmanaged`, or `unknown` before ECS was asked what it runs.

    `not-deployed` is what was adopted, or stored without deploying, and was not announced since.
    """
    going = state.rollouts.get(name)
    if going is not None and going.open:
        return 'not-deployed' if going.goal.held else 'rolling-out'
    if name not in state.wanted:
        return 'unmanaged'
    if state.drift(name) is not None or state.refused(name):
        return 'drifted'
    if state.wanted[name].is_task:
        return 'in-sync'
    return 'in-sync' if name in state.ecs.services and state.knows(name) else 'unknown'


def service_health(state: ClusterState, name: str) -> str:
    """`healthy`, `degraded`, `failing`, `stopped` (none wanted, none runs), or `unknown`."""
    seen, wanted = state.ecs.services.get(name), state.wanted.get(name)
    if wanted is not None and wanted.is_task:
        going = state.rollouts.get(name)
        failed = going is not None and going.verdict is not None and going.verdict.failed
        return 'failing' if failed else SCHEDULE_HEALTH.get(state.schedules.get(name, {}).get('state', ''), 'healthy')
    if seen is None:
        return 'unknown'
    if seen.desired == 0:
        return 'stopped' if seen.running == 0 else 'healthy'
    if seen.running >= seen.desired or _is_growing(wanted, seen):
        return 'degraded' if state.ecs.targets.get(name, {}).get('unhealthy') else 'healthy'
    return 'degraded' if seen.running else 'failing'


def _is_growing(wanted: Wanted | None, seen: Service) -> bool:
    """Whether only tasks are missing that start because an autoscaler added them."""
    if wanted is None or wanted.scaling is None:
        return False
    starting = seen.running + seen.pending >= seen.desired
    return starting and seen.running >= max(1, wanted.scaling.limits.minimum)


def trouble(state: ClusterState, name: str) -> Json | None:
    """What keeps the service from running, in a class and two sentences: what AWS refused, or what ECS shows."""
    if refusal := state.refusal(name):
        return refusals.to_json(refusal)
    going, seen = state.rollouts.get(name), state.ecs.services.get(name)
    stopped = [classify(each, state.ecs.essential(each)) for each in current_stops(state, name)]
    if seen and (going is None or going.open or (going.verdict and going.verdict.failed)):
        since = going.goal.since if going else None
        stopped += [
            found for each in seen.events if (since is None or each.at >= since) and (found := of_text(each.message))
        ]
    reason = most_telling(stopped)
    if reason is None or reason.expected or (reason.kind == PORT_IN_USE.kind and is_draining(seen)):
        return None
    return {'kind': reason.kind, 'what': reason.what, 'advice': reason.advice}


def events_json(events: Iterable[Any]) -> list[Json]:
    return [{'at': stamp(each.at), 'message': each.message} for each in events]


def deployment_json(state: ClusterState, name: str, each: Deployment) -> Json:
    return {
        'id': each.id,
        'status': each.status,
        'state': each.rollout_state,
        'reason': each.full_reason,
        'task_definition': each.task_definition,
        'image': state.ecs.image(each.task_definition, name),
        'desired': each.desired,
        'running': each.running,
        'pending': each.pending,
        'failed': each.failed,
        'created_at': stamp(each.created_at),
    }


def task_json(task: Task) -> Json:
    """A task as `GET …/services/{s}` lists it."""
    return {
        'id': task.id,
        'status': task.status,
        'health': task.health,
        'task_definition': task.task_definition,
        'deployment': task.started_by,
        'created_at': _stamp(task.created_at),
        'started_at': _stamp(task.started_at),
        'containers': [
            {'name': each.name, 'image': each.image, 'digest': each.digest, 'exit_code': each.exit_code}
            for each in task.containers
        ],
    }


def stop_json(task: Task, essential: Collection[str] = ()) -> Json:
    """A stopped task with ECS's reason and its class; `essential` are its essential containers, if known."""
    reason, ended = classify(task, essential), ended_first(task.containers, essential)
    reasons = [container.reason for container in task.containers if container.reason]
    return {
        'task': task.id,
        'at': _stamp(task.stopped_at),
        'reason': ': '.join(filter(None, [task.stopped_reason, *reasons])),
        'exit_code': ended.exit_code if ended else None,
        'kind': reason.kind,
        'what': reason.what,
        'advice': reason.advice,
        'task_definition': task.task_definition,
        'deployment': task.started_by,
    }


def tag(image: str | None) -> str | None:
    return tag_of(image) if isinstance(image, str) else None


def _state_unmanaged(seen: Service | None) -> str | None:
    primary = seen.primary if seen else None
    if primary is None:
        return None
    return 'rolling-out' if primary.rollout_state == 'IN_PROGRESS' else 'steady'


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def _worst(found: Iterable[str], order: Sequence[str], none: str) -> str:
    return min(found, key=order.index, default=none)
