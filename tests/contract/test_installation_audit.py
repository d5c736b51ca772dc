"""The audit of the installation: sign-ins, tokens, failed permissions; without secrets, bounded, and verifiable."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from tornado.httpclient import HTTPClientError

from stack.access.access import Role
from stack.access.tokens import Asked, make
from stack.aws.s3 import Bucket
from stack.changes.audit_verification import Verification
from stack.changes.entry_recorder import FAILURES_MOST
from stack.changes.installation_audit import INSTALLATION
from stack.state.proof import Severity
from tests.aws import Aws
from tests.guarded import Guarded
from tests.live_client import LiveClient
from tests.server import connect


def audit(server: Guarded, query: str = '?limit=200') -> list[dict]:
    answer = server.as_(server.admin, 'GET', f'/audit{query}')
    assert answer.status == 200, answer.body
    return answer.json['content']


def of(server: Guarded, kind: str) -> list[dict]:
    return [entry for entry in audit(server) if entry['kind'] == kind]


def objects(server: Guarded) -> list[dict]:
    return server.aws.client('s3').list_objects_v2(Bucket=server.bucket, Prefix=INSTALLATION).get('Contents', [])


def test_sign_ins_are_recorded_without_secrets(guarded: Guarded):
    token = guarded.token('viewer')
    guarded.signed_in(token)
    for wrong in (token[:-1] + '=', 'nysa_000000000000_' + 'a' * 43, 'x'):
        assert guarded.api('POST', '/session', {'token': wrong}).status == 401
        assert guarded.as_(wrong, 'GET', '/clusters').status == 401
        assert guarded.as_(wrong, 'GET', '/session').json['signed_in'] is False
    assert guarded.api('GET', '/clusters').status == 401, 'a request without credentials is no sign-in'
    assert [(entry['by'], entry['did']) for entry in of(guarded, 'sign-in')] == [
        ('viewer', {'verb': 'sign in', 'via': 'token', 'token': token.split('_')[1]})
    ]
    failed = of(guarded, 'failed-sign-in')
    assert sum(entry['count'] for entry in failed) == 9
    assert {entry['did'].get('token') for entry in failed} == {None, '0' * 12}
    assert token.split('_', 2)[2][:20] not in json.dumps(audit(guarded))


def test_acts_on_tokens_are_recorded(guarded: Guarded):
    token = guarded.token('deployer', clusters=['stag*'])
    id = token.split('_')[1]
    made = guarded.as_(guarded.admin, 'POST', f'/tokens/{id}/rotate', {'overlap': '0m'}).json
    assert guarded.as_(token, 'GET', '/clusters').status == 401
    guarded.revoke(made['token'])
    acts = {entry['did']['verb']: entry for entry in of(guarded, 'token')}
    assert list(acts) == ['revoke token', 'rotate token', 'create token']
    assert {entry['by'] for entry in acts.values()} == {'root'}
    assert (acts['create token']['did']['token'], acts['create token']['did']['clusters']) == (id, ['stag*'])
    assert (acts['rotate token']['did']['token'], acts['rotate token']['did']['replaces']) == (made['id'], id)
    (expired,) = of(guarded, 'expired-token')
    assert (expired['by'], expired['did']['token'], expired['error']) == ('deployer', id, 'token_expired')
    assert made['token'].split('_', 2)[2] not in json.dumps(audit(guarded))


def test_a_missing_permission_is_in_the_audit_of_its_cluster_or_of_the_installation(guarded: Guarded):
    cluster = guarded.managed()
    viewer, elsewhere = guarded.token('viewer'), guarded.token('admin', clusters=['elsewhere*'])
    assert guarded.as_(viewer, 'DELETE', f'/clusters/{cluster}?message=hunter2').status == 403
    assert guarded.as_(elsewhere, 'GET', f'/clusters/{cluster}').status == 404
    assert guarded.as_(viewer, 'GET', '/tokens').status == 403
    assert guarded.as_(elsewhere, 'GET', '/audit').status == 403
    for missing in ('made-up-1', 'made-up-2'):
        assert guarded.as_(viewer, 'DELETE', f'/clusters/{missing}').status == 403
    entries = guarded.as_(guarded.admin, 'GET', f'/clusters/{cluster}/audit').json['content']
    denied = {entry['did']['request']: entry for entry in entries if entry['kind'] == 'refusal'}
    path = f'/api/v1/clusters/{cluster}'
    assert all(entry['summary'] == request for request, entry in denied.items())
    assert {request: (entry['by'], entry['error']) for request, entry in denied.items()} == {
        f'DELETE {path}': ('viewer', 'access_denied'),
        f'GET {path}': ('admin', 'access_denied'),
    }
    requests = {entry['did']['request']: entry['by'] for entry in of(guarded, 'denied')}
    assert requests == {
        'GET /api/v1/tokens': 'viewer',
        'GET /api/v1/audit': 'admin',
        'DELETE /api/v1/clusters/made-up-1': 'viewer',
        'DELETE /api/v1/clusters/made-up-2': 'viewer',
    }
    listed = guarded.aws.client('s3').list_objects_v2(Bucket=guarded.bucket, Prefix='nysa/audit/made-up')
    assert listed['KeyCount'] == 0


def test_a_socket_without_a_permission_is_recorded(aws: Aws):
    with Guarded(aws, NYSA_LOGS_ROLE='admin') as server:
        viewer = server.token('viewer')

        async def ask() -> None:
            with pytest.raises(HTTPClientError):
                await LiveClient.connect(server.port, Authorization='Bearer x')
            client = await LiveClient.connect(server.port, Authorization=f'Bearer {viewer}')
            await client.say({'type': 'tail', 'cluster': 'staging', 'service': 'web'})
            await client.type('error')
            await client.close()

        asyncio.run(ask())
        found = {entry['kind']: entry for entry in audit(server)}
        assert found['failed-sign-in']['error'] == 'not_authenticated'
        denied = found['denied']
        assert (denied['by'], denied['did']['request']) == ('viewer', 'GET /api/v1/events')
        assert 'Reading logs requires the role admin' in denied['reason']


def test_a_flood_of_failures_is_one_object_with_a_bounded_number_of_entries(guarded: Guarded):
    for number in range(3 * FAILURES_MOST):
        wrong = f'nysa_{number:012x}_' + 'a' * 43
        assert guarded.as_(wrong, 'GET', '/clusters', User_Agent=f'agent-{number}').status in (401, 429)
    failed = of(guarded, 'failed-sign-in')
    assert sum(entry['count'] for entry in failed) == 3 * FAILURES_MOST
    assert len(objects(guarded)) <= 2
    assert len(failed) <= 2 * (FAILURES_MOST + 2)


def test_a_caller_above_its_rate_limit_is_no_failed_sign_in(aws: Aws):
    with Guarded(aws, NYSA_RATE_LIMIT='1') as server:
        token = server.token('viewer')
        statuses = [server.as_(token, 'GET', '/clusters').status for _ in range(30)]
        assert 429 in statuses
        (entries, _) = server.run(server.context.installation_audit.page(100))
        assert [entry['kind'] for entry in entries] == ['token']


@pytest.mark.parametrize('query', ['?limit=0', '?limit=201', '?after=', '?after=x', '?after=Li4v'])
def test_a_page_that_cannot_be(guarded: Guarded, query: str):
    assert guarded.as_(guarded.admin, 'GET', f'/audit{query}').status == 400


def test_pages_have_every_entry_once(guarded: Guarded):
    for number in range(3):
        guarded.token('viewer', name=f'bot-{number}')
        assert len(audit(guarded)) == number + 1
    names, query = [], '?limit=1'
    while query:
        answer = guarded.as_(guarded.admin, 'GET', f'/audit{query}').json
        names += [entry['did']['name'] for entry in answer['content']]
        query = answer['next'] and f'?limit=1&after={answer["next"]}'
    assert names == ['bot-2', 'bot-1', 'bot-0']


def test_everything_that_a_server_records_is_proven(aws: Aws):
    past = datetime.now(UTC) - timedelta(seconds=1)
    text, kept = make(Asked('old', Role.ADMIN, expires_at=past), None, past)
    with Guarded(aws, kept.record()) as server:
        cluster = server.managed()
        viewer = server.token('viewer')
        assert server.as_(text, 'GET', '/clusters').status == 401
        assert server.as_(viewer, 'DELETE', f'/clusters/{cluster}').status == 403
        for tag in ('2', '3'):
            body = {'image_tag': tag}
            assert server.as_(server.admin, 'PUT', f'/clusters/{cluster}/services/web', body).status == 202
        server.as_(server.admin, 'PUT', f'/clusters/{cluster}/freeze', {'reason': 'sale'})
        assert server.as_(server.admin, 'PUT', f'/clusters/{cluster}/services/web', {'image_tag': '4'}).status == 423
        server.as_(server.admin, 'GET', f'/clusters/{cluster}/audit')
        audit(server)
        verification = Verification(Bucket(connect(aws.endpoint, aws.region)[0], server.bucket))
        proofs = [*server.run(verification.cluster(cluster)), *server.run(verification.installation())]
        assert [(proof.findings, proof.checked >= 2) for proof in proofs] == [((), True)] * 3
        newest = objects(server)[0]['Key']
        server.aws.client('s3').put_object(Bucket=server.bucket, Key=newest, Body=b'[]')
        (proof,) = server.run(verification.installation())
        assert {(finding.severity, finding.where) for finding in proof.findings} == {(Severity.BROKEN, newest)}
