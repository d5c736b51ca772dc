"""The schemas of runs and schedules."""

from handlers.document.schemas.build import NEXT, Schema, many, moment, moment_or_null, ref, shape, text, text_or_null

AT = '2030-04-02T03:00:12.000+00:00'


RUN: dict[str, Schema] = {
    'id': text('The id of the run.'),
    'trigger': {
        'enum': ['schedule', 'request', 'revision', 'other'],
        'description': 'What started it: its schedule, a caller, a revision, or another program.',
    },
    'state': {
        'enum': ['requested', 'starting', 'running', 'succeeded', 'failed', 'refused', 'missed'],
        'description': '`refused`: ECS did not start it; `missed`: no task started when the schedule was due.',
    },
    'created_at': moment('When ECS was asked for its task.'),
    'due': moment_or_null('When the schedule was due.'),
    'started_at': moment_or_null('When its containers ran.'),
    'stopped_at': moment_or_null('When its task had stopped.'),
    'seconds': {'type': ['number', 'null'], 'description': 'How long its containers ran.'},
    'exit_code': {'type': ['integer', 'null'], 'description': 'The exit code of the main container.'},
    'task': text_or_null('The id of the task in ECS.'),
    'task_definition': text_or_null('Its task definition, as `family:revision`.'),
    'overlaps': {'type': 'boolean', 'description': 'Whether another run was under way when it began.'},
    'by': text_or_null('Who asked for it.'),
    'message': text_or_null('Why.'),
    'overrides': {'type': ['object', 'null'], 'description': 'Command, names of variables, and size, as requested.'},
    'reason': {'type': ['object', 'null'], 'description': 'Why it failed: `kind`, `what`, `advice`.'},
}

EXAMPLE = {
    'id': '4f1c2a9e7b3d40d6a1e5',
    'trigger': 'request',
    'state': 'starting',
    'created_at': AT,
    'due': None,
    'started_at': None,
    'stopped_at': None,
    'seconds': None,
    'exit_code': None,
    'task': '0b2f8f0e3c1d4d0f9a6c5e7b1a2d3c4f',
    'task_definition': None,
    'overlaps': False,
    'by': 'maria',
    'message': 'after the import',
    'overrides': {'command': ['report', '--day', '2030-04-01']},
    'reason': None,
}

SCHEDULE: dict[str, Schema] = {
    'expression': text("EventBridge Scheduler's expression."),
    'timezone': text('Its time zone.'),
    'enabled': {'type': 'boolean', 'description': 'Whether it starts tasks.'},
    'next': many({'type': 'string', 'format': 'date-time'}, 'The next times; none where they are not known.'),
    'last': {'anyOf': [ref('RunRow'), {'type': 'null'}], 'description': 'Its last run.'},
    'state': {
        'enum': ['pending', 'running', 'overlapping', 'ok', 'failing', 'missed', 'disabled'],
        'description': 'What its runs come to; `pending` before the first one.',
    },
    'failing_since': moment_or_null('When the first of the runs that failed in a row began.'),
}
SCHEDULE_OR_NULL: Schema = {
    'anyOf': [ref('ServiceSchedule'), {'type': 'null'}],
    'description': 'The schedule; null without one.',
}

SCHEMAS: dict[str, Schema] = {
    'RunRow': shape('A run of a task.', RUN, example=EXAMPLE),
    'Run': shape(
        'A run of a task, with the last lines of its log.',
        {**RUN, 'log': {'type': ['object', 'null'], 'description': 'The log group, the stream, and its last lines.'}},
        example={**EXAMPLE, 'log': None},
    ),
    'ServiceSchedule': shape('The schedule of a service.', SCHEDULE),
    'RunPage': shape(
        'A page of runs.',
        {
            'schedule': SCHEDULE_OR_NULL,
            'content': many(ref('RunRow'), 'Newest first.'),
            'next': NEXT,
        },
        example={'schedule': None, 'content': [EXAMPLE], 'next': None},
    ),
    'RunRequest': shape(
        "What the run has in place of the service's settings; all are optional.",
        {},
        {
            'command': {
                'type': 'array',
                'items': {'type': 'string'},
                'minItems': 1,
                'maxItems': 100,
                'description': 'The command of the main container.',
            },
            'environment': {
                'type': 'object',
                'additionalProperties': {'type': 'string'},
                'description': 'Variables of the main container; they are joined with its own.',
            },
            'cpu': {
                'type': 'integer',
                'minimum': 1,
                'description': 'CPU units: of the task on Fargate, else of the main container.',
            },
            'memory': {
                'type': 'integer',
                'minimum': 4,
                'description': 'Memory, MiB: of the task on Fargate, else of the main container.',
            },
            'client_token': {
                'type': 'string',
                'minLength': 1,
                'maxLength': 64,
                'description': 'The same token gives the same run.',
            },
        },
        example={'command': ['report', '--day', '2030-04-01'], 'client_token': 'report-2030-04-01'},
    ),
}
