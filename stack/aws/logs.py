"""The adapter of CloudWatch Logs: log groups, and the events of their streams."""

from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed
from stack.telemetry.log_events import EventPage, EventQuery, LogEvent


async def has_log_group(aws: AwsClient, name: str, region: str | None = None) -> bool:
    """Whether there is a log group of that name.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html (by prefix only)
    """
    found = await aws.pages(
        'logs',
        'DescribeLogGroups',
        'logGroups',
        token=('nextToken', 'nextToken'),
        region=region,
        logGroupNamePrefix=name,
    )
    return any(each['logGroupName'] == name for each in found)


class CloudWatchLogs:
    """Reads log events: the implementation of `stack.telemetry.log_events.LogReader`."""

    def __init__(self, aws: AwsClient):
        self._aws = aws

    async def events(self, query: EventQuery, limit: int, token: str | None = None) -> EventPage:
        """One page of events; empty if the group or the stream does not exist (yet). Raises `AwsFailed`.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        source = query.source
        arguments: dict[str, Any] = {
            'logGroupName': source.group,
            'startTime': query.start,
            'endTime': query.end,
            'limit': limit,
            'startFromHead': not query.newest_first,
        }
        if query.task:
            arguments['logStreamNames'] = [source.stream(query.task)]
        else:
            arguments['logStreamNamePrefix'] = source.stream_prefix
        if query.pattern:
            arguments['filterPattern'] = query.pattern
        if token is not None:
            arguments['nextToken'] = token
        try:
            answer = await self._aws.call('logs', 'FilterLogEvents', region=source.region, **arguments)
        except AwsFailed as error:
            if error.aws_code == 'ResourceNotFoundException':
                return EventPage((), None)
            raise
        events = [
            LogEvent(each['eventId'], each['timestamp'], each['logStreamName'], each['message'])
            for each in answer.get('events', ())
        ]
        return EventPage(events, answer.get('nextToken'))
