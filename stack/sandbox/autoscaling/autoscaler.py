"""The embedded Application Auto Scaling: answers its API, and scales ECS services by clock and metrics."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore import loaders
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from stack.sandbox.autoscaling import actions
from stack.sandbox.autoscaling.actions import ACTIONS, Scope
from stack.sandbox.autoscaling.expressions import due, runs_once
from stack.sandbox.autoscaling.model import Region, ScalingError, Target, Wire
from stack.sandbox.autoscaling.ports import Metrics, Services
from stack.sandbox.autoscaling.stepping import step_proposal
from stack.sandbox.autoscaling.tracking import MINUTE, Moment, Proposal, cools_after_addition, decided, proposal
from stack.sandbox.ecs.clock import Clock

log = logging.getLogger(__name__)

_LIMITS = (('min capacity', 'MinCapacity'), ('max capacity', 'MaxCapacity'))
_IN, _OUT, _SCHEDULED = 'DynamicScalingInSuspended', 'DynamicScalingOutSuspended', 'ScheduledScalingSuspended'


@dataclass(frozen=True)
class Place:
    """One region of an account: its state, its ECS services and its metrics."""

    region: Region
    services: Services
    metrics: Metrics


class Autoscaler:
    """The service of one account. LOCK is held by the callers of its methods.

    `place` gives a region, `places` those regions that have a scalable target.
    """

    def __init__(self, clock: Clock, place: Callable[[str], Place], places: Callable[[], Iterable[Place]]):
        self._clock = clock
        self._place = place
        self._places = places

    def handle(self, action: str, params: Any, region: str) -> tuple[int, Wire]:
        """Answer one call: status 200 and the response, or 400 and the error."""
        try:
            return 200, self._done(action, params, region)
        except ScalingError as error:
            return 400, {'__type': error.code, 'message': error.message}

    def _done(self, action: str, params: Any, region: str) -> Wire:
        if action not in ACTIONS:
            raise ScalingError('UnknownOperationException', f'The embedded AWS does not have {action}.')
        if not isinstance(params, dict):
            raise ScalingError('SerializationException', 'The request is no JSON object.')
        report = ParamValidator().validate(params, _model().operation_model(action).input_shape)
        if report.has_errors():
            raise ScalingError('ValidationException', report.generate_report())
        place = self._place(region)
        return ACTIONS[action](Scope(place.region, place.services, self._clock.now()), params)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be scaled at any time."""
        targets = (target for place in self._places() for target in place.region.targets.values())
        return not any(target.policies or target.actions for target in targets)

    def advance(self) -> None:
        """Carry out what is due: scheduled actions, and once a minute what policies ask for."""
        now = self._clock.now()
        for place in self._places():
            minute = math.floor(now / MINUTE) * MINUTE
            follows = minute > place.region.evaluated_at
            place.region.evaluated_at = max(minute, place.region.evaluated_at)
            for target in list(place.region.targets.values()):
                if (follows or due(target.actions.values(), now)) and place.services.exists(
                    target.cluster, target.service
                ):
                    self._step(place, target, now, follows=follows)

    def _step(self, place: Place, target: Target, now: float, *, follows: bool) -> None:
        """Scale one target. What fails concerns that target alone."""
        scope = Scope(place.region, place.services, now)
        try:
            _run_schedules(scope, target)
            if follows:
                _follow(scope, target, place.metrics, Moment(now, self._clock.speed))
        except Exception:
            log.exception('the embedded autoscaler failed at %s', target.resource)


@cache
def _model() -> ServiceModel:
    return ServiceModel(loaders.Loader().load_service_model('application-autoscaling', 'service-2'))


def _run_schedules(scope: Scope, target: Target) -> None:
    for action in due(target.actions.values(), scope.now):
        action.ran_at = scope.now
        if runs_once(action):
            del target.actions[action.name]
        within = action.spec.get('StartTime', 0) <= scope.now <= action.spec.get('EndTime', math.inf)
        if target.suspended[_SCHEDULED] or not within:
            continue
        limits = action.spec['ScalableTargetAction']
        target.minimum = limits.get('MinCapacity', target.minimum)
        target.maximum = max(target.minimum, limits.get('MaxCapacity', target.maximum))
        words = [f'{word} to {limits[name]}' for word, name in _LIMITS if name in limits]
        scope.region.record(
            target,
            scope.now,
            Description=f'Setting {" and ".join(words)}',
            Cause=f'scheduled action name {action.name} was triggered',
            StatusMessage=f'Successfully set {" and ".join(words)}',
        )
        actions.keep_within(scope, target)


def _follow(scope: Scope, target: Target, metrics: Metrics, at: Moment) -> None:
    """Carry out what the policies ask for. During a rollout nothing is removed:

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
    """
    current = scope.services.desired(target.cluster, target.service)
    asked = []
    for policy in target.policies.values():
        if policy.spec['PolicyType'] == 'TargetTrackingScaling':
            asked.append(proposal(target, policy, current, metrics, at))
        else:
            alarms = metrics.alarms(actions.policy_arn(scope.region, target, policy))
            stepped = step_proposal(policy, alarms, current, metrics, at)
            # Without its alarm a step policy asks for nothing.
            asked += [stepped] if stepped else []
    chosen = decided(target, current, asked, at)
    if chosen is None or _is_held(scope, target, chosen.count > current):
        return
    count = max(target.minimum, min(chosen.count, target.maximum))
    cause = f'monitor alarm {chosen.alarm} in state ALARM triggered policy {chosen.policy.name}'
    if count == current:
        _not_scaled(scope, target, chosen, current, cause)
        return
    actions.set_count(scope, target, count, cause)
    chosen.policy.scaled_at = at.now
    if count > current:
        if not cools_after_addition(target, chosen.policy, at):
            target.scaled_out_from = current
        target.scaled_out_at, target.scaled_in_at = at.now, 0.0
    else:
        target.scaled_in_at = at.now


def _is_held(scope: Scope, target: Target, adds: bool) -> bool:
    if adds:
        return target.suspended[_OUT]
    return target.suspended[_IN] or scope.services.is_rolling_out(target.cluster, target.service)


def _not_scaled(scope: Scope, target: Target, chosen: Proposal, current: int, cause: str) -> None:
    at_most = chosen.count > current
    code, limit = ('AlreadyAtMaxCapacity', 'MaxCapacity') if at_most else ('AlreadyAtMinCapacity', 'MinCapacity')
    reason = {'Code': code, limit: target.maximum if at_most else target.minimum, 'CurrentCapacity': current}
    scope.region.record(
        target,
        scope.now,
        Description='Attempting to scale due to alarm triggered',
        Cause=cause,
        StatusCode='Failed',
        StatusMessage='',
        NotScaledReasons=[reason],
    )
