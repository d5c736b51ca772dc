"""Clusters, and what a change of one is answered with."""

from handlers.document.schemas import rollout_examples as examples
from handlers.document.schemas.build import IMAGE, REVISION, Schema, many, moment, ref, shape, text, text_or_null
from handlers.document.schemas.guards import WINDOWS_OF_CLUSTER
from handlers.document.schemas.rollouts import OBSERVED, PROGRESS
from handlers.document.schemas.side_effects import RECORDED_EFFECTS

EXAMPLE_STACKFILE = {
    'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/ecs/staging'}},
    'defaults': {'memory': 512, 'environment': [{'LOG_LEVEL': 'info'}]},
    'services': [{'user-service': {'image': IMAGE, 'ports': ['80:80'], 'desired_count': 2}}],
}

SUMMARY = {
    'revision': text('The current revision: opaque, compared for equality only.'),
    'changed_at': moment('When it was stored.'),
    'by': text_or_null('Who made it; null where another program wrote it.'),
    'message': text_or_null('Why.'),
    'source': text_or_null('From where it came; `external` where another program wrote it.'),
}

EXAMPLE_SUMMARY = {
    'revision': REVISION,
    'changed_at': '2030-04-02T09:21:44.310000+00:00',
    'by': 'maria',
    'message': 'fixes the sign-up mail',
    'source': '10.0.3.7 curl/8.5.0',
}

SCHEMAS: dict[str, Schema] = {
    'Accepted': shape(
        'A change that is stored, or with `proposal` one that waits for approval and is not stored.',
        {'revision': text('The revision that holds the change; with `proposal` the current one.')},
        {
            'message': text('For a person: `deploying...`, or what was done instead. Absent with `"deploy": false`.'),
            'notification': {
                'enum': ['sent', 'pending'],
                'description': '`pending` while the queue does not answer: the message is sent later, in order.',
            },
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
            'unmanaged': many({'type': 'string'}, 'Services that were left out, and go on running unmanaged.'),
            'code': {'const': 'approval_required', 'description': 'Only with `proposal`.'},
            'proposal': ref('ProposalBrief'),
            'notes': many(ref('Note'), 'What a deployment would change of a cluster that is restored, not deployed.'),
            **RECORDED_EFFECTS,
        },
        example={'message': 'deploying...', 'revision': REVISION, 'notification': 'sent'},
    ),
    'Cluster': shape(
        'A cluster in short.',
        {
            'name': text('The name of the ECS cluster.'),
            **SUMMARY,
            'last_change': ref('LastChange'),
            **OBSERVED,
            **PROGRESS,
            'rollouts': many(
                ref('RevisionRollout'), 'The current revision, and older ones that are under way or ended last.'
            ),
            'frozen': {
                'type': ['object', 'null'],
                'description': 'The freeze; null if it is not frozen.',
            },
            'services': many(ref('ServiceRow'), 'Its services.'),
        },
        {'freeze_windows': WINDOWS_OF_CLUSTER},
        example={
            'name': 'staging',
            **EXAMPLE_SUMMARY,
            'last_change': EXAMPLE_SUMMARY,
            **examples.OBSERVED,
            **examples.PROGRESS,
            'rollouts': [examples.REVISION_ROLLOUT],
            'frozen': None,
            'services': [examples.ROW],
        },
    ),
    'LastChange': shape(
        'The newest change of the desired state: a freeze, its end and a release from quarantine are none.',
        SUMMARY,
        example=EXAMPLE_SUMMARY,
    ),
    'ClusterNames': shape(
        'The clusters under management.',
        {'content': many({'type': 'string'}, 'Their names, sorted.')},
        {'removed': many(ref('RemovedCluster'), 'With `removed`: what became of each.')},
        example={'content': ['production', 'staging']},
    ),
    'RemovedCluster': shape(
        'A cluster that is managed no more, and can be restored.',
        {
            'name': text('Its name.'),
            'removed_at': moment('When it was removed.'),
            'by': text_or_null('Who did it; null where another program did.'),
            'message': text_or_null('Why.'),
            'revision': text('The last entry of its history.'),
        },
        example={
            'name': 'legacy',
            'removed_at': '2030-04-02T09:21:44.310000+00:00',
            'by': 'maria',
            'message': 'moved to another account',
            'revision': REVISION,
        },
    ),
    'DesiredState': {
        'type': 'object',
        'description': 'A stackfile as it is stored. One that another program stored may have mistakes.',
        'examples': [EXAMPLE_STACKFILE],
    },
    'NewCluster': shape(
        'An ECS cluster, and what it shall run.',
        {'name': text('The name of an ECS cluster that is there and ACTIVE.'), 'config': ref('Stackfile')},
        example={'name': 'staging', 'config': EXAMPLE_STACKFILE},
    ),
}
