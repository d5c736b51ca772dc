"""A rollout's strategy, stages, traffic and pause, as the API and the live channel show them."""

from typing import Any

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import Rollout
from stack.rollouts.stages import StageProgress, stages_json
from stack.runtime.moments import stamp

Json = dict[str, Any]

# What `stage_json` may have.
STAGE_KEYS = (
    'strategy',
    'deployment_arn',
    'stage',
    'stages',
    'traffic',
    'waiting',
    'until',
    'breaker',
    'alarms',
)


def stage_json(state: ClusterState, name: str) -> Json:
    """The keys of a service's row for what is beyond a plain rolling deployment; none of them for such a one.

    `deployment_arn` is ECS's service deployment while one is under way: a caller that stops or continues it names what
    it saw.
    """
    seen, going = state.ecs.services.get(name), state.rollouts.get(name)
    stages = going.stages if going else None
    shown: Json = {}
    strategy = stages.strategy if stages else _declared(seen)
    if strategy != 'rolling':
        shown['strategy'] = strategy
    if going is None or not going.open or going.goal.kind != 'service':
        return shown
    arn = stages.arn if stages else seen.current_deployment if seen and going.deployment else None
    if arn is not None:
        shown['deployment_arn'] = arn
    return shown | (_progress_json(state, name, going, stages) if stages else {})


def strategy_of(state: ClusterState, rollout: Rollout) -> str:
    """The deployment strategy of a rollout of a service, in lower case."""
    return rollout.stages.strategy if rollout.stages else _declared(state.ecs.services.get(rollout.goal.service))


def _declared(seen: Service | None) -> str:
    return seen.strategy if seen else 'rolling'


def _progress_json(state: ClusterState, name: str, going: Rollout, stages: StageProgress) -> Json:
    shown: Json = {}
    if stages.stage:
        shown['stage'] = stages.stage
    if rows := stages_json(stages):
        shown['stages'] = rows
    if stages.new is not None:
        old = stages.old if stages.old is not None else 100.0 - stages.new
        shown['traffic'] = {'old': old, 'new': stages.new}
    if stages.hook is not None:
        shown['waiting'] = {
            'hook': stages.hook.id,
            'stage': stages.stage,
            'since': stamp(stages.since),
            'until': stamp(stages.hook.expires_at) if stages.hook.expires_at else None,
            'on_timeout': stages.hook.on_timeout,
            'message': state.pause_message(name, stages.stage),
            'may': state.may_continue(name),
        }
    elif stages.until is not None and going.state in ('baking', 'shifting'):
        shown['until'] = stamp(stages.until)
    if stages.threshold:
        shown['breaker'] = {'failures': stages.failures, 'threshold': stages.threshold}
    if stages.alarms:
        shown['alarms'] = {'names': list(stages.alarms), 'triggered': list(stages.triggered)}
    return shown


def stage_text(state: ClusterState, name: str) -> str:
    """What the rollout of a service waits for in its stage, a sentence; empty where it does not wait."""
    going = state.rollouts.get(name)
    if going is None or not going.open or going.stages is None:
        return ''
    stages = going.stages
    if stages.hook is not None:
        until = f' until {_time(stages.hook.expires_at)}' if stages.hook.expires_at else ''
        after = 'rolls back' if stages.hook.on_timeout == 'rollback' else 'goes on'
        at = f' at {stages.stage}' if stages.stage else ''
        message = state.pause_message(name, stages.stage)
        asks = f' {message.rstrip(".")}.' if message else ''
        return f'{name} is paused{at}{until}, and then {after}.{asks}'
    if stages.until is not None and going.state == 'baking':
        return f'{name} bakes until {_time(stages.until)}.'
    if going.state == 'shifting' and stages.new is not None:
        return f'{name} has {stages.new:g} % of the traffic.'
    return ''


def _time(at: Any) -> str:
    return f'{at:%Y-%m-%d %H:%M} UTC'
