"""The schemas of proposals, and of the decisions on them."""

from typing import Any

from handlers.document.schemas.build import REVISION, Schema, many, moment, number, ref, shape, text, text_or_null
from handlers.document.schemas.plans import EXAMPLE_PLAN

ID = '98103285310000-5f0e2d7c'
AT = '2030-04-02T09:21:44.310000+00:00'
STATES = ['open', 'approved', 'rejected', 'expired', 'outdated', 'carried-out']

DECISION = shape(
    'An approval or a rejection.',
    {'by': text('Who decided.'), 'at': moment('When.'), 'reason': text_or_null('Why.')},
)

REQUIREMENT = shape(
    'A policy that the change has to meet.',
    {
        'services': many({'type': 'string'}, 'The services that it is for; none where it is that of the cluster.'),
        'required': number('How many people must approve.'),
        'by': many({'type': 'string'}, 'The groups and roles that may.'),
        'self': {'type': 'boolean', 'description': 'Whether the author may.'},
        'expires': text('How long a proposal can be approved.'),
    },
)

# What a proposal is in short, as in an event or in the answer to a change.
SHORT: dict[str, Schema] = {
    'id': text('Its id.'),
    'cluster': text('The cluster.'),
    'state': {'enum': STATES, 'description': 'Whether it can be approved, and what became of it.'},
    'plan_id': text('The id of its plan, which an approval names.'),
    'summary': text('What it would do, in a line.'),
    'by': text('Its author.'),
    'reason': text_or_null('Why.'),
    'created_at': moment('When it was made.'),
    'expires_at': moment('Until when it can be approved.'),
    'required': number('How many approvals the strictest policy needs.'),
    'renewals': number('How often its plan was replaced, because something had moved.'),
    'serial': number('How often it was written: grows with each move.'),
    'decided_by': text_or_null('Who approved or rejected it last.'),
    'revision': text_or_null('The revision that carried it out; null before.'),
}

PROPOSAL: dict[str, Schema] = {
    **SHORT,
    'at': moment('When it was made.'),
    'base': text('The revision that its plan was made from.'),
    'did': {'type': 'object', 'description': 'The request; `verb` is the kind of change.'},
    'approvals': many(DECISION, 'Who approved the current plan.'),
    'rejections': many(DECISION, 'Who rejected it.'),
    'requirements': many(REQUIREMENT, 'The policies that it has to meet.'),
    'may_approve': text('Who may approve it: groups and roles.'),
    'override': text_or_null('Why it was carried out without its approvals.'),
    'because': text_or_null('Why it is outdated.'),
    'can_approve': {'type': 'boolean', 'description': 'Whether the caller can approve it now.'},
}
OPTIONAL: dict[str, Schema] = {
    'why_not': text('Why the caller cannot approve it.'),
    'plan': ref('Plan'),
}

EXAMPLE_SHORT: dict[str, Any] = {
    'id': ID,
    'cluster': 'staging',
    'state': 'open',
    'plan_id': EXAMPLE_PLAN['id'],
    'summary': EXAMPLE_PLAN['summary'],
    'by': 'kim',
    'reason': 'fixes the sign-up mail',
    'created_at': AT,
    'expires_at': '2030-04-02T13:21:44.310000+00:00',
    'required': 1,
    'renewals': 0,
    'serial': 0,
    'decided_by': None,
    'revision': None,
}
EXAMPLE: dict[str, Any] = {
    **EXAMPLE_SHORT,
    'at': AT,
    'base': REVISION,
    'did': {'verb': 'change', 'service': 'user-service', 'image_tag': 'v1.4.2'},
    'approvals': [],
    'rejections': [],
    'requirements': [
        {
            'services': ['user-service'],
            'required': 1,
            'by': ['group:platform', 'role:deployer'],
            'self': False,
            'expires': '4h',
        }
    ],
    'may_approve': 'group:platform, role:deployer',
    'override': None,
    'because': None,
    'can_approve': False,
    'why_not': 'The author of a change cannot approve it, nor who created the token that it was proposed with.',
}
APPROVED = {
    **EXAMPLE,
    'state': 'carried-out',
    'revision': REVISION,
    'decided_by': 'maria',
    'approvals': [{'by': 'maria', 'at': AT, 'reason': 'read the plan'}],
}

SCHEMAS: dict[str, Schema] = {
    'ProposalBrief': shape(
        'A proposal in short.',
        {**SHORT, 'approvals': number('How many approvals the current plan has.')},
        example={**EXAMPLE_SHORT, 'approvals': 0},
    ),
    'Proposal': shape(
        'A change that waits for approval, with its plan where one proposal is read.',
        PROPOSAL,
        OPTIONAL,
        example={**EXAMPLE, 'plan': EXAMPLE_PLAN},
    ),
    'ProposalPage': shape(
        'Proposals, by cluster and newest first.',
        {
            'content': many(ref('Proposal'), 'The proposals, without their plans.'),
            'next': text_or_null('Give it as `after` for the next page; null on the last one.'),
        },
        example={'content': [EXAMPLE], 'next': None},
    ),
    'NewProposal': shape(
        'A change to propose: one of the two.',
        {},
        {
            'services': {'type': 'object', 'description': 'Changes by service, as in `PATCH …/services`.'},
            'config': {'type': 'object', 'description': 'A whole desired state, as in `PUT …/config`.'},
        },
        example={'services': {'user-service': {'image_tag': 'v1.4.2'}}},
    ),
    'Decision': shape(
        'A decision on a proposal.',
        {},
        {
            'reason': text('Why.'),
            'plan': text('The `plan_id` that the caller saw; needed once the plan was renewed.'),
        },
        example={'reason': 'read the plan', 'plan': EXAMPLE_PLAN['id']},
    ),
    'DecidedProposal': shape(
        'A proposal after a decision.',
        {**PROPOSAL, 'message': text('What the decision did, for a person.')},
        OPTIONAL,
        example={**APPROVED, 'message': 'deploying...'},
    ),
}
