"""Shapes of a rollback: its request and its answer."""

from handlers.document.schemas.build import REVISION, Schema, many, ref, shape, text
from handlers.document.schemas.clusters import SCHEMAS as CLUSTERS
from handlers.document.schemas.history import OLDER

ACCEPTED = CLUSTERS['Accepted']

# Further keys of the answer, which the plan of a rollback has too.
OF_ROLLBACK = {
    'restored': text('The revision whose content it is.'),
    'restored_because': text('Why that one: its rollout succeeded, no other is known, or the caller named it.'),
    'skipped': many(
        shape(
            'A newer revision that was not chosen.',
            {
                'revision': text('The revision.'),
                'service': text('The service on account of which.'),
                'reason': text('Its rollout failed, or its image is in quarantine.'),
            },
        ),
        'The newer revisions that were not chosen, the newest first.',
    ),
    'quarantined': many(ref('Quarantine'), 'The replaced images, which are now in quarantine.'),
}

SCHEMAS: dict[str, Schema] = {
    'Rollback': shape(
        'Where to go back to.',
        {},
        {
            'revision': text('The revision; by default the newest other one whose rollout succeeded.'),
            'service': text('Of this service alone.'),
            'message': text('Why; also `?message=`.'),
            'prune': {'type': 'boolean', 'description': 'true has services destroyed that were not there then.'},
        },
        example={'revision': OLDER, 'message': 'v1.4.2 loses sessions'},
    ),
    'RolledBack': shape(
        'An earlier content, stored again.',
        {**{name: ACCEPTED['properties'][name] for name in ACCEPTED['required']}, **OF_ROLLBACK},
        ACCEPTED['properties'],
        example={
            'message': 'deploying...',
            'revision': REVISION,
            'notification': 'sent',
            'restored': OLDER,
            'restored_because': 'The newest revision whose rollout succeeded.',
            'skipped': [],
            'quarantined': [],
        },
    ),
}
