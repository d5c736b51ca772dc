from typing import Any

from stack.client.proposal_text import proposal_lines, proposal_rows

PLAN: dict[str, Any] = {
    'id': 'plan-1',
    'summary': 'web: image 1 → 2',
    'settings': [{'path': 'region', 'before': None, 'after': 'eu-west-1'}],
    'services': [
        {
            'service': 'web',
            'action': 'update',
            'changes': [{'path': 'image', 'before': 'a:1', 'after': 'a:' + 'x' * 200}],
        },
        {'service': 'api', 'action': 'nothing', 'changes': []},
    ],
    'also': [{'message': 'api is created'}],
    'notes': [{'message': 'Frozen.'}],
    'warnings': [],
    'rehearsal': {'findings': [{'message': 'The image is missing.'}]},
    'ecs': {'steps': [{'text': 'Update the service web'}]},
}
PROPOSAL: dict[str, Any] = {
    'id': '1-a',
    'cluster': 'prod',
    'state': 'open',
    'summary': 'web: image 1 → 2',
    'by': 'ann',
    'reason': 'fixes mail',
    'at': '2030-01-01T00:00:00+00:00',
    'expires_at': '2030-01-01T04:00:00+00:00',
    'required': 2,
    'approvals': [{'by': 'bob', 'at': '2030-01-01T01:00:00+00:00', 'reason': 'read it'}],
    'rejections': [],
    'may_approve': 'role:deployer',
    'because': None,
    'revision': None,
    'plan': PLAN,
}


def test_a_proposal_has_its_decisions_and_its_plan():
    assert list(proposal_lines({**PROPOSAL, 'why_not': 'you made it'})) == [
        'Proposal 1-a of prod: open',
        'Proposed by ann at 2030-01-01T00:00:00+00:00: fixes mail',
        'Until 2030-01-01T04:00:00+00:00: 1 of 2 approvals',
        'May approve: role:deployer',
        'Approved by bob at 2030-01-01T01:00:00+00:00: read it',
        'Plan plan-1: web: image 1 → 2',
        '  region – → eu-west-1',
        '  web: update',
        f'    image a:1 → a:{"x" * 117}…',
        '  also: api is created',
        '  ! Frozen.',
        '  ! The image is missing.',
        '   1. Update the service web',
        'You cannot approve it: you made it',
    ]


def test_one_that_has_ended_states_how():
    bare = {**PLAN, 'also': None, 'rehearsal': None, 'ecs': None}
    rejected = {'by': 'bob', 'at': 'noon', 'reason': None}
    ended = {**PROPOSAL, 'reason': None, 'state': 'outdated', 'because': 'it is stored already', 'revision': 'r1'}
    lines = list(proposal_lines({**ended, 'approvals': [], 'rejections': [rejected], 'plan': bare}))
    assert lines[1:5] == [
        'Proposed by ann at 2030-01-01T00:00:00+00:00',
        'May approve: role:deployer',
        'Rejected by bob at noon',
        'Outdated: it is stored already',
    ]
    assert 'Revision r1' in lines


def test_a_list_has_columns():
    assert list(proposal_rows([PROPOSAL, {**PROPOSAL, 'cluster': 'staging', 'approvals': []}])) == [
        'prod     1-a  open  1/2  by ann  until 2030-01-01T04:00:00+00:00  web: image 1 → 2',
        'staging  1-a  open  0/2  by ann  until 2030-01-01T04:00:00+00:00  web: image 1 → 2',
    ]


def test_what_others_wrote_does_not_control_the_terminal():
    evil = {**PROPOSAL, 'reason': 'x\x1b[2Jy\nPlan plan-1: harmless', 'summary': 'a\rb'}
    lines = list(proposal_lines(evil))
    assert lines[1].endswith('x�[2Jy�Plan plan-1: harmless')
    assert '\r' not in next(proposal_rows([evil]))
