"""Logs and metrics of services."""

from handlers.document.schemas.build import REVISION, Schema, many, moment, number, shape, text, text_or_null

LINE = shape(
    'A line that a container wrote.',
    {
        'at': moment('When it was written.'),
        'task': text('The id of the task.'),
        'container': text('The name of the container.'),
        'line': text('The text; for viewers, what looks like a secret is masked.'),
    },
    example={
        'at': '2030-04-02T09:02:11.250+00:00',
        'task': '0f9de17a6465404e8b1b2356dc13c2f8',
        'container': 'user-service',
        'line': '{"level":"error","message":"upstream timed out","path":"/users"}',
    },
)

SOURCE = shape(
    'The log of a container.',
    {
        'container': text('The name of the container.'),
        'driver': text_or_null('Its log driver.'),
        'group': text_or_null('The log group in CloudWatch; null if the log cannot be read there.'),
        'readable': {'type': 'boolean', 'description': 'Whether its lines can be read.'},
    },
    example={'container': 'user-service', 'driver': 'awslogs', 'group': 'prod/user-service', 'readable': True},
)

POINT: Schema = {
    'type': 'array',
    'prefixItems': [moment('The beginning of the period.'), {'type': ['number', 'null']}],
    'minItems': 2,
    'maxItems': 2,
}

SERIES = shape(
    'A metric over time.',
    {
        'name': text('cpu, memory, requests, errors, latency, latency_p95 or healthy_targets.'),
        'unit': text('Percent, Count or Seconds.'),
        'statistic': text("CloudWatch's statistic over a period: Average, Minimum, Sum or a percentile."),
        'points': many(POINT, 'Time and value, the oldest first; null where there is no value.'),
    },
    example={
        'name': 'cpu',
        'unit': 'Percent',
        'statistic': 'Average',
        'points': [['2030-04-02T09:02:00.000+00:00', 41.2], ['2030-04-02T09:03:00.000+00:00', None]],
    },
)

MARK = shape(
    'A rollout of the service.',
    {
        'at': moment('When its revision was stored.'),
        'revision': text('The revision.'),
        'image': text_or_null('The image; null for a removal.'),
        'state': text('Its state, as in a rollout.'),
        'ending': text_or_null('How it ended; null while it is open.'),
        'failed': {'type': 'boolean', 'description': 'Whether it failed.'},
        'ended_at': {'type': ['string', 'null'], 'format': 'date-time', 'description': 'When it ended.'},
    },
    example={
        'at': '2030-04-02T09:02:11.250+00:00',
        'revision': REVISION,
        'image': 'user-service:v1.4.3',
        'state': 'steady',
        'ending': 'succeeded',
        'failed': False,
        'ended_at': '2030-04-02T09:03:40.000+00:00',
    },
)

WINDOW = {'from': moment('Its beginning.'), 'to': moment('Its end.')}

COMPARED = shape(
    'A metric of both sides.',
    {
        'name': text('cpu, memory, requests, error_rate (5xx of the requests) or latency_p95.'),
        'unit': text('Percent, Count/Minute or Seconds.'),
        'by': {
            'enum': ['target-group', 'task', 'new-tasks', 'time'],
            'description': '`target-group`: old and new tasks at the same time, each by their target group; `task`: '
            'each by their own metrics; `new-tasks`: the whole service before the rollout, and the new tasks since; '
            '`time`: the whole service before the rollout and since.',
        },
        'old': {
            'type': ['number', 'null'],
            'description': 'The mean of the old tasks, or before; null without points.',
        },
        'new': {'type': ['number', 'null'], 'description': 'The mean of the new tasks, or since; null without points.'},
    },
    example={'name': 'cpu', 'unit': 'Percent', 'by': 'time', 'old': 41.2, 'new': 44.9},
)

COMPARISON: Schema = {
    **shape(
        'Old against new.',
        {
            'revision': text('The revision of the rollout.'),
            'image': text_or_null('Its image.'),
            'image_before': text_or_null('The image of the old tasks; null where it is not known.'),
            'begun_at': moment('When ECS began its deployment.'),
            'ended_at': {'type': ['string', 'null'], 'format': 'date-time', 'description': 'When it ended.'},
            'before': shape('The hour before it.', WINDOW),
            'since': shape('The minutes since; empty until there are points.', WINDOW),
            'tasks': {
                **shape(
                    'Tasks whose own CPU and memory were read: a sample of at most 10 of each side.',
                    {'old': number('Of the old tasks.'), 'new': number('Of the new tasks.')},
                ),
                'type': ['object', 'null'],
                'description': 'How many tasks of each side were read, 10 at most; null without enhanced Container '
                'Insights.',
            },
            'metrics': many(COMPARED, 'Those that CloudWatch has for the service.'),
        },
        example={
            'revision': REVISION,
            'image': 'user-service:v1.4.3',
            'image_before': 'user-service:v1.4.2',
            'begun_at': '2030-04-02T09:02:14.100+00:00',
            'ended_at': None,
            'before': {'from': '2030-04-02T08:02:00.000+00:00', 'to': '2030-04-02T09:02:00.000+00:00'},
            'since': {'from': '2030-04-02T09:03:00.000+00:00', 'to': '2030-04-02T09:09:00.000+00:00'},
            'tasks': None,
            'metrics': COMPARED['examples'],
        },
    ),
    'type': ['object', 'null'],
    'description': 'Old against new, from the begin of a rollout until an hour after its end; null at other times.',
}

SPAN: dict[str, Schema] = {
    'range': text('The range that was asked for.'),
    'step': number('Seconds between two points.'),
    'from': moment('The first point.'),
    'to': moment('The end of the last period.'),
}
SPAN_EXAMPLE = {
    'range': '1h',
    'step': 60,
    'from': '2030-04-02T08:03:00.000+00:00',
    'to': '2030-04-02T09:03:00.000+00:00',
}

NUMBERS = many({'type': ['number', 'null']}, 'A value for each step, the oldest first.')

SCHEMAS: dict[str, Schema] = {
    'LogPage': shape(
        'Lines of a log.',
        {
            'content': many(LINE, 'In the order that was asked for.'),
            'cursor': text_or_null('What leads to the next page; null at the end of the range.'),
            'sources': many(SOURCE, "The logs of all of the service's containers, the main one first."),
        },
        example={'content': LINE['examples'], 'cursor': None, 'sources': SOURCE['examples']},
    ),
    'ServiceMetrics': shape(
        'The metrics of a service, and its rollouts.',
        {
            **SPAN,
            'series': many(SERIES, 'Without a load balancer, CPU and memory alone.'),
            'marks': many(MARK, 'The rollouts in the range, the oldest first.'),
            'comparison': COMPARISON,
        },
        example={**SPAN_EXAMPLE, 'series': SERIES['examples'], 'marks': MARK['examples'], 'comparison': None},
    ),
    'ClusterMetrics': shape(
        "CPU and memory of a cluster's services.",
        {
            **SPAN,
            'content': {
                'type': 'object',
                'description': 'By service.',
                'additionalProperties': shape(
                    'Percent of what the tasks reserve.', {'cpu': NUMBERS, 'memory': NUMBERS}
                ),
            },
        },
        example={**SPAN_EXAMPLE, 'content': {'user-service': {'cpu': [41.2, None], 'memory': [63.0, 63.5]}}},
    ),
}
