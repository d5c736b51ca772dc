"""Activity of all clusters, and delivery figures."""

from handlers.document.schemas.build import Schema, many, moment, number, page, ref, shape, text
from handlers.document.schemas.history import ENTRY, OPTIONAL_IN_ENTRY

EXAMPLE_ENTRY = {
    'cluster': 'staging',
    'kind': 'change',
    'at': '2030-04-02T09:21:44.310000+00:00',
    'by': 'maria',
    'source': '10.0.3.7 curl/8.5.0',
    'message': 'fixes the sign-up mail',
    'did': {'verb': 'change', 'service': 'user-service', 'image_tag': 'v1.4.2'},
    'revision': 'AZq1x7dKu9TlVf0cYz3LhQ',
    'summary': 'user-service: image v1.4.1 → v1.4.2',
    'services': ['user-service'],
    'outcome': {'failed': False, 'ended_at': '2030-04-02T09:22:31.120000+00:00'},
}

OUTCOME: Schema = {
    **shape(
        'How the rollouts of its revision ended; null while they go on, and where none is recorded.',
        {
            'failed': {'type': 'boolean', 'description': 'Whether one failed, stalled or was rolled back.'},
            'ended_at': moment('The time of the last end.'),
        },
    ),
    'type': ['object', 'null'],
}

DISTRIBUTION = {
    'type': ['object', 'null'],
    'properties': {
        'median': number('Half of them took no longer, in seconds.'),
        'p90': number('Nine of ten took no longer, in seconds.'),
        'count': number('How many there were.'),
    },
}

EXAMPLE_STATS = {
    'cluster': 'production',
    'week': '2030-W14',
    'deployments': 18,
    'failed': 2,
    'frequency_per_week': 18.0,
    'failure_rate': 0.1,
    'lead_time_seconds': {'median': 1820, 'p90': 5400, 'count': 15},
    'time_to_restore_seconds': {'median': 540, 'p90': 900, 'count': 2},
}

SCHEMAS: dict[str, Schema] = {
    'ActivityEntry': shape(
        'An entry of the audit of a cluster.',
        {
            'cluster': text('The cluster.'),
            **ENTRY,
            'services': many({'type': 'string'}, 'The services that it concerns, sorted.'),
            'outcome': OUTCOME,
        },
        {name: schema for name, schema in OPTIONAL_IN_ENTRY.items() if name != 'services'},
        example=EXAMPLE_ENTRY,
    ),
    'ActivityPage': page(
        'A page of the activity of all clusters.',
        many(ref('ActivityEntry'), 'Newest first.'),
        example=EXAMPLE_ENTRY,
    ),
    'DeploymentFigures': shape(
        'The figures of one group.',
        {
            'deployments': number('Rollouts of services that succeeded.'),
            'failed': number('Rollouts that failed, stalled or were rolled back.'),
            'frequency_per_week': {'type': 'number', 'minimum': 0, 'description': 'Successful rollouts a week.'},
            'failure_rate': {
                'type': ['number', 'null'],
                'minimum': 0,
                'maximum': 1,
                'description': 'The share of failed ones; null without any rollout.',
            },
            'lead_time_seconds': {
                **DISTRIBUTION,
                'description': "From an image's push to ECR to its first successful rollout in the cluster.",
            },
            'time_to_restore_seconds': {
                **DISTRIBUTION,
                'description': 'From the first failure to the next successful rollout of the service.',
            },
        },
        {
            'cluster': text('With `group=cluster`: the cluster.'),
            'service': text('With `group=service`: the service.'),
            'week': text('With `group=week`: the ISO 8601 week.'),
            'day': text('With `group=day`: the day in UTC.'),
        },
        example=EXAMPLE_STATS,
    ),
    'DeploymentStats': shape(
        'Delivery figures of the clusters that the caller may see, as far as rollouts are recorded.',
        {
            'content': many(ref('DeploymentFigures'), 'A row for each group, sorted; one without groups.'),
            'since': moment('From when on.'),
            'until': moment('Until before when.'),
        },
        example={
            'content': [EXAMPLE_STATS],
            'since': '2030-01-02T00:00:00+00:00',
            'until': '2030-04-02T00:00:00+00:00',
        },
    ),
}
