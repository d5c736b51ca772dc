"""CloudWatch: many series by one call."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.telemetry.metric_queries import SeriesQuery, TimeRange

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
QUERIES_A_CALL = 500


class CloudWatchMetrics:
    """Reads series: the implementation of `stack.telemetry.service_metrics.MetricReader`."""

    def __init__(self, aws: AwsClient):
        self._aws = aws

    async def series(self, queries: Sequence[SeriesQuery], span: TimeRange) -> list[Mapping[datetime, float]]:
        """For each query the values by the beginning of their period. Raises `AwsFailed`."""
        found: list[dict[datetime, float]] = [{} for _ in queries]
        for numbers in batches(range(len(queries)), QUERIES_A_CALL):
            results = await self._aws.pages(
                'cloudwatch',
                'GetMetricData',
                'MetricDataResults',
                token=('NextToken', 'NextToken'),
                MetricDataQueries=[_query(number, queries[number], span.step) for number in numbers],
                StartTime=span.start,
                EndTime=span.end,
                ScanBy='TimestampAscending',
            )
            for result in results:
                values = zip(result['Timestamps'], result['Values'], strict=True)
                found[int(result['Id'].removeprefix('q'))].update(values)
        return list(found)


def _query(number: int, query: SeriesQuery, step: int) -> dict[str, Any]:
    dimensions = [{'Name': name, 'Value': value} for name, value in query.dimensions]
    metric = {'Namespace': query.metric.namespace, 'MetricName': query.metric.metric, 'Dimensions': dimensions}
    return {'Id': f'q{number}', 'MetricStat': {'Metric': metric, 'Period': step, 'Stat': query.metric.statistic}}
