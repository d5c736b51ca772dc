"""Start with access control: without a token, with one, and with access control off."""

import json

import pytest

from tests.aws import Aws
from tests.process import Process, run


def variables(aws: Aws, profile: str, **secret: object) -> dict[str, str]:
    queue = aws.queue().rpartition('/')[2]
    aws.secret(profile, {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': queue, **secret})
    return {'PROFILE': profile, 'NYSA_PORT': '0', **aws.environment()}


def test_without_anybody_who_could_sign_in_it_does_not_start(aws: Aws):
    ended = run(**variables(aws, 'tokenless'))
    assert ended.returncode == 2
    assert 'token create' in ended.stderr
    assert 'Traceback' not in ended.stderr


@pytest.mark.parametrize(
    'arguments',
    [
        ['--role=root', '--expires=1d'],
        ['--role=viewer'],
        ['--role=viewer', '--expires=soon'],
        ['--role=viewer', '--expires=1d', '--clusters='],
    ],
)
def test_a_token_that_cannot_be_made(arguments: list[str]):
    ended = run('token', 'create', '--name=x', *arguments)
    assert (ended.returncode, ended.stdout) == (2, '')
    assert 'The token cannot be created' in ended.stderr


def test_a_printed_token_authenticates_and_is_logged_nowhere(aws: Aws):
    made = run('token', 'create', '--name=maria', '--role=admin', '--clusters=stag*,prod', '--expires=90d')
    token = made.stdout.splitlines()[1]
    record = json.loads(next(line for line in made.stdout.splitlines() if line.startswith('{')))
    with Process(**variables(aws, 'onetoken', NYSA_TOKENS=[record])) as server:
        session = server.api('GET', '/session', Authorization=f'Bearer {token}').json
        assert (session['name'], session['role'], session['clusters']) == ('maria', 'admin', ['stag*', 'prod'])
        assert server.api('GET', '/clusters').status == 401
        _, output = server.end()
    for secret in (token, token.split('_', 2)[2], record['hash']):
        assert secret not in output


def test_a_broken_list_of_tokens_is_reported_without_its_content(aws: Aws):
    ended = run(**variables(aws, 'broken', NYSA_TOKENS=[{'id': 'very-secret'}]))
    assert ended.returncode == 2
    assert 'NYSA_TOKENS' in ended.stderr
    assert 'very-secret' not in ended.stderr


def test_without_control_it_says_so_loudly(aws: Aws):
    with Process(**variables(aws, 'open', NYSA_SESSION_KEY='k' * 32), NYSA_AUTH='off') as server:
        assert server.api('GET', '/clusters').status == 200
        _, output = server.end()
    assert 'ACCESS IS NOT CONTROLLED' in output
