"""Who may do what: every address and verb of the routing table, for every kind of caller there is."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from handlers.api.operation import VERBS
from handlers.routes import ROUTES, SOCKETS
from stack.access.access import ROLES
from stack.access.tokens import Asked, make
from tests.aws import Aws
from tests.client import Answer
from tests.guarded import Guarded
from tests.server import Server

CLUSTER = r'/api/v1/clusters/([^/]+)'

# The minimum role of each route, stated independently of the declarations in the code.
TABLE = {
    'GET /api/v1/clusters': 'viewer',
    'POST /api/v1/clusters': 'admin',
    f'GET {CLUSTER}': 'viewer',
    f'DELETE {CLUSTER}': 'admin',
    f'POST {CLUSTER}/restore': 'admin',
    f'GET {CLUSTER}/config': 'viewer',
    f'PUT {CLUSTER}/config': 'admin',
    f'POST {CLUSTER}/deploy': 'deployer',
    f'POST {CLUSTER}/plan': 'viewer',
    f'GET {CLUSTER}/rollout': 'viewer',
    f'GET {CLUSTER}/services': 'viewer',
    f'GET {CLUSTER}/services/([^/]+)': 'viewer',
    f'PATCH {CLUSTER}/services': 'deployer',
    f'PUT {CLUSTER}/services/([^/]+)': 'deployer',
    f'GET {CLUSTER}/services/([^/]+)/configuration': 'viewer',
    f'GET {CLUSTER}/services/([^/]+)/logs': 'viewer',
    f'GET {CLUSTER}/services/([^/]+)/metrics': 'viewer',
    f'GET {CLUSTER}/metrics': 'viewer',
    f'GET {CLUSTER}/services/([^/]+)/spec': 'viewer',
    f'PUT {CLUSTER}/services/([^/]+)/spec': 'admin',
    f'PATCH {CLUSTER}/services/([^/]+)/spec': 'admin',
    f'POST {CLUSTER}/services/([^/]+)/restart': 'deployer',
    f'POST {CLUSTER}/services/([^/]+)/run': 'deployer',
    f'GET {CLUSTER}/services/([^/]+)/runs': 'viewer',
    f'GET {CLUSTER}/services/([^/]+)/runs/([^/]+)': 'viewer',
    f'POST {CLUSTER}/services/([^/]+)/rollout/stop': 'deployer',
    f'POST {CLUSTER}/services/([^/]+)/rollout/continue': 'deployer',
    f'DELETE {CLUSTER}/services/([^/]+)': 'admin',
    f'GET {CLUSTER}/services/([^/]+)/tags': 'viewer',
    f'POST {CLUSTER}/adopt': 'admin',
    f'GET {CLUSTER}/audit': 'viewer',
    f'GET {CLUSTER}/freeze': 'viewer',
    f'PUT {CLUSTER}/freeze': 'admin',
    f'DELETE {CLUSTER}/freeze': 'admin',
    f'GET {CLUSTER}/proposals': 'viewer',
    f'POST {CLUSTER}/proposals': 'deployer',
    f'GET {CLUSTER}/proposals/([^/]+)': 'viewer',
    f'POST {CLUSTER}/proposals/([^/]+)/approve': 'deployer',
    f'POST {CLUSTER}/proposals/([^/]+)/reject': 'deployer',
    f'GET {CLUSTER}/quarantine': 'viewer',
    f'POST {CLUSTER}/rollback': 'deployer',
    f'POST {CLUSTER}/promote': 'deployer',
    f'GET {CLUSTER}/services/([^/]+)/quarantine': 'viewer',
    f'DELETE {CLUSTER}/services/([^/]+)/quarantine': 'admin',
    f'GET {CLUSTER}/revisions': 'viewer',
    f'GET {CLUSTER}/revisions/([^/]+)': 'viewer',
    f'GET {CLUSTER}/revisions/([^/]+)/diff': 'viewer',
    'GET /api/v1/proposals': 'viewer',
    'GET /api/v1/freezes': 'admin',
    'PUT /api/v1/freezes': 'admin',
    'GET /api/v1/accounts': 'viewer',
    'GET /api/v1/activity': 'viewer',
    'GET /api/v1/stats/deployments': 'viewer',
    'GET /api/v1/ecs-clusters': 'admin',
    'GET /api/v1/versions': 'viewer',
    'GET /api/v1/session': 'public',
    'POST /api/v1/session': 'public',
    'DELETE /api/v1/session': 'viewer',
    'GET /sign-in': 'public',
    'GET /signed-in': 'public',
    'GET /api/v1/audit': 'admin',
    'GET /api/v1/tokens': 'admin',
    'POST /api/v1/tokens': 'admin',
    'DELETE /api/v1/tokens/([^/]+)': 'admin',
    'POST /api/v1/tokens/([^/]+)/rotate': 'admin',
    'POST /api/v1/stackfiles/validate': 'viewer',
    'GET /api/v1/stackfile.schema.json': 'public',
    'GET /api/v1/openapi.json': 'public',
    'GET /api/docs': 'public',
    'GET /api/docs/style.css': 'public',
    'GET /healthz': 'public',
    'GET /readyz': 'public',
    'GET /metrics': 'public',
    'GET /api/v1/events': 'viewer',
}

ALLOWED = 'allowed'


def declared() -> dict[str, str]:
    found = {
        f'{verb.upper()} {pattern}': getattr(handler, verb).operation.role.name.lower()
        for pattern, handler in ROUTES
        for verb in VERBS
        if hasattr(getattr(handler, verb), 'operation')
    }
    return found | {f'GET {pattern}': handler.role.name.lower() for pattern, handler in SOCKETS}


def test_every_route_has_a_row_that_says_what_is_declared():
    assert declared() == TABLE


class Asker:
    """Asks one row as everybody; what is allowed would succeed or fail for another reason, and change nothing."""

    def __init__(self, server: Guarded, row: str):
        self.server = server
        self.verb, _, pattern = row.partition(' ')
        self.cluster = server.managed()
        names = iter([self.cluster, 'current' if 'revisions' in pattern else 'web', 'a-run'])
        while '([^/]+)' in pattern:
            pattern = pattern.replace('([^/]+)', next(names), 1)
        self.path = pattern + '?dry_run=true'
        self.socket = pattern.endswith('/events')

    def ask(self, **headers: str) -> Answer:
        if self.socket:
            headers |= {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13'}
            headers.setdefault('Sec_WebSocket_Key', 'x' * 22 + '==')
        return self.server.ask(self.verb, self.path, {} if self.verb in ('PUT', 'POST') else None, **headers)

    def bearer(self, token: str, **headers: str) -> Answer:
        return self.ask(Authorization=f'Bearer {token}', **headers)


# The socket is in tests/contract/test_access_sockets.py.
@pytest.mark.parametrize('row', [row for row in TABLE if not row.endswith('/events')])
def test_who_may(row: str, guarded: Guarded):
    asker, role = Asker(guarded, row), TABLE[row]
    needed = ROLES.get(role, 0)
    public = role == 'public'
    changes = not row.startswith('GET')

    def expect(who: str, answer: Answer, *statuses: int) -> None:
        refused = answer.status in (401, 403, 429) or answer.status >= 500
        # POST /session answers 401 to a body without a valid token
        assert answer.status in statuses if statuses else not refused, f'{who}: {answer.status} {answer.body[:200]}'

    unauthenticated = (401,) * (not public)
    expect('unauthenticated', asker.ask(), *unauthenticated)
    for each, its_role in ROLES.items():
        expect(each, asker.bearer(guarded.token(each)), *((403,) * (its_role < needed)))
    elsewhere = guarded.token('admin', clusters=['elsewhere*'])
    of_all = row == 'GET /api/v1/audit'
    expect('admin of other clusters', asker.bearer(elsewhere), *((404,) * (CLUSTER in row)), *((403,) * of_all))
    revoked = guarded.token('admin')
    guarded.revoke(revoked)
    expect('revoked', asker.bearer(revoked), *unauthenticated)
    expect('made up', asker.bearer('nysa_000000000000_' + 'a' * 43), *unauthenticated)
    expect('no token at all', asker.bearer('x'), *unauthenticated)
    expect('a secret of another token', asker.bearer(guarded.admin[:-1] + '='), *unauthenticated)
    cookie, csrf = guarded.signed_in(guarded.admin)
    forged = cookie[:-8] + 'deadbeef'
    expect('forged cookie', asker.ask(Cookie=forged, X_CSRF_Token=csrf), *unauthenticated)
    expect('wrong Origin', asker.bearer(guarded.admin, Origin='https://evil.example'), *((403,) * changes))
    expect('Origin null', asker.bearer(guarded.admin, Origin='null'), *((403,) * changes))
    expect('cross-site', asker.bearer(guarded.admin, Sec_Fetch_Site='cross-site'), *((403,) * changes))
    own = f'http://127.0.0.1:{guarded.port}'
    guessed = (403,) * (changes and not public)
    expect('session, no CSRF token', asker.ask(Cookie=cookie, Origin=own), *guessed)
    expect('session, wrong CSRF token', asker.ask(Cookie=cookie, X_CSRF_Token='x', Origin=own), *guessed)
    expect('session, no Origin', asker.ask(Cookie=cookie, X_CSRF_Token=csrf), *guessed)
    evil = asker.ask(Cookie=cookie, X_CSRF_Token=csrf, Origin='https://evil.example')
    expect('session, wrong Origin', evil, *((403,) * changes))
    expect('session', asker.ask(Cookie=cookie, X_CSRF_Token=csrf, Origin=own, Sec_Fetch_Site='same-origin'))


def test_an_expired_token_is_refused(aws: Aws):
    past = datetime.now(UTC) - timedelta(seconds=1)
    text, kept = make(Asked('old', ROLES['admin'], expires_at=past), None, past)
    with Guarded(aws, kept.record()) as server:
        for verb, pattern in (row.split(' ') for row, role in TABLE.items() if role != 'public'):
            path = pattern.replace('([^/]+)', 'x')
            refused = server.ask(verb, path, Authorization=f'Bearer {text}')
            assert (refused.status, refused.json['error']) == (401, 'token_expired'), path
            assert 'expired at' in refused.json['message']
        refused = server.api('POST', '/session', {'token': text})
        assert (refused.status, refused.json['error']) == (401, 'token_expired')
        # Only its holder learns that it has expired.
        wrong = server.api('GET', '/clusters', Authorization=f'Bearer {text[:-1]}=')
        guessed = server.api('GET', '/clusters', Authorization=f'Bearer {text[:20]}{"a" * 40}')
        assert (wrong.json['error'], guessed.json['error']) == ('not_authenticated', 'not_authenticated')


def test_answers_do_not_tell_what_there_is(guarded: Guarded):
    """A cluster that one may not see answers as one that is not there, but for its name."""
    cluster = guarded.managed()
    token = guarded.token('admin', clusters=['elsewhere*'])
    for verb, rest in itertools.product(('GET', 'DELETE'), ('', '/services/web')):
        there = guarded.as_(token, verb, f'/clusters/{cluster}{rest}').json
        absent = guarded.as_(token, verb, f'/clusters/nowhere{rest}').json
        for each in (there, absent):
            each.pop('request_id')
            each['message'] = each['message'].replace(cluster, 'nowhere')
        assert there == absent
    made = guarded.as_(token, 'POST', '/clusters', {'name': cluster, 'config': {'services': []}})
    assert made.status == 403
    assert guarded.as_(token, 'GET', '/clusters').json == {'content': []}


def test_nothing_is_taken_over_from_a_cluster_that_one_may_not_see(guarded: Guarded):
    source, own = guarded.managed(), guarded.managed()
    token = guarded.token('deployer', clusters=[own])
    refused = [
        guarded.as_(token, 'POST', f'/clusters/{own}/promote?dry_run=true', {'from': name})
        for name in (source, 'nowhere')
    ]
    there, absent = (each.json['message'].replace(source, 'nowhere') for each in refused)
    assert there == absent
    assert {each.status for each in refused} == {422}


def test_only_what_one_may_see_is_listed(guarded: Guarded):
    cluster = guarded.managed()
    guarded.managed()
    token = guarded.token('viewer', clusters=[cluster])
    assert guarded.as_(token, 'GET', '/clusters').json == {'content': [cluster]}
    assert guarded.as_(token, 'GET', f'/clusters/{cluster}/config').status == 200
    admin = guarded.token('admin', clusters=[cluster])
    assert [each['name'] for each in guarded.as_(admin, 'GET', '/ecs-clusters').json['content']] == [cluster]


@pytest.mark.parametrize('make_header', [lambda t: f'Bearer {t}', lambda t: f'bearer  {t}'])
def test_both_ways_of_writing_a_header(guarded: Guarded, make_header: Callable[[str], str]):
    assert guarded.api('GET', '/clusters', Authorization=make_header(guarded.admin)).status == 200


@pytest.mark.parametrize(
    'header',
    ['', 'Bearer', 'Bearer ', 'Basic', 'Basic ???', 'Basic ' + 'w6Q6w6Q=', 'Digest x', 'Bearer \xff', 'x' * 8000],
)
def test_headers_that_say_nothing(guarded: Guarded, header: str):
    answer = guarded.api('GET', '/clusters', Authorization=header)
    assert answer.status == 401
    assert answer.headers['WWW-Authenticate'] == 'Bearer realm="nysa"'


def stop_clock_of_limits(server: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit leaves room again while a test goes on."""
    access, now = server.context.access.controlled(), time.monotonic()
    for limiter in (access._requests, access._failures):
        monkeypatch.setattr(limiter, '_clock', lambda: now)


def test_failed_sign_ins_are_slowed_down_and_lock_nobody_out(guarded: Guarded, monkeypatch: pytest.MonkeyPatch):
    stop_clock_of_limits(guarded, monkeypatch)
    wrong = 'nysa_000000000000_' + 'a' * 43
    statuses = [guarded.as_(wrong, 'GET', '/clusters').status for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = guarded.as_(wrong, 'GET', '/clusters')
    assert 1 <= int(refused.headers['Retry-After']) <= 6
    assert guarded.as_(guarded.admin, 'GET', '/clusters').status == 200


def test_who_asks_too_often_has_to_wait(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    with Guarded(aws, NYSA_RATE_LIMIT='1') as server:
        other = server.token('viewer')
        stop_clock_of_limits(server, monkeypatch)
        answers = [server.as_(server.admin, 'GET', '/session') for _ in range(4)]
        assert answers[-1].status == 429
        assert answers[-1].headers['Retry-After'] == '1'
        assert server.as_(other, 'GET', '/clusters').status == 200


@pytest.mark.parametrize(
    ('proxies', 'forwarded', 'address'),
    [
        ('0', '6.6.6.6', '127.0.0.1'),
        ('1', '6.6.6.6, 10.0.0.1', '10.0.0.1'),
        ('2', '6.6.6.6, 10.0.0.1, 10.0.0.2', '10.0.0.1'),
        ('2', '6.6.6.6', '127.0.0.1'),
        ('1', '', '127.0.0.1'),
    ],
)
def test_an_address_is_believed_from_our_own_proxies_alone(aws: Aws, proxies: str, forwarded: str, address: str):
    """Each proxy adds what it has seen at the end: what a client sends itself stays in front, and proves nothing."""
    with Server(aws, NYSA_PROXIES=proxies) as server:
        name = server.cluster({'services': [{'web': {'image': 'nginx:1'}}]})
        more = {'X_Forwarded_For': forwarded, 'User_Agent': 'x'}
        assert server.api('PUT', f'/clusters/{name}/services/web', {'desired_count': 2}, **more).status == 202
        newest = server.api('GET', f'/clusters/{name}/revisions').json['content'][0]
        assert newest['source'] == f'{address} x'
