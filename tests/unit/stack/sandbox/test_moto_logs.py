"""CloudWatch Logs with the lines of running containers: filters, streams, paging in both directions."""

import pytest
from botocore.exceptions import ClientError

from stack.sandbox.moto_logs import set_source
from stack.sandbox.telemetry.log_lines import LogSource


@pytest.fixture
def group(aws) -> str:
    """A log group with two containers that have written for ten minutes, and a stored first line of each."""
    from moto.logs.models import logs_backends

    logs, name = aws.client('logs'), f'/ecs/{aws.cluster(instances=0)}'
    logs.create_log_group(logGroupName=name)
    start = aws.embedded.clock.now() - 600
    for stream in ('svc/web/1', 'svc/web/2'):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = [{'timestamp': int(start * 1000), 'message': 'web starting'}]
        found = logs_backends[aws.account][aws.region].groups[name].streams[stream]
        # Not over the API: it refuses lines far ahead of the wall clock, and other tests turn the clock.
        found.put_log_events(events)
        set_source(found, LogSource('production/web', serves=True, unhealthy=False, start=start + 1))
    return name


def filtered(aws, group: str, **fields) -> list[dict]:
    """The events of all pages."""
    logs, events, token = aws.client('logs'), [], {}
    while True:
        page = logs.filter_log_events(logGroupName=group, **fields, **token)
        events += page['events']
        if 'nextToken' not in page:
            return events
        token = {'nextToken': page['nextToken']}


def test_streams_are_merged_by_time(aws, group):
    events = filtered(aws, group)
    assert [event['timestamp'] for event in events] == sorted(event['timestamp'] for event in events)
    assert {event['logStreamName'] for event in events} == {'svc/web/1', 'svc/web/2'}
    assert [event['message'] for event in events[:2]] == ['web starting'] * 2
    assert len(events) > 40


def test_pages_are_the_whole(aws, group):
    every = filtered(aws, group)
    assert filtered(aws, group, limit=7) == every
    assert filtered(aws, group, startFromHead=False, limit=11) == every[::-1]


def test_streams_and_times_select(aws, group):
    every = filtered(aws, group)
    start, end = every[10]['timestamp'], every[30]['timestamp']
    inside = [event for event in every if start <= event['timestamp'] <= end]
    assert filtered(aws, group, startTime=start, endTime=end) == inside
    one = [event for event in every if event['logStreamName'] == 'svc/web/2']
    assert filtered(aws, group, logStreamNames=['svc/web/2']) == one
    assert filtered(aws, group, logStreamNamePrefix='svc/web/2') == one


def test_patterns_select(aws, group):
    every = filtered(aws, group)
    posts = [event for event in every if 'POST' in event['message']]
    assert posts
    assert filtered(aws, group, filterPattern='POST') == posts


@pytest.mark.parametrize(
    'fields',
    [{'filterPattern': '{ level }'}, {'nextToken': 'nonsense'}, {'logStreamNames': ['a'], 'logStreamNamePrefix': 'b'}],
)
def test_refuses(aws, group, fields):
    with pytest.raises(ClientError) as refused:
        aws.client('logs').filter_log_events(logGroupName=group, **fields)
    assert refused.value.response['Error']['Code'] == 'InvalidParameterException'


def test_one_stream_in_both_directions(aws, group):
    logs, stream = aws.client('logs'), {'logGroupName': group, 'logStreamName': 'svc/web/1'}
    every = logs.get_log_events(**stream, startFromHead=True)['events']
    newest = logs.get_log_events(**stream, limit=5)
    assert newest['events'] == every[-5:]
    older = logs.get_log_events(**stream, limit=5, nextToken=newest['nextBackwardToken'])
    assert older['events'] == every[-10:-5]
    again = logs.get_log_events(**stream, limit=5, nextToken=older['nextForwardToken'])
    assert again['events'] == every[-5:]
    beyond = logs.get_log_events(**stream, nextToken=again['nextForwardToken'])
    # AWS gives the same token at the end of the stream.
    assert (beyond['events'], beyond['nextForwardToken']) == ([], again['nextForwardToken'])


def test_a_stream_shows_its_last_line(aws, group):
    (first, _) = aws.client('logs').describe_log_streams(logGroupName=group)['logStreams']
    last = filtered(aws, group, logStreamNames=[first['logStreamName']])[-1]
    assert first['lastEventTimestamp'] == last['timestamp']
