"""Old against new during a rollout: which rollout is compared, over which times, and the values of both sides. Pure.

CloudWatch has CPU and memory of a service as a whole: before the rollout and since. An Application Load Balancer has
requests, errors and latency for each target group: with blue/green, linear and canary, the old tasks have another one
than the new tasks, so that both are known at the same time.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, NamedTuple

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import Rollout
from stack.runtime.moments import stamp
from stack.telemetry.metric_queries import LATE, SeriesQuery, TimeRange

# How long before it began a rollout is compared with, and for how long after its end it is compared.
HOUR = timedelta(hours=1)
# A rollout that goes on for longer is not compared: most of the difference would be the time of day.
LONGEST = timedelta(days=1)
MINUTE_S = 60

Values = Mapping[datetime, float]
Series = Sequence[tuple[SeriesQuery, Values]]
Json = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """A rollout that replaces the tasks of a service. `until` is when its tasks stopped serving; None while they do.

    `old_groups` and `new_groups` are the target groups of the two; empty where they have the same.
    """

    rollout: Rollout
    image_before: str | None
    begun: datetime
    until: datetime | None
    old_groups: frozenset[str] = frozenset()
    new_groups: frozenset[str] = frozenset()

    def before(self) -> TimeRange:
        """The hour before it began."""
        end = _minute(self.begun)
        return TimeRange(end - HOUR, end, MINUTE_S)

    def since(self, end: datetime) -> TimeRange:
        """The whole minutes since it began, until an end; there may be none."""
        first = _minute(self.begun) + timedelta(seconds=MINUTE_S)
        return TimeRange(first, max(first, _minute(min(end, self.until or end))), MINUTE_S)


def span_around(begun: datetime, now: datetime) -> TimeRange:
    """What is read for a rollout that began then: the hour before, and all of which points can be expected."""
    first = _minute(begun)
    return TimeRange(first - HOUR, max(first, _minute(now - LATE)), MINUTE_S)


def comparison_of(state: ClusterState, name: str, now: datetime) -> Comparison | None:
    """The newest rollout of a service while it goes on, and for an hour after it; None if it replaces no tasks."""
    going, seen = state.rollouts.get(name), state.ecs.services.get(name)
    if going is None or seen is None or going.goal.kind != 'service':
        return None
    if going.deployment is None or going.deployment in going.foreign or _is_first(seen, going):
        return None
    begun = next((each.created_at for each in seen.deployments if each.id == going.deployment), going.goal.since)
    verdict = going.verdict
    if now - begun > LONGEST or (verdict is not None and now - verdict.at > HOUR):
        return None
    native = seen.native if going.stages and seen.native and seen.native.arn == going.stages.arn else None
    old, new = (frozenset(native.source_groups), frozenset(native.target_groups)) if native else ((), ())
    differ = bool(old and new) and not frozenset(old) & frozenset(new)
    serves = verdict is None or (verdict.arrived and not differ)
    return Comparison(
        going,
        _image_before(state, name, going),
        begun,
        None if serves or verdict is None else verdict.at,
        frozenset(old) if differ else frozenset(),
        frozenset(new) if differ else frozenset(),
    )


def _is_first(seen: Service, going: Rollout) -> bool:
    """Whether the service began with it: there is nothing to compare it with."""
    return seen.created_at >= going.goal.since


def _image_before(state: ClusterState, name: str, going: Rollout) -> str | None:
    """The image that the old tasks run, or ran."""
    seen = state.ecs.services.get(name)
    leaving = [each for each in seen.deployments if each.id != going.deployment] if seen else []
    running = [state.ecs.image(each.task_definition, name) for each in leaving if each.running]
    succeeded = [
        rollout.goal.image
        for rollout in state.book.of_service(name)
        if rollout.goal.revision != going.goal.revision and rollout.verdict and rollout.verdict.ending == 'succeeded'
    ]
    return next((image for image in [*running, *reversed(succeeded)] if image), None)


def comparison_json(found: Comparison, series: Series, end: datetime) -> Json:
    """Each metric with the values of both sides, by series that were read until an end; None without points."""
    before, since = found.before(), found.since(end)
    goal, verdict = found.rollout.goal, found.rollout.verdict
    metrics = []
    for metric in METRICS:
        by_group = metric.of_targets and bool(found.new_groups)
        old = _Side(series, since if by_group else before, found.old_groups if by_group else ())
        new = _Side(series, since, found.new_groups if by_group else ())
        if any(query.metric.name == metric.reads[0] for query, _ in series):
            row = {'name': metric.name, 'unit': metric.unit, 'by': 'target-group' if by_group else 'time'}
            metrics.append(row | {'old': _rounded(metric.value(old)), 'new': _rounded(metric.value(new))})
    return {
        'revision': goal.revision,
        'image': goal.image or None,
        'image_before': found.image_before,
        'begun_at': stamp(found.begun),
        'ended_at': stamp(verdict.at) if verdict else None,
        'before': {'from': stamp(before.start), 'to': stamp(before.end)},
        'since': {'from': stamp(since.start), 'to': stamp(since.end)},
        'metrics': metrics,
    }


class _Side:
    """The points of one side: of a time, and of some target groups; of all without any."""

    def __init__(self, series: Series, span: TimeRange, groups: Collection[str]):
        self._series = series
        self._span = span
        self._groups = {group.rpartition(':')[2] for group in groups}

    def values(self, name: str) -> list[float]:
        """The values of a metric by its name in the API."""
        return [value for values in self._matching(name) for at, value in values.items() if self._covers(at)]

    def minutes(self, name: str) -> int:
        """The minutes that a count is of: all where it is 0 without a point, those with points of a target group.

        A target group without traffic is one that is not led to yet, or no longer.
        """
        if not self._groups:
            return len(self._span.times())
        return len({at for values in self._matching(name) for at in values if self._covers(at)})

    def _matching(self, name: str) -> Iterable[Values]:
        for query, values in self._series:
            group = dict(query.dimensions).get('TargetGroup')
            if query.metric.name == name and (not self._groups or group in self._groups):
                yield values

    def _covers(self, at: datetime) -> bool:
        return self._span.start <= at < self._span.end


def _mean(name: str) -> Callable[[_Side], float | None]:
    def value(side: _Side) -> float | None:
        values = side.values(name)
        return fmean(values) if values else None

    return value


def _requests(side: _Side) -> float | None:
    values, minutes = side.values('requests'), side.minutes('requests')
    return sum(values) / minutes if values and minutes else None


def _error_rate(side: _Side) -> float | None:
    requests = sum(side.values('requests'))
    return 100 * sum(side.values('errors')) / requests if requests else None


class _Compared(NamedTuple):
    """A metric of the comparison; `reads` are the series that it is made of."""

    name: str
    unit: str
    reads: tuple[str, ...]
    value: Callable[[_Side], float | None]
    of_targets: bool = True


METRICS = (
    _Compared('cpu', 'Percent', ('cpu',), _mean('cpu'), of_targets=False),
    _Compared('memory', 'Percent', ('memory',), _mean('memory'), of_targets=False),
    _Compared('requests', 'Count/Minute', ('requests',), _requests),
    _Compared('error_rate', 'Percent', ('errors', 'requests'), _error_rate),
    _Compared('latency_p95', 'Seconds', ('latency_p95',), _mean('latency_p95')),
)


def _minute(at: datetime) -> datetime:
    """The beginning of the minute."""
    return datetime.fromtimestamp(int(at.timestamp()) // MINUTE_S * MINUTE_S, UTC)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f'{value:.4g}')
