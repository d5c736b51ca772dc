"""The schemas of the versions matrix."""

from handlers.document.schemas.build import DIGEST, IMAGE, Schema, many, moment_or_null, shape, text, text_or_null
from handlers.document.schemas.rollouts import HEALTH, SYNC

CELL = shape(
    'The version of a service in one cluster.',
    {
        'image': text_or_null('The desired image.'),
        'image_tag': text_or_null('The tag of the desired image.'),
        'deployed_image': text_or_null('The deployed image; null before the first observation.'),
        'deployed_image_tag': text_or_null('The tag of the deployed image.'),
        'sync': SYNC,
        'health': HEALTH,
    },
    {
        'digest': text_or_null('With `service` or `pushes`: the digest of the image in ECR.'),
        'tags': {
            'type': ['array', 'null'],
            'items': {'type': 'string'},
            'description': 'With `service` or `pushes`: the tags of the image in ECR, sorted.',
        },
        'pushed_at': moment_or_null('With `service` or `pushes`: the time of the push.'),
        'behind_seconds': {
            'type': ['integer', 'null'],
            'description': 'With `service` or `pushes`: seconds between this push and that of the newest image.',
        },
    },
)

EXAMPLE_CELL = {
    'image': IMAGE,
    'image_tag': 'v1.4.2',
    'deployed_image': IMAGE,
    'deployed_image_tag': 'v1.4.2',
    'sync': 'in-sync',
    'health': 'healthy',
    'digest': DIGEST,
    'tags': ['latest', 'v1.4.2'],
    'pushed_at': '2030-04-02T09:02:11+00:00',
    'behind_seconds': 0,
}

ROW = shape(
    'One service in all clusters.',
    {
        'service': text('The name of the service.'),
        'clusters': {
            'type': 'object',
            'description': 'The clusters that have the service, by name.',
            'additionalProperties': CELL,
        },
    },
)

SCHEMAS: dict[str, Schema] = {
    'Versions': shape(
        'The versions of services by cluster.',
        {
            'clusters': many({'type': 'string'}, 'The clusters that the caller may see.'),
            'content': many(ROW, 'The services by name.'),
            'unanswered': many(
                {'type': 'string'},
                'The images whose push is not known since ECR failed or did not answer in time, sorted: ask again.',
            ),
        },
        example={
            'clusters': ['production', 'staging'],
            'content': [{'service': 'user-service', 'clusters': {'staging': EXAMPLE_CELL}}],
            'unanswered': [],
        },
    ),
}
