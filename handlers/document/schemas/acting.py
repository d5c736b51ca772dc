"""Shapes of stopping a rollout and of answering a pause."""

from handlers.document.schemas.build import REVISION, Schema, moment, shape, text, text_or_null
from handlers.document.schemas.history import OLDER
from handlers.document.schemas.rollback import ACCEPTED, OF_ROLLBACK

DEPLOYMENT = 'arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/web/0EYSiB0qap8xf0N76FsbE'
HOOK = 'ecs-pause-0f2c7d'
SEEN = text('The `deployment_arn` that the caller saw: 409 `deployment_moved` if it is not the newest any more.')

SCHEMAS: dict[str, Schema] = {
    'Stop': shape(
        'How to stop a rollout.',
        {},
        {
            'mode': {'enum': ['rollback', 'abort'], 'description': '`rollback` unless given.'},
            'reason': text('Why; also `?message=`.'),
            'deployment': SEEN,
        },
        example={'mode': 'rollback', 'reason': 'v1.4.2 loses sessions', 'deployment': DEPLOYMENT},
    ),
    'Stopped': shape(
        'A rollout that is being stopped.',
        {
            **{name: ACCEPTED['properties'][name] for name in ACCEPTED['required']},
            **OF_ROLLBACK,
            'restored': text_or_null('The revision that ECS goes back to; null where only its image is known.'),
            'service': text('The service.'),
            'deployment': text('The service deployment that ECS is to stop.'),
        },
        ACCEPTED['properties'],
        example={
            'message': 'web is stopped',
            'revision': REVISION,
            'notification': 'sent',
            'restored': OLDER,
            'restored_because': 'It is what the rollback of ECS brings.',
            'skipped': [],
            'quarantined': [],
            'service': 'web',
            'deployment': DEPLOYMENT,
        },
    ),
    'Continue': shape(
        'The answer to a pause.',
        {},
        {
            'hook': text('The `hook` of `waiting`; required only where several wait.'),
            'action': {'enum': ['continue', 'rollback'], 'description': '`continue` unless given.'},
            'reason': text('Why; also `?message=`.'),
            'deployment': SEEN,
        },
        example={'hook': HOOK, 'action': 'continue', 'reason': 'smoke test passed', 'deployment': DEPLOYMENT},
    ),
    'HookAnswer': shape(
        'The answer that counts for a pause.',
        {
            'cluster': text('The cluster.'),
            'service': text('The service.'),
            'deployment': text('The service deployment.'),
            'hook': text("The id of ECS's hook."),
            'action': {'enum': ['continue', 'rollback'], 'description': 'What ECS is to do.'},
            'state': {
                'enum': ['requested', 'done'],
                'description': '`requested` until a scheduler has carried it out; `done` also where the pause is over.',
            },
            'by': text('Who answered.'),
            'at': moment('When.'),
            'message': text('For a person.'),
        },
        example={
            'cluster': 'prod',
            'service': 'web',
            'deployment': DEPLOYMENT,
            'hook': HOOK,
            'action': 'continue',
            'state': 'done',
            'by': 'ada',
            'at': '2030-04-02T09:24:51.000+00:00',
            'message': 'web is continued by ada.',
        },
    ),
}
