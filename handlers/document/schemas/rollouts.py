"""What runs, and how rollouts go and end."""

from handlers.document.schemas import rollout_examples as examples
from handlers.document.schemas.build import (
    DIGEST,
    IMAGE,
    REVISION,
    Schema,
    many,
    moment,
    number,
    ref,
    shape,
    text,
    text_or_null,
)

ENDINGS = ['succeeded', 'scaled-to-zero', 'removed', 'superseded', 'rolled-back', 'aborted', 'stalled']
STATES = ['queued', 'rolling-out', 'steady', 'failed', 'rolled-back', 'removing', 'removed', 'running', 'unreadable']


def moment_or_null(help: str) -> Schema:
    return {'type': ['string', 'null'], 'format': 'date-time', 'description': help}


def or_null(name: str) -> Schema:
    return {'anyOf': [ref(name), {'type': 'null'}]}


COUNTS = {
    'desired': number('How many tasks ECS has been told to run.'),
    'running': number('How many run.'),
    'pending': number('How many start.'),
    'failed': number('How many failed to start, in the deployments that ECS still shows.'),
}

PROGRESS: dict[str, Schema] = {
    'state': {'enum': [*STATES, None], 'description': 'How far it is; null where nobody has looked yet.'},
    'percent': {'type': ['integer', 'null'], 'minimum': 0, 'maximum': 100, 'description': 'The part that runs.'},
    'verdict': or_null('Verdict'),
}

SYNC: Schema = {
    'enum': ['in-sync', 'rolling-out', 'not-deployed', 'drifted', 'unmanaged', 'unreadable', 'unknown'],
    'description': 'Whether ECS has what is wanted.',
}
HEALTH: Schema = {
    'enum': ['healthy', 'degraded', 'failing', 'stopped', 'unknown'],
    'description': 'Whether what ECS was told to run does run.',
}

# Of a cluster, beside its desired state.
OBSERVED: dict[str, Schema] = {
    'sync': SYNC,
    'health': HEALTH,
    'drifted': many({'type': 'string'}, 'Services that are not as wanted although nothing rolls out.'),
    'unmanaged': many({'type': 'string'}, 'Services in ECS that the desired state does not name.'),
    'observed_at': moment_or_null('When ECS was last looked at; null where nobody has yet.'),
    'failing': or_null('Failing'),
    'unreadable': text_or_null('Why what is stored is no desired state; null where it is one.'),
}

# Of a service, beside what is wanted.
DEPLOYED: dict[str, Schema] = {'sync': SYNC, 'health': HEALTH, 'deployed': or_null('Deployed'), **PROGRESS}

REASON = {
    'kind': text('The class of the reason, for programs: `out-of-memory`, `image-pull`, `secret`, …'),
    'what': text('What happened.'),
    'advice': text('What to do about it.'),
}

STOP: dict[str, Schema] = {
    'task': text('The id of the task.'),
    'at': moment_or_null('When it stopped.'),
    'reason': text("ECS's own words."),
    'exit_code': {'type': ['integer', 'null'], 'description': "The container's exit code."},
    **REASON,
    'task_definition': text('The ARN of its task definition.'),
    'deployment': text('The ECS deployment that started it.'),
}

CONTAINER = shape(
    'A container of a task.',
    {
        'name': text('Its name in the task definition.'),
        'image': text('Its image.'),
        'digest': text_or_null('The digest of that image, where ECS knows it.'),
        'exit_code': {'type': ['integer', 'null'], 'description': 'Null while it runs.'},
    },
)

TASK: dict[str, Schema] = {
    'id': text('Its id.'),
    'status': text("ECS's own word: PENDING, RUNNING, STOPPED, …"),
    'health': text("ECS's own word: HEALTHY, UNHEALTHY, UNKNOWN."),
    'task_definition': text('The ARN of its task definition.'),
    'deployment': text('The ECS deployment that started it.'),
    'created_at': moment_or_null('When it was made.'),
    'started_at': moment_or_null('When it began to run.'),
    'containers': many(CONTAINER, 'Its containers.'),
}

EVENT = shape('A line of the event log of the service.', {'at': moment('When.'), 'message': text("ECS's own words.")})

ANY = {'description': 'Any value.'}
CHANGE = shape(
    'One field.',
    {'path': text('As `image` or `environment.LOG_LEVEL`.')},
    {'before': ANY, 'after': ANY, 'concealed': {'const': True, 'description': 'The values are not shown.'}},
)

ROW: dict[str, Schema] = {
    'name': text('Its name.'),
    'managed': {'type': 'boolean', 'description': 'Whether the desired state names it.'},
    **DEPLOYED,
    'image_before': text_or_null('What ran before the newest deployment.'),
    'events': many(EVENT, 'The newest lines of its event log.'),
    'stop_reasons': many(shape('A stopped task.', STOP), 'The newest stopped tasks, as far as they are known.'),
    'trouble': or_null('Trouble'),
}

ROW_OPTIONAL: dict[str, Schema] = {
    'image': text_or_null('The image that is wanted.'),
    'image_tag': text_or_null('Its tag.'),
    'desired_count': number('How many tasks are wanted.'),
    'revision': text('The revision that last changed it.'),
    **COUNTS,
    'deployment': text_or_null('The ECS deployment that brings the revision, once there is one.'),
    'task_definition': text_or_null('The task definition that carries the revision, once there is one.'),
    'drift': many(CHANGE, 'What runs (`before`) where it is not what is wanted (`after`).'),
    'targets': {'type': 'object', 'description': 'The number of load balancer targets in each state of health.'},
    'gone': {'const': True, 'description': 'It is neither wanted nor there any more.'},
}

EXAMPLE_VERDICT = {
    'ending': 'rolled-back',
    'reason': 'deployment failed: tasks failed to start.',
    'at': '2030-04-02T09:24:51.000+00:00',
    'failed': True,
    'by': 'arn:aws:ecs:us-east-1:123456789012:task-definition/staging-user-service:7',
}

SCHEMAS: dict[str, Schema] = {
    'Verdict': shape(
        'How a rollout ended.',
        {
            'ending': {'enum': ENDINGS, 'description': 'How.'},
            'reason': text('Why, for a person.'),
            'at': moment('When.'),
            'failed': {'type': 'boolean', 'description': 'Whether what was wanted does not run, and will not.'},
        },
        {'by': text('What came instead: a revision, or the task definition that runs.')},
        example=EXAMPLE_VERDICT,
    ),
    'Trouble': shape(
        'What keeps a service from running, or from being complete: `refused` where the last pass of a scheduler was.',
        REASON,
        {
            'call': text_or_null('The AWS call that was refused, as `elbv2:CreateListener`; null where none was made.'),
            'code': text("AWS's own code, or `Blocked` where a person has to act first."),
            'message': text("AWS's own message."),
            'since': moment('When it was refused first.'),
            'tries': number('In how many passes in a row.'),
        },
    ),
    'Failing': shape(
        'Why ECS could not be looked at: what is shown is as old as `observed_at` says.',
        {'error': text('A stable code.'), 'message': text('For a person.')},
        {'since': moment('Since when.')},
    ),
    'Deployed': shape(
        'What ECS runs of a service.',
        {
            'image': text_or_null('The image of the newest deployment that runs, or of the newest where none does.'),
            'image_tag': text_or_null('Its tag.'),
            **COUNTS,
            'status': text("ECS's own word: ACTIVE, DRAINING."),
        },
        example=examples.DEPLOYED,
    ),
    'RevisionRollout': shape(
        'How far one revision is, over the services that it changed.',
        {
            'revision': text('The revision.'),
            **PROGRESS,
            'services': many({'type': 'string'}, 'Those services.'),
            'since': moment_or_null('When it was stored.'),
            'seconds': {'type': ['number', 'null'], 'description': 'How long it took, where it has ended.'},
        },
        example=examples.REVISION_ROLLOUT,
    ),
    'ServiceState': shape('A service as it is wanted and as it runs.', ROW, ROW_OPTIONAL, example=examples.STATE),
    'Rollout': shape(
        'How far ECS is from the desired state.',
        {
            'cluster': text('The cluster.'),
            'revision': text_or_null('The revision that was asked about, or the current one.'),
            'message': text('For a person.'),
            'settled': {'type': 'boolean', 'description': 'Whether there is nothing more to wait for.'},
            **OBSERVED,
            **PROGRESS,
            'seconds': {'type': ['number', 'null'], 'description': 'How long it took, where it has ended.'},
            'services': many(ref('ServiceState'), 'The services that were asked about.'),
        },
        example=examples.ROLLOUT,
    ),
    'Service': shape(
        'One service in full.',
        {
            **ROW,
            'settings': {'type': ['object', 'null'], 'description': 'As the desired state has it.'},
            'deployments': many(
                shape(
                    "One of ECS's own deployments.",
                    {
                        'id': text('Its id.'),
                        'status': text('PRIMARY for the newest, ACTIVE for one that is being replaced.'),
                        'state': text_or_null('IN_PROGRESS, COMPLETED, FAILED.'),
                        'reason': text("ECS's own words."),
                        'task_definition': text('Its task definition.'),
                        'image': text_or_null('The image in it.'),
                        **COUNTS,
                        'created_at': moment('When it was made.'),
                    },
                ),
                'The newest first.',
            ),
            'failing': or_null('Failing'),
            'tasks': {
                'type': ['array', 'null'],
                'items': shape('A task that runs or starts.', TASK),
                'description': 'The newest first; null where ECS does not answer.',
            },
            'flight': or_null('Flight'),
            'log': {
                **or_null('LogLines'),
                'description': 'Of the newest task that failed, while tasks fail and there is no `flight` yet.',
            },
        },
        ROW_OPTIONAL,
        example=examples.SERVICE,
    ),
    'LogLines': shape(
        'The last lines of a log of awslogs.',
        {
            'group': text('The log group.'),
            'stream': text('The log stream.'),
            'task': text('The task that wrote them.'),
            'lines': many(EVENT, 'The oldest first, at most 50.'),
        },
        example=examples.LOG,
    ),
    'Flight': shape(
        'What was known of a rollout when it failed.',
        {
            'service': text('The service.'),
            'revision': text('The revision that failed.'),
            'recorded_at': moment('When it was recorded.'),
            'verdict': ref('Verdict'),
            'reason': or_null('Trouble'),
            'image': text_or_null('The image that failed.'),
            'image_digest': text_or_null('Its digest.'),
            'task_definition': text_or_null('Its task definition.'),
            'deployment': text_or_null('The ECS deployment that failed.'),
            'tasks': many(shape('A task that stopped.', {**TASK, **STOP}), 'The newest first.'),
            'events': many(EVENT, 'The newest first.'),
            'introduced_by': {'type': ['object', 'null'], 'description': 'The change: who, why, and its differences.'},
            'log': {**or_null('LogLines'), 'description': 'Where the log driver is awslogs.'},
        },
        example={
            'service': 'user-service',
            'revision': REVISION,
            'recorded_at': '2030-04-02T09:24:53.120+00:00',
            'verdict': EXAMPLE_VERDICT,
            'reason': {
                'kind': 'out-of-memory',
                'what': 'A container used more memory than it may.',
                'advice': 'Raise `memory` of the service, or find out why it needs more than before.',
            },
            'image': IMAGE,
            'image_digest': DIGEST,
            'task_definition': 'arn:aws:ecs:us-east-1:123456789012:task-definition/staging-user-service:8',
            'deployment': 'ecs-svc/1234567890123456789',
            'tasks': [],
            'events': [],
            'introduced_by': None,
            'log': None,
        },
    ),
}
