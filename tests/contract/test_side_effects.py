"""Side effects of a change: stated in plans and records, and refused below admin where something would be lost."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.aws import Aws
from tests.client import path
from tests.guarded import Guarded

CONFIG = {'services': [{'web': {'image': 'web:1', 'desired_count': 1, 'memory': 256, 'cpu': 128}}]}
LOST = {'service': 'web', 'path': 'containers', 'effect': 'lost'}


@dataclass
class Edited:
    """A cluster whose service got a sidecar by hand, in ECS alone."""

    server: Guarded
    cluster: str
    deployer: str

    @property
    def service(self) -> str:
        return path('clusters', self.cluster, 'services', 'web')

    def change(self, token: str, query: str = ''):
        return self.server.as_(token, 'PUT', self.service + query, {'image_tag': '2'})

    def revision(self) -> str:
        return self.server.stored(self.cluster)['VersionId']


@pytest.fixture
def edited(aws: Aws) -> Iterator[Edited]:
    with Guarded(aws) as server:
        name = aws.cluster()
        ecs = aws.client('ecs')
        containers = [
            {'name': 'web', 'image': 'web:1', 'memory': 256, 'cpu': 128, 'essential': True},
            {'name': 'agent', 'image': 'agent:1', 'memory': 64, 'essential': False},
        ]
        ecs.register_task_definition(family=f'{name}-web', networkMode='host', containerDefinitions=containers)
        ecs.create_service(cluster=name, serviceName='web', taskDefinition=f'{name}-web', desiredCount=1)
        created = server.as_(server.admin, 'POST', '/clusters', {'name': name, 'config': CONFIG})
        assert created.status == 201, created.body
        yield Edited(server, name, server.token('deployer'))


def test_a_loss_is_refused_until_its_plan_is_confirmed(edited: Edited):
    before = edited.revision()
    refused = edited.change(edited.deployer)
    assert (refused.status, refused.json['error']) == (409, 'side_effects')
    assert [{key: effect[key] for key in LOST} for effect in refused.json['also']] == [LOST]
    assert refused.json['details'][0]['path'] == 'web.containers'
    assert edited.revision() == before
    confirmed = edited.change(edited.deployer, f'?plan={refused.json["plan"]["id"]}')
    assert confirmed.status == 202, confirmed.body
    assert LOST in confirmed.json['also']


def test_an_admin_is_not_refused_and_the_record_names_the_loss(edited: Edited):
    assert edited.change(edited.server.admin).status == 202
    revisions = edited.server.as_(edited.server.admin, 'GET', path('clusters', edited.cluster, 'revisions')).json
    assert LOST in revisions['content'][0]['changes'][0]['also']
    audit = edited.server.as_(edited.server.admin, 'GET', path('clusters', edited.cluster, 'audit')).json
    assert LOST in audit['content'][0]['also']


def test_a_plan_lists_the_effects_and_nothing_is_lost_without_deploying(edited: Edited):
    plan = edited.change(edited.deployer, '?dry_run=true').json
    assert LOST in [{key: effect[key] for key in LOST} for effect in plan['also']]
    assert edited.change(edited.deployer, '?deploy=false&dry_run=true').json['also'] == []
    assert edited.change(edited.deployer, '?deploy=false').status == 202


def test_deploying_what_is_stored_is_refused_as_well(edited: Edited):
    deploy = path('clusters', edited.cluster, 'deploy')
    assert edited.server.as_(edited.deployer, 'POST', deploy).json['error'] == 'side_effects'
    assert edited.server.as_(edited.server.admin, 'POST', deploy).status == 202


def test_a_restart_can_be_confirmed_too(edited: Edited):
    restart = edited.service + '/restart'
    refused = edited.server.as_(edited.deployer, 'POST', restart)
    assert refused.json['error'] == 'side_effects'
    confirmed = edited.server.as_(edited.deployer, 'POST', f'{restart}?plan={refused.json["plan"]["id"]}')
    assert confirmed.status == 202, confirmed.body


def test_drift_that_is_reverted_is_listed_and_not_refused(edited: Edited):
    ecs = edited.server.aws.client('ecs')
    containers = [{'name': 'web', 'image': 'web:1', 'memory': 512, 'cpu': 128, 'essential': True}]
    family = f'{edited.cluster}-web'
    made = ecs.register_task_definition(family=family, networkMode='host', containerDefinitions=containers)
    definition = made['taskDefinition']['taskDefinitionArn']
    ecs.update_service(cluster=edited.cluster, service='web', taskDefinition=definition)
    answer = edited.change(edited.deployer)
    assert answer.status == 202, answer.body
    assert answer.json['also'] == [{'service': 'web', 'path': 'memory', 'effect': 'changed'}]
