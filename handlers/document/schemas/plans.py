"""What a change would do."""

from handlers.document.schemas.build import REVISION, Schema, many, ref, shape, text, text_or_null
from handlers.document.schemas.history import EXAMPLE_SERVICE
from handlers.document.schemas.promotion import OF_PROMOTION
from handlers.document.schemas.rollback import OF_ROLLBACK
from stack.rehearsal.finding import CHECKS

EXAMPLE_REHEARSAL = {
    'services': ['user-service'],
    'findings': [
        {
            'service': 'user-service',
            'path': 'image',
            'check': 'image',
            'class': 'image-pull',
            'message': 'ECR has no repository team/user-service with the tag v1.4.2 (eu-west-1).',
            'advice': 'See that the tag exists in the registry, and was not removed by a lifecycle policy.',
            'severity': 'error',
        }
    ],
    'not_checked': [
        {
            'check': 'roles',
            'message': 'The permission iam:GetRole is missing.',
            'permission': 'iam:GetRole',
            'services': ['user-service'],
        }
    ],
}

EXAMPLE_PLAN = {
    'id': '5d41402abc4b2a76b9719d91',
    'cluster': 'staging',
    'revision': REVISION,
    'message': 'user-service: image v1.4.1 → v1.4.2',
    'summary': 'user-service: image v1.4.1 → v1.4.2',
    'also': None,
    'services': [EXAMPLE_SERVICE, {'service': 'email-worker', 'action': 'nothing', 'changes': []}],
    'settings': [],
    'unmanaged': [],
    'notes': [],
    'warnings': [],
    'rehearsal': EXAMPLE_REHEARSAL,
    'ecs': None,
    'ecs_reason': 'This server has no planner, so the effect on what runs is not known.',
}

SCHEMAS: dict[str, Schema] = {
    'AcceptedOrPlan': {
        'description': 'What was done, or with `dry_run` what would be.',
        'anyOf': [ref('Accepted'), ref('Plan')],
        'examples': [{'message': 'staging is no longer managed; ECS is left as it is', 'revision': REVISION}],
    },
    'Note': shape(
        'Something to know before it is done.',
        {
            'service': text_or_null('Of which service; null where it concerns the whole cluster.'),
            'message': text('It.'),
        },
        {'code': text('The `error` that the change would be refused with, where it would.')},
    ),
    'Plan': shape(
        'What a change would do; nothing is stored or sent.',
        {
            'id': text('Give it as `plan` with the change: 412 where anything that this was made from has moved.'),
            'cluster': text('The cluster.'),
            'revision': text_or_null('The revision that it starts from; null where there is none yet.'),
            'message': text('All of it, in a line.'),
            'summary': text('The same.'),
            'also': {
                'type': ['array', 'null'],
                'items': ref('SideEffect'),
                'description': 'What the deployment does beyond the change, losses first; null where not known.',
            },
            'services': many(ref('ServiceDifference'), 'Every service of either side, changed or not.'),
            'settings': many(ref('FieldChange'), 'What changes above the services.'),
            'unmanaged': many({'type': 'string'}, 'Services that are left out, and go on running unmanaged.'),
            'notes': many(ref('Note'), 'What would refuse the change now: a freeze, a quarantine, a role.'),
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
            'rehearsal': {
                'anyOf': [ref('Rehearsal'), {'type': 'null'}],
                'description': 'What would fail when the services start; it refuses nothing. Null without a rehearsal.',
            },
            'ecs': {
                'type': ['object', 'null'],
                'description': 'What ECS would do to come from what runs to it: the plan of a scheduler. Its `waves` '
                'are the services that change, each wave after what it needs in those before; a step with `interrupts` '
                'makes requests fail for a while, and needs the role admin.',
            },
            'ecs_reason': text_or_null('Why `ecs` is null.'),
        },
        {**OF_ROLLBACK, **OF_PROMOTION},
        example=EXAMPLE_PLAN,
    ),
    'Rehearsal': shape(
        'Checks of what would fail when the services of a change start.',
        {
            'services': many({'type': 'string'}, 'The services that were checked: those that the change starts.'),
            'findings': many(ref('RehearsalFinding'), 'What would fail, errors first.'),
            'not_checked': many(ref('RehearsalGap'), 'What could not be checked, and why.'),
        },
        example=EXAMPLE_REHEARSAL,
    ),
    'RehearsalFinding': shape(
        'An expected failure.',
        {
            'service': text('The service.'),
            'path': text('The field in the stackfile, as `secrets.DB_PASSWORD`.'),
            'check': {'enum': list(CHECKS), 'description': 'The check that found it.'},
            'class': text('The class that the record of the failure would have, as `image-pull`.'),
            'message': text('What is wrong.'),
            'advice': text('What to do about it.'),
            'severity': {'enum': ['error', 'warning'], 'description': '`error`: it would not start.'},
        },
    ),
    'RehearsalGap': shape(
        'Something that could not be checked.',
        {
            'check': {'enum': list(CHECKS), 'description': 'The check.'},
            'message': text('Why.'),
            'permission': text_or_null('The IAM actions that are missing, where that is the reason.'),
            'services': many({'type': 'string'}, 'The services that it concerns.'),
        },
    ),
}
