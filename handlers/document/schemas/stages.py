"""The schemas of what is beyond a plain rolling deployment: strategy, stages, traffic, pauses, monitors."""

from handlers.document.schemas.build import Schema, many, moment, moment_or_null, number, shape, text

_PERCENT: Schema = {'type': 'number', 'minimum': 0, 'maximum': 100}

STAGE = shape(
    'A stage of the deployment.',
    {
        'stage': text("ECS's lifecycle stage."),
        'since': moment_or_null('When it was first observed; null for one that comes.'),
        'state': {'enum': ['done', 'now', 'next'], 'description': 'Whether it is over, under way, or still to come.'},
    },
)

WAITING = shape(
    'A pause that waits for a person.',
    {
        'hook': text("The id of ECS's hook, new at each pause."),
        'stage': text('The stage of the pause.'),
        'since': moment('When the pause was first observed.'),
        'until': moment_or_null('When ECS acts by itself.'),
        'on_timeout': {'enum': ['rollback', 'continue'], 'description': 'What ECS does then.'},
        'message': {'type': ['string', 'null'], 'description': 'What the stackfile asks of the person.'},
        'may': text('Who may continue it.'),
    },
)

# Of a service's row: present only where there is something to state.
STAGES: dict[str, Schema] = {
    'strategy': {
        'enum': ['blue_green', 'linear', 'canary'],
        'description': 'The deployment strategy; absent for `rolling`.',
    },
    'deployment_arn': text("ECS's service deployment that is under way, to stop or continue it."),
    'stage': text("ECS's lifecycle stage."),
    'stages': many(STAGE, "The stages in ECS's order."),
    'traffic': shape(
        'The shares of the production traffic in percent.',
        {
            'old': {**_PERCENT, 'description': 'Of the former tasks.'},
            'new': {**_PERCENT, 'description': 'Of the new tasks.'},
        },
    ),
    'waiting': WAITING,
    'until': moment('When the bake, or the step, ends.'),
    'breaker': shape(
        'The circuit breaker.',
        {'failures': number('The number of failed tasks.'), 'threshold': number('The number at which it acts.')},
    ),
    'alarms': shape(
        'The CloudWatch alarms of the deployment.',
        {
            'names': many({'type': 'string'}, 'The alarms that are observed.'),
            'triggered': many({'type': 'string'}, 'Those that were triggered.'),
        },
    ),
}
