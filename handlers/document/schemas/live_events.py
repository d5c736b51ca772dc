"""The schemas of the messages that the live channel sends; see docs/events.md."""

from typing import Any

from handlers.document.schemas.build import REVISION, Schema, many, moment, number, ref, shape, text, text_or_null
from handlers.document.schemas.clusters import SUMMARY
from handlers.document.schemas.guards import WINDOWS_OF_CLUSTER
from handlers.document.schemas.proposals import SHORT
from handlers.document.schemas.rollouts import OBSERVED, PROGRESS
from handlers.document.schemas.side_effects import RECORDED_EFFECTS

AT = '2030-04-02T09:22:51.070+00:00'

FREEZE_OR_NULL: Schema = {'anyOf': [ref('Freeze'), {'type': 'null'}], 'description': 'The freeze.'}

COUNTS = shape(
    'How many services are wanted, and how many of their tasks ECS wants and runs.',
    {name: number(f'{name.capitalize()}.') for name in ('services', 'desired', 'running', 'pending')},
)

STATE: dict[str, Schema] = {
    **OBSERVED,
    **PROGRESS,
    'counts': COUNTS,
    'rollouts': many(ref('RevisionRollout'), 'The current revision, and older ones that are under way or ended last.'),
    'frozen': FREEZE_OR_NULL,
    'services': many(ref('ServiceState'), 'The services: all of a `cluster`, the changed ones of a `rollout`.'),
}

SCHEDULES: dict[str, Schema] = {
    'schedules': {
        'type': 'object',
        'description': 'By name how the schedule of a task goes; a service in `services` that is absent has none.',
        'additionalProperties': {'type': 'string'},
    }
}

WINDOWS: dict[str, Schema] = {'freeze_windows': WINDOWS_OF_CLUSTER}

OPTIONAL: dict[str, Schema] = {
    'merged': number('The number of earlier messages that this one replaces, for a slow reader.')
}


def event(
    kind: str,
    help: str,
    content: dict[str, Schema] | None = None,
    optional: dict[str, Schema] | None = None,
    *,
    cluster: bool = True,
) -> Schema:
    """The schema of one type of message."""
    head: dict[str, Schema] = {'type': {'const': kind}, 'at': moment('When it happened.')}
    if cluster:
        head['cluster'] = text('The name of the cluster.')
    return shape(help, {**head, **(content or {})}, {**OPTIONAL, **(optional or {})})


DESIRED: dict[str, Schema] = {
    **SUMMARY,
    'last_change': ref('LastChange'),
    'previous': text_or_null('The previous revision.'),
    'deploys': {'type': 'boolean', 'description': 'Whether the revision is deployed.'},
    'summary': text('The changes in one line.'),
    'did': many({'type': 'object'}, 'The requests; `verb` is the kind of change.'),
    'unreadable': text_or_null('Why the stored state is unreadable; null if it is valid.'),
    'changes': many({'type': 'object'}, 'The changes by service.'),
}

BRIEF: dict[str, Schema] = {
    **{name: schema for name, schema in OBSERVED.items() if name not in ('drifted', 'unmanaged')},
    **PROGRESS,
    'revision': text('The current revision.'),
    'counts': COUNTS,
    'drifted': number('The number of services that drifted.'),
    'frozen': FREEZE_OR_NULL,
    'deployment': {'type': ['object', 'null'], 'description': 'The rollout of the newest revision.'},
    'services': {
        'type': 'object',
        'description': 'By name a code of three letters (docs/events.md); null for a service that is gone.',
        'additionalProperties': {'type': ['string', 'null']},
    },
}

ROWS = many({'type': 'object'}, 'Rows of services, without empty fields (docs/events.md).')
PROPOSAL = {**SHORT, 'approvals': number('How many approvals the current plan has.')}

EVENTS: dict[str, Schema] = {
    'HelloEvent': event(
        'hello',
        'The first message of a connection.',
        {
            'version': text('The version of the server.'),
            'caller': shape('The caller.', {'name': text('Its name.'), 'role': text('Its role.')}),
            'heartbeat_seconds': {'type': 'number', 'description': 'The interval of pings.'},
        },
        cluster=False,
    ),
    'ClusterEvent': event(
        'cluster',
        'The complete state of a cluster.',
        {**SUMMARY, 'last_change': ref('LastChange'), **STATE},
        {'covers_since': text('The revision of the client whose successors are included.'), **WINDOWS},
    ),
    'DesiredEvent': event('desired', 'A new revision is stored.', DESIRED, RECORDED_EFFECTS),
    'RolloutEvent': event(
        'rollout', 'The observed state has changed.', {'revision': text('The current revision.'), **STATE}, WINDOWS
    ),
    'ClusterBriefEvent': event(
        'cluster', 'The state of a cluster in the detail `summary`.', BRIEF, WINDOWS | SCHEDULES
    ),
    'RolloutBriefEvent': event(
        'rollout', 'The observed state has changed, in the detail `summary`.', BRIEF, WINDOWS | SCHEDULES
    ),
    'ClusterRowsEvent': event(
        'cluster', 'The state of a cluster in the detail `rows`.', {'revision': text('The revision.'), 'services': ROWS}
    ),
    'RolloutRowsEvent': event(
        'rollout', 'What moved, in the detail `rows`.', {'revision': text('The revision.'), 'services': ROWS}
    ),
    'LogEvent': event(
        'log',
        'A line of a log that the socket follows.',
        {
            'service': text('The name of the service.'),
            'task': text('The id of the task.'),
            'container': text('The name of the container.'),
            'line': text('The text.'),
        },
        {'dropped': number('How many lines before this one are left out.')},
    ),
    'DeletedEvent': event(
        'deleted',
        'The cluster is no longer managed.',
        {
            'by': text_or_null('Who removed it.'),
            'reason': text_or_null('Why.'),
            'revision': text_or_null('Its last revision.'),
        },
    ),
    'FrozenEvent': event(
        'frozen',
        'The cluster is frozen.',
        {
            'by': text('Who froze it; `freeze window` where a window did.'),
            'reason': text('Why.'),
            'until': {'type': ['string', 'null'], 'format': 'date-time', 'description': 'When it expires.'},
        },
        WINDOWS,
    ),
    'ThawedEvent': event(
        'thawed',
        'The cluster accepts changes again.',
        {'by': text_or_null('Who thawed it; null where the freeze ended by itself.')},
        WINDOWS,
    ),
    'RunEvent': event(
        'run',
        'A run of a task has begun, moved or ended.',
        {'service': text('The name of the service.'), 'run': ref('RunRow')},
    ),
    'ProposalEvent': event('proposal', 'A proposal was made, renewed or outdated.', PROPOSAL),
    'ApprovedEvent': event('approved', 'A proposal has another approval, or was carried out.', PROPOSAL),
    'RejectedEvent': event('rejected', 'A proposal was rejected.', PROPOSAL),
    'AuditEvent': event('audit', 'The audit has a new entry without a revision, as a refusal.'),
    'SyncedEvent': event(
        'synced',
        'Everything that a subscription requested has been sent.',
        {
            'revisions': {
                'type': 'object',
                'description': 'The revision of each cluster.',
                'additionalProperties': {'type': ['string', 'null']},
            }
        },
        {
            'missed': many(
                {'enum': ['proposals']},
                'Of what more happened since `since` than is sent: the client reads it by REST.',
            )
        },
        cluster=False,
    ),
    'ErrorEvent': event(
        'error',
        'A message of the client could not be carried out.',
        {
            'code': text('A stable code.'),
            'message': text('For a person.'),
            'details': many({'type': 'object'}, 'Each mistake.'),
        },
        cluster=False,
    ),
    'PongEvent': event('pong', 'The answer to a ping.', {'time': moment("The server's time.")}, cluster=False),
}

# What clients that subscribe with another detail are sent instead.
IN_OTHER_DETAIL = frozenset({'ClusterBriefEvent', 'RolloutBriefEvent', 'ClusterRowsEvent', 'RolloutRowsEvent'})

BATCH: Schema = shape(
    'The messages of several clusters, for a subscription with `batches`.',
    {
        'type': {'const': 'batch'},
        'messages': many(ref('LiveEvent'), 'The messages, in their order; none is a `batch`.'),
    },
)

EXAMPLE: dict[str, Any] = {'type': 'thawed', 'at': AT, 'cluster': 'staging', 'by': 'maria'}

SCHEMAS: dict[str, Schema] = {
    **EVENTS,
    'BatchEvent': BATCH,
    'LiveEvent': {
        'description': 'A message of the live channel.',
        'anyOf': [ref(name) for name in (*EVENTS, 'BatchEvent') if name not in IN_OTHER_DETAIL],
        'examples': [EXAMPLE, {'type': 'synced', 'at': AT, 'revisions': {'staging': REVISION}}],
    },
}
