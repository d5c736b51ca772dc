"""Shapes of a promotion: its request, its answer and the images that it takes over."""

from handlers.document.schemas.build import DIGEST, IMAGE, REVISION, Schema, many, ref, shape, text, text_or_null
from handlers.document.schemas.clusters import SCHEMAS as CLUSTERS

ACCEPTED = CLUSTERS['Accepted']
PINNED = IMAGE.replace(':v1.4.2', f'@{DIGEST}')

TAKEN = {
    'service': 'user-service',
    'before': IMAGE.replace('v1.4.2', 'v1.4.1'),
    'image': PINNED,
    'tag': 'v1.4.2',
    'digest': DIGEST,
    'tag_points_to': DIGEST,
    'tag_moved': False,
    'note': None,
    'before_digest': DIGEST.replace('sha256:', 'sha256:0')[:71],
    'hindrance': None,
}

# Further keys of the answer, which the plan of a promotion has too.
OF_PROMOTION = {
    'promoted': many(ref('TakenImage'), 'The promoted images.'),
    'not_well': many(ref('TakenImage'), 'What was left out: it rolls out or fails in the source, see `hindrance`.'),
    'unchanged': many({'type': 'string'}, 'Services that have that image already, under whatever tag.'),
    'only_in_source': many({'type': 'string'}, 'Services that only the source has; they are not touched.'),
    'only_in_target': many({'type': 'string'}, 'Services that only the target has; they are not touched.'),
    'unknown': many({'type': 'string'}, 'Services that were asked for and that neither has.'),
}

SCHEMAS: dict[str, Schema] = {
    'Promotion': shape(
        'Where to take images from.',
        {'from': text('The cluster.')},
        {
            'services': many({'type': 'string'}, 'Which services; by default all that both have and that run well.'),
            'force': {'type': 'boolean', 'description': 'true takes over what rolls out or fails in the source too.'},
        },
        example={'from': 'staging', 'services': ['user-service']},
    ),
    'Promoted': shape(
        'The images promoted from another cluster.',
        {**{name: ACCEPTED['properties'][name] for name in ACCEPTED['required']}, **OF_PROMOTION},
        ACCEPTED['properties'],
        example={
            'message': 'deploying...',
            'revision': REVISION,
            'notification': 'sent',
            'promoted': [TAKEN],
            'not_well': [],
            'unchanged': ['email-worker'],
            'only_in_source': [],
            'only_in_target': [],
            'unknown': [],
        },
    ),
    'TakenImage': shape(
        'What one service takes over.',
        {
            'service': text('The service.'),
            'before': text('The image that it had.'),
            'image': text('The image that it has now.'),
            'tag': text_or_null('The tag in the source.'),
            'digest': text_or_null('The digest that the source runs under that tag, if ECS reports it.'),
            'tag_points_to': text_or_null('The digest that the tag points to now, if ECR reports it.'),
            'tag_moved': {'type': 'boolean', 'description': 'Whether these two differ.'},
            'note': text_or_null('What to know about it.'),
            'before_digest': text_or_null('The digest that the service had, where it is known.'),
            'hindrance': text_or_null(
                'Why it does not run well in the source; null where it does, or nothing is known.'
            ),
        },
        example=TAKEN,
    ),
}
