"""Tokens with a scope of services: every verb that changes a service, within and outside the scope."""

from typing import Any

import pytest

from tests.client import Answer
from tests.guarded import Guarded

OWN, OTHER = 'team-a-web', 'team-b-web'
SERVICES = [{OWN: {'image': 'team/a:1'}}, {OTHER: {'image': 'team/b:1'}}]
CONFIG = {'services': SERVICES}


class Team:
    """A cluster with services of two teams, and an admin's token for those of one."""

    def __init__(self, server: Guarded):
        self.server = server
        self.token = server.token('admin', services=['team-a-*'])
        self.cluster = self.manage(CONFIG)

    def manage(self, config: dict[str, Any]) -> str:
        name = self.server.aws.cluster()
        assert self.root('POST', '/clusters', {'name': name, 'config': config}).status == 201
        return name

    def root(self, method: str, path: str, body: Any = None) -> Answer:
        return self.server.as_(self.server.admin, method, path, body)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self.server.as_(self.token, method, f'/clusters/{self.cluster}{path}', body)

    def revision(self) -> str:
        return self.root('GET', f'/clusters/{self.cluster}').json['revision']


@pytest.fixture
def team(guarded: Guarded) -> Team:
    return Team(guarded)


def changed(**settings: Any) -> dict[str, Any]:
    return {'services': [SERVICES[0], {OTHER: SERVICES[1][OTHER] | settings}]}


@pytest.mark.parametrize(
    ('method', 'path', 'body'),
    [
        ('PUT', f'/services/{OTHER}', {'image_tag': '2'}),
        ('PUT', f'/services/{OTHER}', {'image_tag': '1'}),
        ('DELETE', f'/services/{OTHER}', None),
        ('POST', f'/services/{OTHER}/restart', None),
        ('PUT', f'/services/{OTHER}/spec', {'image': 'team/b:2'}),
        ('PUT', '/services/team-c-new/spec', {'image': 'team/c:1'}),
        ('PATCH', f'/services/{OTHER}/spec', {'desired_count': 3}),
        ('PATCH', '/services', {'services': {OWN: {'image_tag': '2'}, OTHER: {'image_tag': '2'}}}),
        ('PATCH', '/services', {'services': {OWN: {'image_tag': '2'}, OTHER: None}}),
        ('PUT', '/config', changed(image='team/b:2')),
        ('PUT', '/config', {'services': SERVICES[:1]}),
        ('PUT', '/config', {'services': [*SERVICES, {'team-c-new': {'image': 'team/c:1'}}]}),
        ('PUT', '/config', {**CONFIG, 'defaults': {'cpu': 512}}),
        ('POST', '/deploy', None),
        ('PUT', '/freeze', {'reason': 'audit'}),
        ('DELETE', '/freeze', None),
        ('DELETE', '', None),
    ],
)
def test_changes_outside_the_scope_are_refused(team: Team, method: str, path: str, body: Any):
    if (method, path) == ('DELETE', '/freeze'):
        assert team.root('PUT', f'/clusters/{team.cluster}/freeze', {'reason': 'audit'}).status == 200
    before = team.revision()
    refused = team.ask(method, path, body)
    assert (refused.status, refused.json['error']) == (403, 'access_denied'), refused.body
    assert 'outside the services of your token: team-a-*' in refused.json['message']
    assert OWN not in {detail['path'].removeprefix('services.') for detail in refused.json['details']}
    assert team.revision() == before


@pytest.mark.parametrize(
    ('method', 'path', 'body'),
    [
        ('PUT', f'/services/{OWN}', {'image_tag': '2'}),
        ('DELETE', f'/services/{OWN}', None),
        ('POST', f'/services/{OWN}/restart', None),
        ('PUT', f'/services/{OWN}/spec', {'image': 'team/a:2'}),
        ('PUT', '/services/team-a-new/spec', {'image': 'team/a:1'}),
        ('PATCH', f'/services/{OWN}/spec', {'desired_count': 3}),
        ('PATCH', '/services', {'services': {OWN: {'image_tag': '2'}}}),
        ('PUT', '/config', {'services': [{OWN: {'image': 'team/a:2'}}, SERVICES[1]]}),
        ('PUT', '/config', {'services': SERVICES[::-1]}),
    ],
)
def test_changes_within_the_scope_are_made(team: Team, method: str, path: str, body: Any):
    accepted = team.ask(method, path, body)
    assert accepted.status == 202, accepted.body


def test_everything_can_be_read(team: Team):
    for path in ('', '/config', f'/services/{OTHER}', f'/services/{OTHER}/spec', '/revisions', '/freeze'):
        assert team.ask('GET', path).status == 200


def refusals(plan: Answer) -> list[str]:
    return [note['code'] for note in plan.json['notes'] if note.get('code')]


def test_a_plan_names_what_its_author_may_not_change(team: Team):
    plan = team.ask('PUT', f'/services/{OTHER}?dry_run=true', {'image_tag': '2'})
    assert plan.status == 200
    assert refusals(plan) == ['access_denied']
    assert refusals(team.ask('PUT', f'/services/{OWN}?dry_run=true', {'image_tag': '2'})) == []


def test_a_rollback_is_of_services_within_the_scope(team: Team):
    first = team.revision()
    for service in (OWN, OTHER):
        assert team.root('PUT', f'/clusters/{team.cluster}/services/{service}', {'image_tag': '2'}).status == 202
    assert team.ask('POST', '/rollback', {'revision': first}).status == 403
    assert team.ask('POST', '/rollback', {'revision': first, 'service': OTHER}).status == 403
    assert team.ask('POST', '/rollback', {'revision': first, 'service': OWN}).status == 202
    quarantine = f'/services/{OTHER}/quarantine'
    assert team.root('POST', f'/clusters/{team.cluster}/rollback', {'revision': first}).status == 202
    assert team.ask('DELETE', quarantine, {'reason': 'fixed'}).status == 403
    assert team.ask('DELETE', f'/services/{OWN}/quarantine', {'reason': 'fixed'}).status == 200


def test_a_promotion_is_of_services_within_the_scope(team: Team):
    source = team.manage({'services': [{OWN: {'image': 'team/a:5'}}, {OTHER: {'image': 'team/b:5'}}]})
    every = {'from': source, 'force': True}
    assert team.ask('POST', '/promote', every | {'services': [OWN, OTHER]}).status == 403
    assert team.ask('POST', '/promote', every | {'services': [OTHER]}).status == 403
    assert team.ask('POST', '/promote', every | {'services': [OWN]}).status == 202


def test_a_cluster_is_created_and_restored_within_the_scope(team: Team):
    own = {'services': [{OWN: {'image': 'team/a:1'}}]}
    other, mine = team.server.aws.cluster(), team.server.aws.cluster()
    asked = team.server.as_(team.token, 'POST', '/clusters', {'name': other, 'config': CONFIG})
    assert (asked.status, asked.json['error']) == (403, 'access_denied')
    assert team.server.as_(team.token, 'POST', '/clusters', {'name': mine, 'config': own}).status == 201
    assert team.server.as_(team.token, 'DELETE', f'/clusters/{mine}').status == 200
    assert team.server.as_(team.token, 'POST', f'/clusters/{mine}/restore').status == 202
    assert team.root('DELETE', f'/clusters/{team.cluster}').status == 200
    assert team.ask('POST', '/restore').status == 403


def test_a_session_has_the_scope_of_its_token(team: Team):
    cookie, csrf = team.server.signed_in(team.token)
    described = team.server.api('GET', '/session', Cookie=cookie).json
    assert described['services'] == ['team-a-*']
    path = f'/clusters/{team.cluster}/services/{OTHER}'
    headers = {'Cookie': cookie, 'X_CSRF_Token': csrf, 'Origin': f'http://127.0.0.1:{team.server.port}'}
    assert team.server.api('PUT', path, {'image_tag': '2'}, **headers).status == 403


def test_a_token_reaches_no_further_than_its_creator(team: Team):
    def make(services: list[str]) -> Answer:
        asked = {'name': 'bot', 'role': 'deployer', 'services': services, 'expires': '1d'}
        return team.server.as_(team.token, 'POST', '/tokens', asked)

    made = make(['team-a-web', 'team-a-x*'])
    assert (made.status, made.json['services']) == (201, ['team-a-web', 'team-a-x*'])
    assert make(['*']).status == 403
    assert make(['team-*']).status == 403
    wrong = make(['a b'])
    assert (wrong.status, wrong.json['details'][0]['path']) == (400, 'services')
    shown = team.server.as_(team.token, 'GET', '/tokens').json['content']
    assert all(token['services'] != ['*'] for token in shown)
