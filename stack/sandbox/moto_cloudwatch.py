"""moto's CloudWatch with the metrics of the embedded fleet: those of `AWS/ECS` and `AWS/ApplicationELB`.

In clusters with enhanced Container Insights also CPU and memory of each task and service in `ECS/ContainerInsights`.
Everything else that a client stores and reads stays with moto.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from moto.cloudwatch.metric_data_expression_parser import parse_expression
from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum, MetricDatum, MetricDatumBase, Statistics
from moto.elbv2.models import elbv2_backends

from stack.sandbox.ecs.facts import PastTask, ServiceFacts
from stack.sandbox.patching import replace
from stack.sandbox.telemetry.metrics import OF_TASKS, TRAFFIC, UTILISATION, Query, Range, series


class Source(NamedTuple):
    """What metrics are of: a service, or what one of its target groups or tasks has of it."""

    facts: ServiceFacts
    group: str | None = None
    task: PastTask | None = None


# A source, and the namespaces and dimensions under which its metrics are published.
Published = tuple[Source, list[tuple[str, dict[str, str]]]]

_ECS, _BALANCERS, _INSIGHTS = 'AWS/ECS', 'AWS/ApplicationELB', 'ECS/ContainerInsights'
# The metrics of each namespace.
_OWN = {_ECS: UTILISATION, _BALANCERS: TRAFFIC, _INSIGHTS: OF_TASKS}
_UNITS = dict.fromkeys([*UTILISATION, *OF_TASKS], 'Percent') | {'TargetResponseTime': 'Seconds'}


class Fleet(NamedTuple):
    """The source of an account's metrics: the services of a region, and the time in seconds since 1970."""

    services: Callable[[str], list[ServiceFacts]]
    now: Callable[[], float]


_FLEETS: dict[str, Fleet] = {}


def connect(account: str, fleet: Fleet) -> None:
    """Have an account's CloudWatch read that fleet, until `disconnect`."""
    _FLEETS[account] = fleet


def disconnect(account: str) -> None:
    _FLEETS.pop(account, None)


@cache
def install() -> None:
    replace(CloudWatchBackend, 'get_metric_data', _with_fleet(CloudWatchBackend.get_metric_data))
    replace(CloudWatchBackend, 'get_metric_statistics', _statistics(CloudWatchBackend.get_metric_statistics))
    replace(CloudWatchBackend, 'get_filtered_metrics', _listed(CloudWatchBackend.get_filtered_metrics))


def _with_fleet(get_metric_data: Callable[..., list[dict[str, Any]]]) -> Any:
    def answer(
        self: CloudWatchBackend,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = 'TimestampAscending',
    ) -> list[dict[str, Any]]:
        published = list(_published(self))
        span = start_time, end_time
        own = {query['Id']: points for query in queries if (points := _points(self, published, query, span))}
        expressions = [query for query in queries if 'Expression' in query and not _is_insight(query)]
        rest = [query for query in queries if query['Id'] not in own and query not in expressions]
        results = {result['id']: result for result in get_metric_data(self, rest, start_time, end_time, scan_by)}
        for query in queries:
            if query['Id'] in own:
                points = own[query['Id']]
                ordered = points.pairs[::-1] if scan_by == 'TimestampDescending' else points.pairs
                results[query['Id']] = _result(query, points.label, ordered)
        for query in expressions:
            values, times = parse_expression(query['Expression'], list(results.values()))
            results[query['Id']] = _result(query, query['Id'], list(zip(times, values, strict=True)))
        return [results[query['Id']] for query in queries if query['Id'] in results and query.get('ReturnData', True)]

    return answer


def _is_insight(query: dict[str, Any]) -> bool:
    return str(query['Expression']).startswith('SELECT')


class _Points(NamedTuple):
    label: str
    pairs: list[tuple[datetime, float]]


def _result(query: dict[str, Any], label: str, pairs: list[Any]) -> dict[str, Any]:
    return {
        'id': query['Id'],
        'label': query.get('Label') or label,
        'timestamps': [at for at, _ in pairs],
        'values': [value for _, value in pairs],
        'status_code': 'Complete',
    }


def _points(
    backend: CloudWatchBackend, published: list[Published], query: dict[str, Any], span: tuple[datetime, datetime]
) -> _Points | None:
    """The points of a query for the fleet's metrics; None if it is for others, which moto has."""
    stat = query.get('MetricStat')
    if stat is None or not _is_own(stat['Metric']['Namespace'], stat['Metric']['MetricName']):
        return None
    metric = stat['Metric']
    sources = _matching(published, metric['Namespace'], metric.get('Dimensions', []))
    what = Query(metric['MetricName'], stat['Stat'], int(stat['Period']))
    return _Points(f'{what.metric} {what.statistic}', _merged(backend, sources, what, span))


def _merged(
    backend: CloudWatchBackend, sources: list[Source], what: Query, between: tuple[datetime, datetime]
) -> list[tuple[datetime, float]]:
    """One series of several sources behind one load balancer: counts are added, the rest is averaged."""
    fleet = _FLEETS.get(backend.account_id)
    if fleet is None:
        return []
    when = Range(_seconds(between[0]), _seconds(between[1]), fleet.now())
    values: dict[int, list[float]] = {}
    for facts, group, task in sources:
        for at, value in series(facts, what._replace(group=group, task=task), when):
            values.setdefault(at, []).append(value)
    adds = what.statistic in ('Sum', 'SampleCount')
    return [
        (datetime.fromtimestamp(at, UTC), sum(parts) if adds else sum(parts) / len(parts))
        for at, parts in sorted(values.items())
    ]


def _is_own(namespace: str, metric: str) -> bool:
    return metric in _OWN.get(namespace, {})


def _matching(published: Iterable[Published], namespace: str, dimensions: list[dict[str, str]]) -> list[Source]:
    """The sources whose dimensions are exactly these, as CloudWatch compares them."""
    wanted = {dimension['Name']: dimension['Value'] for dimension in dimensions}
    return [
        source for source, places in published if any(space == namespace and sets == wanted for space, sets in places)
    ]


def _published(backend: CloudWatchBackend) -> Iterator[Published]:
    """Each source with the namespaces and dimensions under which its metrics are published."""
    fleet = _FLEETS.get(backend.account_id)
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    for facts in fleet.services(backend.region_name) if fleet else []:
        service, is_enhanced = {'ClusterName': facts.cluster, 'ServiceName': facts.name}, facts.insights == 'enhanced'
        yield Source(facts), [(space, service) for space in ((_ECS, _INSIGHTS) if is_enhanced else (_ECS,))]
        for task in facts.tasks if is_enhanced else ():
            yield Source(facts, task=task), [(_INSIGHTS, service | {'TaskId': task.id})]
        for arn in facts.target_groups:
            group = {'TargetGroup': arn.rpartition(':')[2]}
            sets = []
            for balancer in groups[arn].load_balancer_arns if arn in groups else []:
                load_balancer = {'LoadBalancer': balancer.partition(':loadbalancer/')[2]}
                sets += [(_BALANCERS, load_balancer), (_BALANCERS, group | load_balancer)]
            yield Source(facts, arn), sets


def _statistics(get_metric_statistics: Callable[..., list[Statistics]]) -> Any:
    def answer(
        self: CloudWatchBackend,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: list[str],
        dimensions: list[dict[str, str]],
        unit: str | None = None,
    ) -> list[Statistics]:
        if not _is_own(namespace, metric_name):
            return get_metric_statistics(
                self, namespace, metric_name, start_time, end_time, period, stats, dimensions, unit
            )
        sources = _matching(_published(self), namespace, dimensions)
        parts = {
            statistic: dict(_merged(self, sources, Query(metric_name, statistic, period), (start_time, end_time)))
            for statistic in ('Sum', 'Minimum', 'Maximum', 'SampleCount')
        }
        points = []
        for at in parts['Sum']:
            values = {name: parts[name][at] for name in parts}
            point = Statistics(stats, at, _UNITS.get(metric_name, 'Count'))
            point.metric_data = [_aggregate(namespace, metric_name, values, at)]
            points.append(point)
        return points

    return answer


def _aggregate(namespace: str, metric: str, values: dict[str, float], at: datetime) -> MetricAggregatedDatum:
    return MetricAggregatedDatum(
        namespace,
        metric,
        min_stat=values['Minimum'],
        max_stat=values['Maximum'],
        sample_count=values['SampleCount'],
        sum_stat=values['Sum'],
        dimensions=[],
        timestamp=at,
        unit=_UNITS.get(metric, 'Count'),
    )


def _listed(get_filtered_metrics: Callable[..., list[MetricDatumBase]]) -> Any:
    def answer(
        self: CloudWatchBackend, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
    ) -> list[MetricDatumBase]:
        metrics = get_filtered_metrics(self, metric_name, namespace, dimensions)
        for _, places in _published(self):
            for space, sets in places:
                pairs = [{'Name': name, 'Value': value} for name, value in sets.items()]
                for metric in _OWN[space]:
                    datum = MetricDatum(space, metric, 0, pairs, None, _UNITS.get(metric, 'Count'))
                    if datum.filter(namespace, metric_name, dimensions, metrics):
                        metrics.append(datum)
        return metrics

    return answer


def _seconds(at: datetime) -> float:
    """moto gives UTC without its time zone."""
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()
