"""What stands between a change and a cluster."""

from handlers.schemas.build import DIGEST, IMAGE, REVISION, Schema, moment, shape, text, text_or_null

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
        'A time in which a cluster takes no changes.',
        {
            'by': text('Who froze it.'),
            'at': moment('Since when.'),
            'reason': text('Why.'),
            'until': {
                'type': ['string', 'null'],
                'format': 'date-time',
                'description': 'When it ends by itself; null where somebody has to thaw.',
            },
        },
        example=FREEZE,
    ),
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
