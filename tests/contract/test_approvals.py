"""Approvals over REST: what waits for whom, and what becomes of it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.aws import Aws
from tests.client import Answer
from tests.guarded import Guarded
from tests.live_client import LiveClient

POLICY: dict[str, Any] = {'required': 1, 'by': ['role:deployer'], 'expires': '4h'}


def config(tag: str = '1', **top: Any) -> dict[str, Any]:
    return {**top, 'services': [{'web': {'image': f'team/web:{tag}'}}, {'api': {'image': 'team/api:1'}}]}


class Team:
    """A cluster whose changes need approval, and the tokens of its people."""

    def __init__(self, server: Guarded, **policy: Any):
        self.server = server
        self.name = server.aws.cluster()
        self.people: dict[str, str] = {}
        document = config(approvals={**POLICY, **policy})
        assert self.ask('root', 'POST', '', {'name': self.name, 'config': document}, at='/clusters').status == 201

    def token(self, name: str, role: str = 'deployer') -> str:
        if name == 'root':
            return self.server.admin
        if name not in self.people:
            self.people[name] = self.server.token(role, name=name)
        return self.people[name]

    def ask(self, who: str, method: str, path: str, body: Any = None, at: str | None = None) -> Answer:
        at = f'/clusters/{self.name}' if at is None else at
        return self.server.as_(self.token(who), method, f'{at}{path}', body)

    def propose(self, who: str = 'ann', tag: str = '2') -> dict[str, Any]:
        answer = self.ask(who, 'PUT', '/services/web', {'image_tag': tag})
        assert answer.status == 202, answer.body
        found: dict[str, Any] = answer.json['proposal']
        return found

    def decide(self, who: str, proposal: str, verb: str = 'approve', query: str = '', **body: Any) -> Answer:
        return self.ask(who, 'POST', f'/proposals/{proposal}/{verb}{query}', body)

    def image(self) -> str:
        return str(self.server.document(self.name)['services'][0]['web']['image'])

    def audit(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.ask('root', 'GET', '/audit?limit=200').json['content']
        return entries


@pytest.fixture
def team(guarded: Guarded) -> Team:
    return Team(guarded)


def test_a_change_becomes_a_proposal_and_its_approval_carries_it_out(team: Team):
    revision = team.ask('ann', 'GET', '').json['revision']
    team.server.messages()
    answer = team.ask('ann', 'PUT', '/services/web?message=fixes+mail', {'image_tag': '2'})
    assert (answer.status, answer.json['code'], answer.json['revision']) == (202, 'approval_required', revision)
    assert 'waits for 1 approval by role:deployer' in answer.json['message']
    assert team.image() == 'team/web:1'
    assert team.server.messages() == []
    id = answer.json['proposal']['id']
    shown = team.ask('bob', 'GET', f'/proposals/{id}').json
    assert (shown['state'], shown['can_approve'], shown['reason']) == ('open', True, 'fixes mail')
    assert shown['plan']['id'] == shown['plan_id']
    assert team.ask('ann', 'GET', f'/proposals/{id}').json['can_approve'] is False
    done = team.decide('bob', id, reason='read it', plan=shown['plan_id'])
    assert (done.status, done.json['state']) == (200, 'carried-out')
    assert team.image() == 'team/web:2'
    entry = team.ask('root', 'GET', '/revisions').json['content'][0]
    assert (entry['revision'], entry['by'], entry['message']) == (done.json['revision'], 'ann', 'fixes mail')
    assert entry['changes'][0]['approved'] == {'proposal': id, 'by': ['bob']}
    kinds = {(each['kind'], each['by']) for each in team.audit()}
    assert {('proposal', 'ann'), ('approval', 'bob')} <= kinds
    again = team.decide('bob', id)
    assert (again.status, again.json['revision']) == (200, done.json['revision'])
    assert team.decide('carl', id).json['error'] == 'proposal_ended'


def test_own_approvals_do_not_count(team: Team):
    id = team.propose('ann')['id']
    for who in ('ann', 'root'):
        refused = team.decide(who, id)
        assert (refused.status, refused.json['error']) == (403, 'approval_denied')
    second = team.server.token('deployer', name='ann')
    assert team.server.as_(second, 'POST', f'/clusters/{team.name}/proposals/{id}/approve', {}).status == 403
    assert team.image() == 'team/web:1'
    assert sum(each['kind'] == 'refusal' for each in team.audit()) >= 2


def test_a_quorum_counts_people_and_only_those_that_still_may(guarded: Guarded):
    team = Team(guarded, required=2)
    id = team.propose('ann')['id']
    assert team.decide('bob', id).json['state'] == 'open'
    assert team.decide('bob', id).json['state'] == 'open'
    same = guarded.token('deployer', name='Bob')
    assert guarded.as_(same, 'POST', f'/clusters/{team.name}/proposals/{id}/approve', {}).json['state'] == 'open'
    guarded.revoke(same)
    assert team.decide('carl', id).json['state'] == 'open'
    assert team.decide('dora', id).json['state'] == 'carried-out'
    assert team.image() == 'team/web:2'


def test_one_person_speaking_for_many_counts_once(guarded: Guarded):
    team = Team(guarded, required=2)
    id = team.propose('ann')['id']
    bot = guarded.token('deployer', name='bot', speaks_for=True)
    for actor in ('bob', 'carl', 'dora'):
        path = f'/clusters/{team.name}/proposals/{id}/approve'
        answer = guarded.as_(bot, 'POST', path, {}, X_Nysa_Actor=actor)
        assert answer.json['state'] == 'open'
    assert team.image() == 'team/web:1'


def test_a_plan_that_has_moved_is_shown_again_and_loses_its_approvals(guarded: Guarded):
    team = Team(guarded, required=2)
    proposal = team.propose('ann')
    assert team.decide('bob', proposal['id']).status == 200
    scaled = team.ask('root', 'PUT', '/services/api?override=load', {'desired_count': 3})
    assert scaled.json['message'] == 'deploying...'
    moved = team.decide('carl', proposal['id'])
    assert (moved.status, moved.json['error']) == (412, 'plan_outdated')
    assert moved.json['plan']['id'] != proposal['plan_id']
    assert team.decide('carl', proposal['id']).status == 412
    now = team.ask('carl', 'GET', f'/proposals/{proposal["id"]}').json
    assert (now['approvals'], now['renewals'], now['plan_id']) == ([], 1, moved.json['plan']['id'])
    for who in ('bob', 'carl'):
        done = team.decide(who, proposal['id'], plan=now['plan_id'])
    assert done.json['state'] == 'carried-out'
    stored = guarded.document(team.name)['services']
    assert (stored[0]['web']['image'], stored[1]['api']['desired_count']) == ('team/web:2', 3)


def test_a_proposal_whose_content_is_stored_already_is_outdated(team: Team):
    id = team.propose('ann')['id']
    assert team.ask('root', 'PUT', '/services/web?override=now', {'image_tag': '2'}).status == 202
    late = team.decide('bob', id)
    assert (late.status, late.json['proposal']['state']) == (409, 'outdated')


def test_a_freeze_holds_when_it_is_approved(team: Team):
    id = team.propose('ann')['id']
    assert team.ask('root', 'PUT', '/freeze', {'reason': 'sale'}).status == 200
    assert team.decide('bob', id).status == 423
    assert team.image() == 'team/web:1'
    assert team.ask('root', 'DELETE', '/freeze').status == 200
    moved = team.decide('bob', id)
    assert moved.status == 412
    assert team.decide('bob', id, plan=moved.json['plan']['id']).json['state'] == 'carried-out'


def test_an_override_by_an_admin_is_on_record(team: Team):
    id = team.propose('ann')['id']
    assert team.decide('bob', id, query='?override=now').status == 403
    assert team.decide('root', id, query='?override=now').json['state'] == 'carried-out'
    assert [each['override'] for each in team.audit() if each['kind'] == 'override'] == ['now']


def test_a_rejected_proposal_is_not_carried_out(team: Team):
    first, second = team.propose('ann', '2')['id'], team.propose('ann', '3')['id']
    assert team.decide('bob', first, 'reject', reason='not today').json['state'] == 'rejected'
    assert team.decide('ann', second, 'reject').json['state'] == 'rejected'
    for id in (first, second):
        assert team.decide('carl', id).json['error'] == 'proposal_ended'
    assert team.image() == 'team/web:1'
    assert {each['by'] for each in team.audit() if each['kind'] == 'rejection'} == {'ann', 'bob'}


@pytest.mark.parametrize(
    'top',
    [
        {},
        {'approvals': {**POLICY, 'self': True}},
        {'approvals': {**POLICY, 'when': ['traffic']}},
        {'approvals': {**POLICY, 'by': ['role:admin', 'role:deployer']}},
    ],
)
def test_the_gate_is_not_removed_without_what_it_demands(team: Team, top: dict[str, Any]):
    team.token('alice', 'admin')
    answer = team.ask('alice', 'PUT', '/config', config('9', **top))
    assert answer.json['proposal']['state'] == 'open'
    assert team.image() == 'team/web:1'
    assert team.decide('bob', answer.json['proposal']['id']).json['state'] == 'carried-out'
    assert team.image() == 'team/web:9'


def test_a_cluster_with_approvals_is_removed_by_override_alone(team: Team):
    refused = team.ask('root', 'DELETE', '')
    assert (refused.status, refused.json['error']) == (409, 'approval_required')
    assert team.ask('root', 'DELETE', '?override=moved').status == 200


def test_rollbacks_and_restarts_do_not_wait_and_keep_the_gate(guarded: Guarded):
    team = Team(guarded)
    name = guarded.aws.cluster()
    assert guarded.as_(guarded.admin, 'POST', '/clusters', {'name': name, 'config': config('1')}).status == 201
    gated = guarded.as_(guarded.admin, 'PUT', f'/clusters/{name}/config', config('2', approvals=POLICY))
    assert gated.json['message'] == 'deploying...'
    first = guarded.as_(guarded.admin, 'GET', f'/clusters/{name}/revisions').json['content'][-1]['revision']
    ann = team.token('ann')
    assert guarded.as_(ann, 'POST', f'/clusters/{name}/services/web/restart').json['message'] == 'deploying...'
    back = guarded.as_(ann, 'POST', f'/clusters/{name}/rollback', {'revision': first})
    assert back.json['message'] == 'deploying...'
    stored = guarded.document(name)
    assert (stored['services'][0]['web']['image'], stored['approvals']) == ('team/web:1', POLICY)
    assert 'proposal' in guarded.as_(ann, 'PUT', f'/clusters/{name}/services/web', {'image_tag': '5'}).json


def test_promotions_and_settings_of_a_service_wait_too(guarded: Guarded):
    team = Team(guarded)
    source = guarded.aws.cluster()
    body = {'name': source, 'config': config('7')}
    assert guarded.as_(guarded.admin, 'POST', '/clusters', body).status == 201
    promoted = team.ask('ann', 'POST', '/promote', {'from': source, 'force': True})
    assert [each['service'] for each in promoted.json['promoted']] == ['web']
    spec = team.ask('root', 'PATCH', '/services/web/spec', {'memory': 256})
    several = team.ask('ann', 'PATCH', '/services', {'services': {'web': {'desired_count': 2}}})
    for answer in (promoted, spec, several):
        assert (answer.status, answer.json['proposal']['state']) == (202, 'open')
    assert team.decide('bob', promoted.json['proposal']['id']).json['state'] == 'carried-out'
    assert team.image() == 'team/web:7'


def test_a_service_has_a_policy_of_its_own(guarded: Guarded):
    document = config()
    document['services'][0]['web']['approvals'] = {**POLICY, 'by': ['role:admin']}
    name = guarded.aws.cluster()
    assert guarded.as_(guarded.admin, 'POST', '/clusters', {'name': name, 'config': document}).status == 201
    ann, bob = guarded.token('deployer', name='ann'), guarded.token('deployer', name='bob')
    at = f'/clusters/{name}'
    assert guarded.as_(ann, 'PUT', f'{at}/services/api', {'image_tag': '2'}).json['message'] == 'deploying...'
    id = guarded.as_(ann, 'PUT', f'{at}/services/web', {'image_tag': '2'}).json['proposal']['id']
    assert guarded.as_(bob, 'POST', f'{at}/proposals/{id}/approve', {}).status == 403
    alice = guarded.token('admin', name='alice')
    assert guarded.as_(alice, 'POST', f'{at}/proposals/{id}/approve', {}).json['state'] == 'carried-out'


def test_proposals_are_listed_by_cluster_and_over_all(team: Team):
    ids = [team.propose('ann', tag)['id'] for tag in ('2', '3', '4')]
    assert team.propose('ann', '4')['id'] == ids[2]
    team.decide('bob', ids[0], 'reject')
    listed = team.ask('bob', 'GET', '/proposals').json['content']
    assert sorted(each['id'] for each in listed) == sorted(ids)
    assert 'plan' not in listed[0]
    page = team.ask('bob', 'GET', '/proposals?limit=2').json
    rest = team.ask('bob', 'GET', f'/proposals?limit=2&after={page["next"]}').json
    assert (len(page['content']), len(rest['content']), rest['next']) == (2, 1, None)
    open_now = team.ask('bob', 'GET', '', at='/proposals').json['content']
    assert sorted(each['id'] for each in open_now) == sorted(ids[1:])
    stranger = team.server.token('viewer', clusters=['other-*'])
    assert team.server.as_(stranger, 'GET', '/proposals').json['content'] == []
    assert team.ask('bob', 'GET', '/proposals?state=odd').status == 400
    assert team.ask('bob', 'GET', '/proposals/nothing').status == 404


def test_a_change_can_be_proposed_explicitly(team: Team, guarded: Guarded):
    made = team.ask('ann', 'POST', '/proposals', {'services': {'web': {'image_tag': '2'}}})
    assert (made.status, made.json['state']) == (201, 'open')
    assert team.ask('root', 'POST', '/proposals', {'config': config('3', approvals=POLICY)}).status == 201
    assert team.ask('ann', 'POST', '/proposals', {'config': config('3')}).status == 403
    assert team.ask('ann', 'POST', '/proposals', {}).status == 400
    name = guarded.managed()
    body = {'services': {'web': {'image_tag': '2'}}}
    assert team.ask('ann', 'POST', '/proposals', body, at=f'/clusters/{name}').status == 422
    assert guarded.document(name)['services'][0]['web']['image'] == 'nginx:1'


def test_clusters_without_approvals_read_and_write_nothing_more(guarded: Guarded):
    name = guarded.managed()
    deployer = guarded.token('deployer', name='ann')
    guarded.as_(deployer, 'PUT', f'/clusters/{name}/services/web', {'image_tag': '1'})
    before = set(guarded.keys())
    assert guarded.as_(deployer, 'PUT', f'/clusters/{name}/services/web', {'image_tag': '2'}).status == 202
    assert not [key for key in set(guarded.keys()) - before if key.startswith('proposal')]


def test_decisions_are_live(team: Team):
    async def follow() -> list[tuple[str, str, int]]:
        client = await LiveClient.connect(team.server.port, Authorization=f'Bearer {team.token("bob")}')
        try:
            await client.subscribe(team.name)
            id = (await asyncio.to_thread(team.propose))['id']
            found = [await client.type('proposal')]
            await asyncio.to_thread(team.decide, 'bob', id)
            found += [await client.type('approved'), await client.type('approved')]
            second = (await asyncio.to_thread(team.propose, 'ann', '3'))['id']
            await asyncio.to_thread(team.decide, 'bob', second, 'reject')
            found += [await client.type('rejected')]
        finally:
            await client.close()
        return [(each['type'], each['state'], each['approvals']) for each in found]

    assert asyncio.run(follow()) == [
        ('proposal', 'open', 0),
        ('approved', 'approved', 1),
        ('approved', 'carried-out', 1),
        ('rejected', 'rejected', 0),
    ]


def test_who_was_away_learns_at_another_server_what_became_of_proposals(aws: Aws):
    with Guarded(aws) as first:
        team = Team(first)
        bob = team.token('bob')
        record = {'AWS_S3_BUCKET': first.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': first.queue}

        async def follow(port: int, since: str | None = None) -> list[dict[str, Any]]:
            client = await LiveClient.connect(port, Authorization=f'Bearer {bob}')
            try:
                return await client.subscribe(team.name, since=since)
            finally:
                await client.close()

        seen = team.propose('ann', '2')['id']
        events = asyncio.run(follow(first.port))
        assert [each['type'] for each in events if each.get('id')] == []
        since = events[-1]['at']
        team.decide('bob', seen, 'reject')
        came, ended = team.propose('ann', '3')['id'], team.propose('ann', '4')['id']
        team.decide('bob', ended)
        revision = team.ask('root', 'GET', '').json['revision']
        with Guarded(aws, **record) as second:
            events = asyncio.run(follow(second.port, since))
    found = [(each['type'], each['id'], each['state'], each['revision']) for each in events if 'id' in each]
    assert sorted(found) == sorted(
        [
            ('rejected', seen, 'rejected', None),
            ('proposal', came, 'open', None),
            ('approved', ended, 'carried-out', revision),
        ]
    )
    assert events[-1]['type'] == 'synced'
    assert 'missed' not in events[-1]


def test_approvals_at_two_servers_at_once_carry_out_once(aws: Aws):
    with Guarded(aws) as first:
        team = Team(first)
        people = [team.token(name) for name in ('bob', 'carl', 'dora', 'eve')]
        record = {'AWS_S3_BUCKET': first.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': first.queue}
        with Guarded(aws, **record) as second:
            before = len(first.stored_versions(team.name))
            path = f'/clusters/{team.name}/proposals/{team.propose("ann")["id"]}/approve'

            def approve(number: int) -> Answer:
                server = (first, second)[number % 2]
                return server.as_(people[number % 4], 'POST', path, {})

            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(approve, range(12)))
            assert {answer.status for answer in answers} <= {200, 409}
            done = {answer.json['revision'] for answer in answers if answer.status == 200}
            assert len(done) == 1
            assert len(first.stored_versions(team.name)) == before + 1
