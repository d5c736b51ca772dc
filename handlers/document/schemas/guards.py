"""The schemas of freezes and quarantines."""

from handlers.document.schemas.build import (
    DIGEST,
    IMAGE,
    REVISION,
    Schema,
    many,
    moment,
    ref,
    shape,
    text,
    text_or_null,
)
from stack.runtime.durations import PATTERN as DURATION

FREEZE = {'by': 'maria', 'at': '2030-04-02T09:21:44.310000+00:00', 'reason': 'the big sale', 'until': None}

QUARANTINE = {
    'service': 'user-service',
    'image': IMAGE,
    'digest': DIGEST,
    'by': 'maria',
    'at': '2030-04-02T09:21:44.310000+00:00',
    'reason': 'loses sessions',
    'revision': REVISION,
}

SCHEMAS: dict[str, Schema] = {
    'Freeze': shape(
        'A time in which a cluster refuses changes.',
        {
            'by': text('Who froze it.'),
            'at': moment('Since when.'),
            'reason': text('Why.'),
            'until': {
                'type': ['string', 'null'],
                'format': 'date-time',
                'description': 'When it ends by itself; null where it lasts until it is lifted.',
            },
        },
        example=FREEZE,
    ),
    'FreezeState': shape(
        'Whether a cluster is frozen.',
        {
            'frozen': {
                'anyOf': [ref('Freeze'), {'type': 'null'}],
                'description': 'The freeze; null where there is none.',
            }
        },
        example={'frozen': FREEZE},
    ),
    'NewFreeze': shape(
        'A new freeze.',
        {'reason': text('The reason; shown in each refusal.')},
        {
            'until': {
                'type': 'string',
                'anyOf': [{'format': 'date-time'}, {'pattern': DURATION}],
                'description': 'When it ends by itself: a time with its UTC offset, or a duration from now on by the '
                "server's clock, as `90m`, `1h`, `1h30m` or `3d`. Without it the freeze lasts until it is lifted.",
                'examples': ['2030-04-05T06:00:00Z', '1h'],
            }
        },
        example={'reason': 'the big sale', 'until': '1h'},
    ),
    'FrozenAnswer': shape(
        'A frozen cluster.',
        {'message': text('For a person.'), 'revision': text('The revision that records it.'), 'frozen': ref('Freeze')},
    ),
    'FrozenOrPlan': {
        'description': 'The freeze, or with `dry_run` the plan.',
        'examples': [{'message': 'staging is frozen', 'revision': REVISION, 'frozen': FREEZE}],
        'anyOf': [ref('FrozenAnswer'), ref('Plan')],
    },
    'Quarantines': shape(
        'Images that must not come back, of one service or of all.',
        {'content': many(ref('Quarantine'), 'The oldest first.')},
        example={'content': [QUARANTINE]},
    ),
    'Release': shape(
        'A release from quarantine.',
        {},
        {'reason': text('Why; may be given as `message` too.')},
        example={'reason': 'the fault was in the database'},
    ),
    'Released': shape(
        'Images that may come back.',
        {
            'message': text('For a person.'),
            'revision': text('The revision that records it.'),
            'released': many(ref('Quarantine'), 'What was in quarantine.'),
        },
    ),
    'ReleasedOrPlan': {
        'description': 'What was released, or with `dry_run` the plan.',
        'examples': [
            {
                'message': 'user-service may have its former images back',
                'revision': REVISION,
                'released': [QUARANTINE],
            }
        ],
        'anyOf': [ref('Released'), ref('Plan')],
    },
    'Quarantine': shape(
        'An image that was rolled away from, and must not come back to that service.',
        {
            'service': text('The service.'),
            'image': text('The image as the desired state named it.'),
            'digest': text_or_null('What that name stood for, where ECR knows it.'),
            'by': text('Who rolled back.'),
            'at': moment('When.'),
            'reason': text('Why.'),
            'revision': text('The revision that was rolled away from.'),
        },
        example=QUARANTINE,
    ),
}
