"""The schemas of rollouts: observed state, progress and verdicts."""

from handlers.document.schemas import rollout_examples as examples
from handlers.document.schemas.build import (
    DIGEST,
    IMAGE,
    REVISION,
    Schema,
    many,
    moment,
    moment_or_null,
    number,
    ref,
    shape,
    text,
    text_or_null,
)
from handlers.document.schemas.stages import STAGES

ENDINGS = ['succeeded', 'scaled-to-zero', 'removed', 'superseded', 'rolled-back', 'aborted', 'stalled']
STATES = [
    *('queued', 'rolling-out', 'paused', 'shifting', 'baking', 'steady', 'failed', 'rolled-back'),
    *('removing', 'removed', 'running', 'unreadable'),
]
CAUSES = ['alarm', 'breaker', 'hook', 'hook-timeout', 'stopped', 'by-hand']


def or_null(name: str) -> Schema:
    return {'anyOf': [ref(name), {'type': 'null'}]}


COUNTS = {
    'desired': number('The desired count in ECS.'),
    'running': number('The number of running tasks.'),
    'pending': number('The number of starting tasks.'),
    'failed': number('The number of tasks that failed to start, in the deployments that ECS still lists.'),
}

PROGRESS: dict[str, Schema] = {
    'state': {'enum': [*STATES, None], 'description': 'The state of the rollout; null before the first observation.'},
    'percent': {'type': ['integer', 'null'], 'minimum': 0, 'maximum': 100, 'description': 'The part that is running.'},
    'verdict': or_null('Verdict'),
}

SYNC: Schema = {
    'enum': ['in-sync', 'rolling-out', 'not-deployed', 'drifted', 'unmanaged', 'unreadable', 'unknown'],
    'description': 'Whether ECS has the desired state; `unknown` until ECS was asked what runs.',
}
HEALTH: Schema = {
    'enum': ['healthy', 'degraded', 'failing', 'stopped', 'unknown'],
    'description': 'Whether the tasks that ECS is to run are running and healthy.',
}

# Of a cluster, beside its desired state.
OBSERVED: dict[str, Schema] = {
    'sync': SYNC,
    'health': HEALTH,
    'drifted': many({'type': 'string'}, 'Services that differ from the desired state while no rollout is in progress.'),
    'unmanaged': many({'type': 'string'}, 'Services in ECS that are not in the desired state.'),
    'observed_at': moment_or_null('The time of the last observation of ECS; null before the first one.'),
    'failing': or_null('Failing'),
    'unreadable': text_or_null('Why the stored state is unreadable; null if it is valid.'),
}

# Of a service, beside what is wanted.
DEPLOYED: dict[str, Schema] = {
    'sync': SYNC,
    'health': HEALTH,
    'deployed': or_null('Deployed'),
    'image_since': moment_or_null('Since when the deployed image is deployed: the end of the rollout that brought it.'),
    **PROGRESS,
}

REASON = {
    'kind': text('The class of the reason, for programs: `out-of-memory`, `image-pull`, `secret`, …'),
    'what': text('What happened.'),
    'advice': text('What to do about it.'),
}

STOP: dict[str, Schema] = {
    'task': text('The id of the task.'),
    'at': moment_or_null('When it stopped.'),
    'reason': text('The text from ECS.'),
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
    'status': text("ECS's status: PENDING, RUNNING, STOPPED, …"),
    'health': text("ECS's status: HEALTHY, UNHEALTHY, UNKNOWN."),
    'task_definition': text('The ARN of its task definition.'),
    'deployment': text('The ECS deployment that started it.'),
    'created_at': moment_or_null('The creation time.'),
    'started_at': moment_or_null('The start time.'),
    'containers': many(CONTAINER, 'Its containers.'),
}

EVENT = shape(
    'A line of the event log of the service.',
    {'at': moment('When.'), 'message': text('The text from ECS, or from Application Auto Scaling.')},
    {'source': {'const': 'autoscaling', 'description': 'A scaling activity: what was scaled, and why.'}},
)

ANY = {'description': 'Any value.'}
CHANGE = shape(
    'One field.',
    {'path': text('As `image` or `environment.LOG_LEVEL`.')},
    {'before': ANY, 'after': ANY, 'concealed': {'const': True, 'description': 'The values are not shown.'}},
)

WAITS = shape(
    'What the rollout of a service waits for.',
    {
        'services': many({'type': 'string'}, 'Services whose rollouts come first.'),
        'gate': text('The task before or after its rollout that has not ended; empty while it waits for services.'),
        'wave': number('The wave of its rollout, from 1.'),
    },
)

GATE = shape(
    'A task before or after a rollout: its newest run.',
    {
        'name': text('Its name in the stackfile.'),
        'stage': {'enum': ['pre_deploy', 'post_deploy'], 'description': 'Before or after the rollout.'},
        'state': {'enum': ['starting', 'running', 'succeeded', 'failed'], 'description': 'How far it is.'},
        'attempt': number('The number of its run for this task definition, from 1.'),
        'task': text_or_null('The id of its task, once it is known.'),
        'exit_code': {'type': ['integer', 'null'], 'description': 'The exit code; null while it runs.'},
        'reason': text_or_null('Why it failed.'),
        'lines': many({'type': 'string'}, 'The last lines of its log, at most 10.'),
        'timeout': number('Seconds until it is stopped.'),
        'started_at': moment('When it was begun.'),
        'ended_at': moment_or_null('When it ended.'),
    },
)

STALE_SECRET = shape(
    'A secret or parameter that tasks read before it changed.',
    {'name': text('The variable.'), 'since': moment('When its current value came.')},
)

NEW_TASKS = shape(
    'While tasks are replaced, those of the version that comes; `running` of the row counts the former ones as well.',
    {'desired': number('How many ECS is to run.'), 'running': number('How many run.')},
)

ROW: dict[str, Schema] = {
    'name': text('Its name.'),
    'managed': {'type': 'boolean', 'description': 'Whether the desired state contains it.'},
    **DEPLOYED,
    'image_before': text_or_null('The image before the wanted one: of the newest success with another.'),
    'events': many(EVENT, 'The newest lines of its event log.'),
    'stop_reasons': many(shape('A stopped task.', STOP), 'The newest stopped tasks that were observed.'),
    'trouble': or_null('Trouble'),
    'failing_since': moment_or_null('When the first of its known tasks failed; null unless tasks are missing.'),
    'stale_secrets': many(STALE_SECRET, 'Secrets that changed after its oldest task was created.'),
}

AUTOSCALING: Schema = shape(
    'The autoscaling of a service in the desired state; its desired count in ECS is then between the limits.',
    {
        'min': number('The fewest tasks.'),
        'max': number('The most tasks.'),
        'suspended': many({'enum': ['in', 'out', 'schedules']}, 'The kinds of scaling that are suspended.'),
    },
)

SCHEDULE_STATE: Schema = shape(
    'How the schedule of a task goes.',
    {
        'state': {
            'enum': ['pending', 'ok', 'running', 'overlapping', 'failing', 'missed', 'disabled'],
            'description': '`failing`: its last run failed; `missed`: no task started when it was last due.',
        },
        'since': moment_or_null(
            'When the first of the runs that failed in a row began; null where the last one did not.'
        ),
        'last': moment_or_null('When its last run began.'),
        'next': moment_or_null('When it is due next, where that is known.'),
    },
)

ROW_OPTIONAL: dict[str, Schema] = {
    'schedule': SCHEDULE_STATE,
    'image': text_or_null('The desired image.'),
    'image_tag': text_or_null('Its tag.'),
    'desired_count': number('The desired number of tasks.'),
    'autoscaling': AUTOSCALING,
    'revision': text('The revision that last changed it.'),
    **COUNTS,
    'deployment': text_or_null('The ECS deployment of the revision, once it exists.'),
    'task_definition': text_or_null('The task definition of the revision, once it exists.'),
    'drift': many(CHANGE, 'The drifted fields: deployed (`before`) and desired (`after`).'),
    'targets': {'type': 'object', 'description': 'The number of load balancer targets in each state of health.'},
    'waits': WAITS,
    'new_tasks': NEW_TASKS,
    'gates': many(GATE, 'The tasks before and after its rollouts, in the order in which they began.'),
    **STAGES,
    'gone': {'const': True, 'description': 'It is neither desired nor deployed any more.'},
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
        'The verdict: how a rollout ended.',
        {
            'ending': {'enum': ENDINGS, 'description': 'The outcome.'},
            'reason': text('Why, for a person.'),
            'at': moment('When.'),
            'failed': {'type': 'boolean', 'description': 'Whether the rollout failed.'},
        },
        {
            'by': text('What replaced it: a revision, or the task definition that runs.'),
            'cause': {'enum': CAUSES, 'description': 'Why it ended, where that is known.'},
        },
        example=EXAMPLE_VERDICT,
    ),
    'Trouble': shape(
        'What keeps a service from running or from being complete: `refused` if AWS refused a call.',
        REASON,
        {
            'call': text_or_null('The AWS call that was refused, as `elbv2:CreateListener`; null if no call was made.'),
            'code': text(
                "AWS's code; `Blocked` if a person has to act first, `GateFailed` after a failed task before or after "
                'the rollout, `NotBegun` if a service that it needs has failed.'
            ),
            'message': text("AWS's message."),
            'since': moment('The time of the first refusal.'),
            'tries': number('The number of consecutive passes that failed.'),
        },
    ),
    'Failing': shape(
        'Why ECS could not be observed: the state shown dates from `observed_at`.',
        {'error': text('A stable code.'), 'message': text('For a person.')},
        {'since': moment('Since when.')},
    ),
    'Deployed': shape(
        'The deployed state of a service.',
        {
            'image': text_or_null(
                'The image of the version that runs: the one with all production traffic; while a blue/green, '
                'linear or canary deployment divides it, the former one; in a rolling deployment the one with most of '
                'the running tasks. Null until its task definition is read.'
            ),
            'image_tag': text_or_null('Its tag.'),
            **COUNTS,
            'status': text("ECS's status: ACTIVE, DRAINING."),
        },
        example=examples.DEPLOYED,
    ),
    'RevisionRollout': shape(
        'The progress of one revision over the services that it changed.',
        {
            'revision': text('The revision.'),
            **PROGRESS,
            'services': many({'type': 'string'}, 'Those services.'),
            'since': moment_or_null('When it was stored.'),
            'seconds': {'type': ['number', 'null'], 'description': 'The duration in seconds, once it has ended.'},
            'usual_seconds': {
                'type': ['number', 'null'],
                'description': 'The median of the last five rollouts of its slowest service that succeeded.',
            },
        },
        example=examples.REVISION_ROLLOUT,
    ),
    'ServiceState': shape('The desired and deployed state of a service.', ROW, ROW_OPTIONAL, example=examples.STATE),
    'Rollout': shape(
        'The rollout state of a cluster.',
        {
            'cluster': text('The cluster.'),
            'revision': text_or_null('The requested revision, or the current one.'),
            'message': text('For a person.'),
            'settled': {'type': 'boolean', 'description': 'Whether the rollout has a verdict for every service.'},
            **OBSERVED,
            **PROGRESS,
            'seconds': {'type': ['number', 'null'], 'description': 'The duration in seconds, once it has ended.'},
            'services': many(ref('ServiceState'), 'The requested services.'),
        },
        example=examples.ROLLOUT,
    ),
    'Service': shape(
        'One service in full.',
        {
            **ROW,
            'settings': {'type': ['object', 'null'], 'description': 'The settings in the desired state.'},
            'deployments': many(
                shape(
                    "One of ECS's own deployments.",
                    {
                        'id': text('Its id.'),
                        'status': text('PRIMARY for the newest, ACTIVE for one that is being replaced.'),
                        'state': text_or_null('IN_PROGRESS, COMPLETED, FAILED.'),
                        'reason': text('The text from ECS.'),
                        'task_definition': text('Its task definition.'),
                        'image': text_or_null('The image in it.'),
                        **COUNTS,
                        'created_at': moment('The creation time.'),
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
            'schedule': or_null('ServiceSchedule'),
            'log': {
                **or_null('LogLines'),
                'description': 'Of the newest task that failed, while tasks fail and there is no `flight` yet.',
            },
        },
        {name: schema for name, schema in ROW_OPTIONAL.items() if name != 'schedule'},
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
        'The flight record of a failed rollout.',
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
