import json
from typing import Any

import pytest

from stack.client import commands
from stack.configuration.options import read_options
from stack.errors import Misconfigured
from tests.unit.stack.client.answering import Call, answering
from tests.unit.stack.client.test_proposal_text import PROPOSAL

REFUSAL = {'error': 'access_denied', 'message': 'No.', 'details': [{'path': 'reason', 'message': 'text'}]}
ROLLOUT = '/api/v1/clusters/prod/services/web/rollout'
PROPOSALS = '/api/v1/clusters/prod/proposals'


def call(answer: tuple[int, Any], *arguments: str) -> tuple[int, Call]:
    """Run a command against one answer: its exit status, and the call that it made."""
    with answering(answer) as script:
        options = read_options(arguments, 'x', '9')
        status = commands.run(options, {'NYSA_URL': script.url, 'NYSA_TOKEN': 'nysa_1'})
    (made,) = script.calls
    assert made.token == 'Bearer nysa_1'
    return status, made


@pytest.mark.parametrize(
    ('arguments', 'path', 'body'),
    [
        (['stop', 'prod', 'web'], f'{ROLLOUT}/stop', {'mode': 'rollback'}),
        (
            ['stop', 'prod', 'web', '--abort', '--reason=5xx', '--deployment=arn:1', '--override=me'],
            f'{ROLLOUT}/stop?override=me',
            {'mode': 'abort', 'reason': '5xx', 'deployment': 'arn:1'},
        ),
        (['continue', 'prod', 'web'], f'{ROLLOUT}/continue', {'action': 'continue'}),
        (
            ['continue', 'prod', 'web', '--roll-back', '--hook=h', '--reason=r', '--deployment=d'],
            f'{ROLLOUT}/continue',
            {'action': 'rollback', 'hook': 'h', 'reason': 'r', 'deployment': 'd'},
        ),
        (
            ['approve', 'prod', '1-a', '--plan=p', '--reason=r'],
            f'{PROPOSALS}/1-a/approve',
            {'plan': 'p', 'reason': 'r'},
        ),
        (['approve', 'prod', '1-a', '--override=now'], f'{PROPOSALS}/1-a/approve?override=now', {}),
        (['reject', 'prod', '1-a', '--reason=no'], f'{PROPOSALS}/1-a/reject', {'reason': 'no'}),
    ],
)
def test_an_act_is_one_call(arguments: list[str], path: str, body: Any, capsys: pytest.CaptureFixture[str]):
    status, made = call((202, {'message': 'deploying...', 'state': 'carried-out'}), *arguments)
    assert (status, made.method, made.path, made.body) == (0, 'POST', path, body)
    assert capsys.readouterr().out == 'deploying...\n'


@pytest.mark.parametrize(
    ('arguments', 'answer', 'status'),
    [
        (['stop', 'prod', 'web'], (403, REFUSAL), 1),
        (['stop', 'prod', 'web'], (409, {**REFUSAL, 'error': 'deployment_moved'}), 4),
        (['continue', 'prod', 'web'], (409, {**REFUSAL, 'error': 'approval_required'}), 3),
        (['continue', 'prod', 'web'], (409, {**REFUSAL, 'error': 'conflict'}), 1),
        (['approve', 'prod', '1-a'], (409, {**REFUSAL, 'error': 'proposal_ended'}), 4),
        (['approve', 'prod', '1-a'], (403, {**REFUSAL, 'error': 'approval_denied'}), 1),
        (['reject', 'prod', '1-a'], (502, REFUSAL), 1),
        (['proposals', 'prod', '1-a'], (404, REFUSAL), 1),
        (['proposals', 'prod'], (404, REFUSAL), 1),
    ],
)
def test_a_refusal_has_its_status_and_its_message(
    arguments: list[str], answer: tuple[int, Any], status: int, capsys: pytest.CaptureFixture[str]
):
    assert call(answer, *arguments)[0] == status
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ('', 'No.\n  reason: text\n')


def test_an_approval_that_does_not_complete_the_quorum_has_a_status_of_its_own():
    assert call((200, {'message': 'approved', 'state': 'open'}), 'approve', 'prod', '1-a')[0] == 3


def test_a_renewed_plan_is_named(capsys: pytest.CaptureFixture[str]):
    plan = {'id': 'plan-2', 'summary': 'web: image 2 → 3'}
    refusal = {'error': 'plan_outdated', 'message': 'Something has moved.', 'details': [], 'plan': plan}
    assert call((412, refusal), 'approve', 'prod', '1-a', '--plan=plan-1')[0] == 4
    assert (
        'The plan is plan-2 now: web: image 2 → 3. Read it, and repeat with --plan=plan-2.' in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ('state', 'status'),
    [('carried-out', 0), ('open', 3), ('approved', 3), ('rejected', 4), ('expired', 4), ('outdated', 4)],
)
def test_one_proposal_is_shown_and_its_state_is_the_status(state: str, status: int, capsys: pytest.CaptureFixture[str]):
    found, made = call((200, {**PROPOSAL, 'state': state}), 'proposals', 'prod', '1-a')
    assert (found, made.method, made.path) == (status, 'GET', f'{PROPOSALS}/1-a')
    assert capsys.readouterr().out.startswith(f'Proposal 1-a of prod: {state}\n')


def test_all_pages_are_listed(capsys: pytest.CaptureFixture[str]):
    page = {'content': [PROPOSAL], 'next': 'n 1'}
    with answering((200, page), (200, {**page, 'next': None})) as script:
        assert commands.run(read_options(['proposals'], 'x', '9'), {'NYSA_URL': script.url}) == 0
    assert [made.path for made in script.calls] == [
        '/api/v1/proposals?state=open&limit=200',
        '/api/v1/proposals?state=open&limit=200&after=n+1',
    ]
    assert capsys.readouterr().out.count('1-a') == 2


def test_an_empty_list(capsys: pytest.CaptureFixture[str]):
    status, made = call((200, {'content': [], 'next': None}), 'proposals', 'prod', '--state=expired')
    assert (status, made.path) == (0, f'{PROPOSALS}?state=expired&limit=200')
    assert capsys.readouterr().out == 'No proposals.\n'


@pytest.mark.parametrize('arguments', [['proposals'], ['proposals', 'prod', '1-a'], ['stop', 'prod', 'web']])
def test_json_is_what_the_server_answered(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    body = {'content': [PROPOSAL], 'next': None} if arguments == ['proposals'] else PROPOSAL
    call((200, body), *arguments, '--json')
    printed = json.loads(capsys.readouterr().out)
    assert printed == ({'content': [PROPOSAL]} if arguments == ['proposals'] else PROPOSAL)


def test_the_server_is_that_of_the_command_line_then_that_of_the_environment():
    environment = {'NYSA_URL': 'https://nysa.example.com', 'NYSA_TOKEN': 't'}
    assert commands.read_server('http://other:1/', environment).url == 'http://other:1'
    assert commands.read_server(None, environment).url == 'https://nysa.example.com'
    assert commands.read_server(None, {}).url == 'http://127.0.0.1:8888'


@pytest.mark.parametrize(
    ('option', 'environment', 'path'), [('ftp://x', {}, '--server'), (None, {'NYSA_URL': 'x'}, 'NYSA_URL')]
)
def test_a_wrong_server_is_named(option: str | None, environment: dict[str, str], path: str):
    with pytest.raises(Misconfigured) as refused:
        commands.read_server(option, environment)
    assert refused.value.details()[0]['path'] == path
