"""The schemas of the history: revisions, differences, and the audit."""

from handlers.document.schemas.build import (
    IMAGE,
    NEXT,
    REVISION,
    Schema,
    many,
    moment,
    page,
    ref,
    shape,
    text,
    text_or_null,
)
from handlers.document.schemas.clusters import EXAMPLE_STACKFILE, EXAMPLE_SUMMARY, SUMMARY
from handlers.document.schemas.rollouts import EXAMPLE_VERDICT, STATES, or_null
from handlers.document.schemas.side_effects import RECORDED_EFFECTS

OLDER = 'zP3cW8vQ5nLxR1tY7uHbEg'

SUBJECT = text('The account of a person who signed in at a provider: its issuer and the id there.')

APPROVED = shape(
    'The proposal that a change carries out.',
    {'proposal': text('Its id.'), 'by': many({'type': 'string'}, 'Who approved it, as far as there is room.')},
)

ROW = {
    **SUMMARY,
    'summary': text('What changed, in a line.'),
    'services': many({'type': 'string'}, 'The services that it changed, sorted.'),
    'changes': many(
        shape(
            'One change: those that came at the same time may share a revision.',
            {
                'at': moment('When it was accepted.'),
                'by': text('Who made it.'),
                'source': text('From where.'),
                'message': text_or_null('Why.'),
                'override': text_or_null('Why it was made although the cluster was frozen; null where it was not.'),
                'did': {'type': 'object', 'description': 'What was requested; `verb` is the kind of change.'},
            },
            {'subject': SUBJECT, 'approved': APPROVED, **RECORDED_EFFECTS},
        ),
        'Each change that is in it; empty where another program wrote it.',
    ),
    'deleted': {'type': 'boolean', 'description': 'Whether it marks a deletion that another program made.'},
}

EXAMPLE_ROW = {
    **EXAMPLE_SUMMARY,
    'summary': 'user-service: image v1.4.1 → v1.4.2',
    'services': ['user-service'],
    'changes': [
        {
            'at': '2030-04-02T09:21:44.310000+00:00',
            'by': 'maria',
            'source': '10.0.3.7 curl/8.5.0',
            'message': 'fixes the sign-up mail',
            'override': None,
            'did': {'verb': 'change', 'service': 'user-service', 'image_tag': 'v1.4.2'},
        }
    ],
    'deleted': False,
}

EXAMPLE_ROLLOUT = {'state': 'steady', 'percent': 100, 'verdict': EXAMPLE_VERDICT, 'failed': []}

EXAMPLE_LISTED = {**EXAMPLE_ROW, 'current': True, 'removed': False, 'rollout': EXAMPLE_ROLLOUT}

EXAMPLE_CHANGE = {'path': 'image', 'before': IMAGE.replace('v1.4.2', 'v1.4.1'), 'after': IMAGE}

EXAMPLE_SERVICE = {'service': 'user-service', 'action': 'update', 'changes': [EXAMPLE_CHANGE]}

EXAMPLE_REFUSAL = {
    'kind': 'refusal',
    'at': '2030-04-02T09:25:12.007000+00:00',
    'by': 'jo',
    'source': '10.0.3.9 curl/8.5.0',
    'message': None,
    'did': {'verb': 'change', 'service': 'user-service', 'image_tag': 'v1.4.3'},
    'error': 'frozen',
    'reason': 'staging is frozen by maria: the big sale. Nothing was changed.',
    'count': 1,
}

CHAIN = shape(
    'Of an entry beside the revisions, its place in the hash chain.',
    {
        'number': {'type': 'integer', 'minimum': 1, 'description': 'The number of its object.'},
        'place': {'type': 'integer', 'minimum': 0, 'description': 'Its place in the object, from the oldest.'},
        'previous': text('The SHA-256 of the entry before it.'),
    },
    {
        'before': {
            'type': 'integer',
            'minimum': 0,
            'description': 'In the first entry, how many objects of an earlier release were there.',
        }
    },
)

ENTRY = {
    'kind': {
        'enum': ['change', 'override', 'refusal', 'deletion', 'proposal', 'approval', 'rejection'],
        'description': '`override` is a change in spite of a freeze or without its approvals, `deletion` one that '
        'another program made.',
    },
    'at': moment('When.'),
    'by': text_or_null('Who; null where another program did it.'),
    'source': text('From where.'),
    'message': text_or_null('Why.'),
}

OPTIONAL_IN_ENTRY = {
    'did': {'type': 'object', 'description': 'What was requested; `verb` is the kind of change.'},
    'subject': SUBJECT,
    'revision': text('The revision that holds it.'),
    'summary': text('What changed in that revision, in a line.'),
    'override': text('The reason of an override.'),
    'approved': APPROVED,
    'error': text('The code of a refusal.'),
    'services': many({'type': 'string'}, 'The services that its revision changed.'),
    'reason': text('Why it was refused.'),
    **RECORDED_EFFECTS,
    'count': {
        'type': 'integer',
        'minimum': 1,
        'description': 'How often within a second, or a minute for missing rights.',
    },
    'chain': CHAIN,
}

SCHEMAS: dict[str, Schema] = {
    'AuditEntry': shape('One action, or one refused change.', ENTRY, OPTIONAL_IN_ENTRY, example=EXAMPLE_REFUSAL),
    'AuditPage': page(
        'A page of the audit.',
        many(ref('AuditEntry'), 'Newest first.'),
        example=EXAMPLE_REFUSAL,
    ),
    'Difference': shape(
        'What became of one revision in another.',
        {
            'revision': text('The revision.'),
            'against': text_or_null('The one that it is compared with; null where there is none before it.'),
            'summary': text('All of it, in a line.'),
            'services': many(ref('ServiceDifference'), 'The services that differ.'),
            'settings': many(ref('FieldChange'), 'What differs above the services.'),
        },
        example={
            'revision': REVISION,
            'against': OLDER,
            'summary': EXAMPLE_ROW['summary'],
            'services': [EXAMPLE_SERVICE],
            'settings': [],
        },
    ),
    'DifferenceSince': shape(
        'What has changed since the revision that the caller had.',
        {
            'against': text('The revision that the caller had.'),
            'summary': text('All of it, in a line.'),
            'services': many(ref('ServiceDifference'), 'The services that differ.'),
            'settings': many(ref('FieldChange'), 'What differs above the services.'),
        },
    ),
    'FieldChange': shape(
        'One difference of one field.',
        {
            'path': text('Which, as `image` or `environment.SERVER_PORT`.'),
            'before': {'description': 'What it was; null where it was not there.'},
            'after': {'description': 'What it became; null where it is gone.'},
        },
        example=EXAMPLE_CHANGE,
    ),
    'Revision': shape(
        'One revision with its content.',
        {
            **ROW,
            'previous': text_or_null('The revision before it.'),
            'config': ref('DesiredState'),
        },
        example={**EXAMPLE_ROW, 'previous': OLDER, 'config': EXAMPLE_STACKFILE},
    ),
    'RevisionRow': shape(
        'A line of the history.',
        {
            **ROW,
            'current': {'type': 'boolean', 'description': 'Whether it is what is stored now.'},
            'removed': {
                'type': 'boolean',
                'description': 'Whether the cluster was removed with it, here or by another program.',
            },
            'rollout': or_null('RolloutInShort'),
        },
        example=EXAMPLE_LISTED,
    ),
    'RolloutInShort': shape(
        'How far the services are that a revision changed, or how that ended; null where it is not known (any more).',
        {
            'state': {'enum': STATES, 'description': 'The least of its services.'},
            'percent': {'type': 'integer', 'minimum': 0, 'maximum': 100, 'description': 'The part that runs.'},
            'verdict': or_null('Verdict'),
            'failed': many({'type': 'string'}, 'The services that failed.'),
        },
        example=EXAMPLE_ROLLOUT,
    ),
    'Revisions': shape(
        'A page of the history.',
        {
            'content': many(ref('RevisionRow'), 'Newest first.'),
            'next': NEXT,
            'versioned': {'type': 'boolean', 'description': 'false where the bucket keeps no versions.'},
        },
        {'message': text('Where the bucket keeps no versions: that there is no history.')},
        example={'content': [EXAMPLE_LISTED], 'next': None, 'versioned': True},
    ),
    'ServiceDifference': shape(
        'What became of one service.',
        {
            'service': text('Its name.'),
            'action': {
                'enum': ['create', 'update', 'replace', 'run', 'destroy', 'unmanage', 'nothing'],
                'description': 'What is done about it.',
            },
            'changes': many(ref('FieldChange'), 'Field by field.'),
        },
        example=EXAMPLE_SERVICE,
    ),
}
