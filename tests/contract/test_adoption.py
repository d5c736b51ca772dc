"""Adoption of a running cluster as it is: POST …/adopt."""

import pytest
import yaml

from stack.sandbox.faults import Fault
from tests.client import path
from tests.server import Server


@pytest.fixture
def living(server: Server) -> str:
    """A cluster that Nysa does not manage, with one service."""
    name = server.aws.cluster()
    ecs = server.aws.client('ecs')
    container = {'name': 'web', 'image': 'team/web:1', 'memory': 256, 'environment': [{'name': 'A', 'value': '1'}]}
    ecs.register_task_definition(family=f'{name}-web', networkMode='host', containerDefinitions=[container])
    ecs.create_service(cluster=name, serviceName='web', taskDefinition=f'{name}-web', desiredCount=2, launchType='EC2')
    return name


def in_ecs(server: Server, query: str = '') -> dict[str, dict]:
    answer = server.api('GET', f'/ecs-clusters{query}')
    assert answer.status == 200, answer.body
    names = [each['name'] for each in answer.json['content']]
    assert names == sorted(names)
    return {each['name']: each for each in answer.json['content']}


def test_whether_managed_is_true_or_false(server: Server):
    assert server.api('GET', '/ecs-clusters?managed=perhaps').status == 400


@pytest.mark.parametrize('query', ['account=other', 'account=', 'region=us-east-1', 'account=home&region=Europe'])
def test_clusters_of_a_place_that_is_none(server: Server, query: str):
    answer = server.api('GET', f'/ecs-clusters?{query}')
    assert (answer.status, answer.json['error']) == (400, 'invalid_request')


def test_clusters_of_the_home_account_by_its_name(server: Server, living: str):
    assert living in in_ecs(server, '?account=home')
    assert living not in in_ecs(server, '?account=home&region=eu-north-1')


def test_unmanaged_clusters_of_ecs_are_listed_apart_from_managed_ones(server: Server, living: str):
    managed = server.cluster({'services': []})
    inactive = server.aws.cluster(instances=0)
    server.aws.client('ecs').delete_cluster(cluster=inactive)
    every, managed_ones, free = (in_ecs(server, query) for query in ('', '?managed=true', '?managed=false'))
    assert every[living] == {
        'name': living,
        'account': 'home',
        'managed': False,
        'cluster': None,
        'needs_name': False,
        'needs_account': False,
        'services': 1,
        'running': 0,
    }
    assert (every[managed]['managed'], every[managed]['cluster']) == (True, managed)
    assert inactive not in every
    assert (managed in managed_ones, living in managed_ones) == (True, False)
    assert (managed in free, living in free) == (False, True)


def test_hundreds_of_clusters_are_all_listed(server: Server):
    names = {server.aws.cluster(instances=0) for _ in range(230)}
    assert names <= in_ecs(server, '?managed=false').keys()


@pytest.mark.parametrize('call', ['ListClusters', 'DescribeClusters'])
def test_a_list_that_ecs_denies_is_an_error_that_says_so(server: Server, call: str):
    server.aws.cluster(instances=0)
    server.aws.faults.add(Fault('deny', service='ecs', operation=call))
    answer = server.api('GET', '/ecs-clusters?managed=false')
    assert (answer.status, answer.json['error']) == (502, 'aws_failed')
    assert f'ecs:{call}' in answer.json['message']
    assert 'AccessDenied' in answer.json['message']


CONFIG = {
    'services': [{'web': {'image': 'team/web:1', 'desired_count': 2, 'memory': 256, 'environment': [{'A': '1'}]}}]
}


@pytest.mark.parametrize('query', ['', '?dry_run=true'])
def test_a_cluster_that_ecs_does_not_have(server: Server, query: str):
    answer = server.api('POST', path('clusters', 'nowhere', 'adopt') + query)
    assert (answer.status, answer.json['error']) == (422, 'unprocessable')


@pytest.mark.parametrize('query', ['', '?dry_run=true'])
def test_a_name_that_no_cluster_can_have(server: Server, query: str):
    answer = server.api('POST', path('clusters', 'a b', 'adopt') + query)
    assert (answer.status, answer.json['error']) == (400, 'invalid_request')


@pytest.mark.parametrize('query', ['', '?dry_run=true'])
def test_a_cluster_that_is_managed_already(server: Server, query: str):
    name = server.cluster({'services': []})
    answer = server.api('POST', path('clusters', name, 'adopt') + query)
    assert (answer.status, answer.json['error']) == (422, 'unprocessable')


@pytest.mark.parametrize('query', ['', '?dry_run=true'])
def test_a_cluster_that_is_not_active(server: Server, query: str):
    name = server.aws.cluster(instances=0)
    server.aws.client('ecs').delete_cluster(cluster=name)
    assert server.api('POST', path('clusters', name, 'adopt') + query).status == 422


@pytest.mark.parametrize('query', ['dry_run=perhaps', 'deploy=perhaps'])
def test_a_flag_that_is_neither_true_nor_false(server: Server, living: str, query: str):
    assert server.api('POST', path('clusters', living, 'adopt') + f'?{query}').status == 400
    assert server.keys() == []


def test_a_dry_run_says_what_would_be_stored_and_stores_nothing(server: Server, living: str):
    answer = server.api('POST', path('clusters', living, 'adopt') + '?dry_run=true')
    assert answer.status == 200
    assert answer.json['config'] == CONFIG
    assert yaml.safe_load(answer.json['stackfile']) == CONFIG
    assert answer.json['notes'] == []
    assert [step['kind'] for step in answer.json['plan']['steps']] == ['ecs:TagResource']
    assert server.keys() == []
    assert server.messages() == []


def test_a_dry_run_in_yaml_is_a_stackfile_with_the_notes_as_comments(server: Server, living: str):
    ecs = server.aws.client('ecs')
    containers = [{'name': 'mail', 'image': 'team/mail:1', 'memory': 64}, {'name': 'helper', 'image': 'x', 'memory': 8}]
    ecs.register_task_definition(
        family='odd', networkMode='host', containerDefinitions=[{'name': 'odd', 'image': 'An Image', 'memory': 64}]
    )
    ecs.create_service(cluster=living, serviceName='odd', taskDefinition='odd', desiredCount=0, launchType='EC2')
    ecs.register_task_definition(family='mail', networkMode='host', containerDefinitions=containers)
    ecs.create_service(cluster=living, serviceName='mail', taskDefinition='mail', desiredCount=1, launchType='EC2')
    answer = server.api('POST', path('clusters', living, 'adopt') + '?dry_run=true', Accept='application/yaml')
    assert (answer.status, answer.headers['Content-Type']) == (200, 'application/yaml; charset=UTF-8')
    text = answer.body.decode()
    assert '# odd: It is not in the document and goes on running unchanged: image ' in text
    services = yaml.safe_load(text)['services']
    mail = {'image': 'team/mail:1', 'containers': [{'helper': {'image': 'x', 'memory': 8}}], 'memory': 64}
    assert services == [{'mail': mail}, *CONFIG['services']]
    created = server.api('POST', '/stackfiles/validate', answer.body, Content_Type='application/yaml')
    assert created.status == 200


def test_adopting_stores_what_runs_and_tells_nobody(server: Server, living: str):
    answer = server.api('POST', path('clusters', living, 'adopt') + '?message=As+it+is', X_Nysa_Actor='ann')
    assert answer.status == 201
    assert (answer.json['message'], answer.json['notes']) == ('adopted, not deployed', [])
    assert server.document(living) == CONFIG
    assert server.messages() == []
    row = server.api('GET', path('clusters', living, 'revisions')).json['content'][0]
    assert (row['revision'], row['by'], row['message']) == (answer.json['revision'], 'ann', 'As it is')
    assert row['summary'].startswith('adopted from what runs')


def test_adopting_deploys_where_that_is_asked_for(server: Server, living: str):
    answer = server.api('POST', path('clusters', living, 'adopt') + '?deploy=true')
    assert (answer.status, answer.json['message'], answer.json['notification']) == (201, 'deploying...', 'sent')
    assert [(each['event_type'], each['payload']) for each in server.messages()] == [('cluster-deploy', CONFIG)]


def test_what_was_adopted_is_not_adopted_again(server: Server, living: str):
    assert server.api('POST', path('clusters', living, 'adopt')).status == 201
    assert server.api('POST', path('clusters', living, 'adopt')).status == 422


def test_a_cluster_in_which_nothing_runs(server: Server):
    name = server.aws.cluster()
    answer = server.api('POST', path('clusters', name, 'adopt') + '?dry_run=true')
    assert answer.json['config'] == {'services': []}


def test_a_failure_of_aws_is_reported_and_nothing_is_stored(server: Server, living: str):
    server.aws.faults.add(Fault('deny', service='elbv2', operation='DescribeTargetGroups'))
    answer = server.api('POST', path('clusters', living, 'adopt'))
    assert answer.status == 502
    assert 'elbv2:DescribeTargetGroups' in answer.json['message']
    assert server.keys() == []


def rollout(server: Server, name: str) -> dict:
    return server.api('GET', path('clusters', name, 'rollout')).json


def test_what_is_adopted_is_not_deployed_yet(server: Server, living: str):
    assert server.api('POST', path('clusters', living, 'adopt')).status == 201
    found = rollout(server, living)
    assert (found['sync'], found['message']) == ('not-deployed', 'Adopted or stored, not deployed yet: web.')
    assert [(row['sync'], row['verdict']) for row in found['services']] == [('not-deployed', None)]
    server.api('POST', path('clusters', living, 'deploy'))
    assert rollout(server, living)['sync'] == 'rolling-out'


class TestRestoring:
    def removed(self, server: Server, name: str, query: str = '') -> dict:
        assert server.api('DELETE', path('clusters', name)).status == 200
        server.messages()
        answer = server.api('POST', path('clusters', name, 'restore') + query)
        assert answer.status == 202, answer.body
        return answer.json

    def test_what_was_adopted_and_never_deployed_is_not_deployed_and_the_notes_are_repeated(
        self, server: Server, living: str
    ):
        adopted = server.api('POST', path('clusters', living, 'adopt')).json
        restored = self.removed(server, living)
        assert restored['message'] == 'restored, not deployed'
        assert restored['notes'] == adopted['notes']
        assert server.messages() == []
        assert rollout(server, living)['sync'] == 'not-deployed'

    def test_it_is_deployed_where_the_caller_asks_for_it(self, server: Server, living: str):
        server.api('POST', path('clusters', living, 'adopt'))
        assert self.removed(server, living, '?deploy=true')['message'] == 'deploying...'
        assert len(server.messages()) == 1

    def test_what_was_deployed_is_deployed_again(self, server: Server, living: str):
        server.api('POST', path('clusters', living, 'adopt') + '?deploy=true')
        assert self.removed(server, living)['message'] == 'deploying...'
        assert len(server.messages()) == 1

    def test_what_was_stored_last_without_deploying_is_not(self, server: Server):
        name = server.cluster({'services': [{'web': {'image': 'nginx:1'}}]})
        server.api('PUT', path('clusters', name, 'services', 'web') + '?deploy=false', {'image_tag': '2'})
        assert self.removed(server, name)['message'] == 'restored, not deployed'

    def test_notes_that_cannot_be_had_do_not_keep_it_from_being_restored(self, server: Server, living: str):
        server.api('POST', path('clusters', living, 'adopt'))
        with server.aws.faults.during(Fault('deny', 'ecs', 'ListServices', living)):
            restored = self.removed(server, living)
        assert 'could not be compared' in restored['notes'][0]['message']
