"""The schema of every error."""

from handlers.document.schemas.build import Schema, many, ref, shape, text, text_or_null
from handlers.document.schemas.operations import CHECKS

PROBLEM = shape(
    'One mistake or one warning.',
    {
        'path': text('Where: as `services[2].email-worker.elb.ports.public`, or the name of a parameter.'),
        'message': text('What is wrong, and what is allowed.'),
    },
    {
        'line': {'type': 'integer', 'minimum': 1, 'description': 'The line of the text that was sent.'},
        'column': {'type': 'integer', 'minimum': 1, 'description': 'The column in that line.'},
    },
    example={'path': 'services[0].user-service.memory', 'line': 4, 'column': 15, 'message': 'expected a whole number'},
)

ERROR = shape(
    'The shape of every error.',
    {
        'error': text('A stable code, for programs.'),
        'message': text('For a person.'),
        'details': many(ref('Problem'), 'Each mistake; empty where the message is complete.'),
    },
    {
        'request_id': text('The id of the request in the log; also the header X-Request-Id.'),
        'warnings': many(ref('Problem'), 'With `invalid_stackfile`: the warnings.'),
        'revision': text_or_null('With `revision_conflict`: the revision that is stored now.'),
        'diff': ref('DifferenceSince'),
        'plan': ref('Plan'),
        'also': many(ref('SideEffect'), 'With `side_effects`: what would be lost; the id of `plan` confirms it.'),
        'frozen': ref('Freeze'),
        'quarantine': ref('Quarantine'),
        'rollout': ref('Rollout'),
        'approvals': many({'type': 'object'}, 'With `approval_required`: the policies that the change has to meet.'),
        'proposal': ref('ProposalBrief'),
        'status': {'const': 'not ready', 'description': 'With `not_ready`.'},
        'checks': CHECKS,
    },
    example={
        'error': 'not_found',
        'message': "There is no cluster 'stagign' here.",
        'details': [],
        'request_id': '5f0e2d7c9b1a4e68',
    },
)

SCHEMAS: dict[str, Schema] = {'Error': ERROR, 'Problem': PROBLEM}
