import pytest

from stack.aws import ecs
from stack.errors import AwsFailed
from tests.unit.stack.aws.stubbed import run, stubbed

CLUSTER = 'staging'
ARN = 'arn:aws:ecs:us-east-1:123456789012:'


def service_arns(count: int) -> list[str]:
    return [f'{ARN}service/{CLUSTER}/s{n}' for n in range(count)]


def test_services_are_listed_by_the_page_and_described_by_ten():
    arns = service_arns(12)
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_response(
            'list_services', {'serviceArns': arns[:7], 'nextToken': 'x'}, {'cluster': CLUSTER, 'maxResults': 100}
        )
        ecs_stub.add_response(
            'list_services', {'serviceArns': arns[7:]}, {'cluster': CLUSTER, 'maxResults': 100, 'nextToken': 'x'}
        )
        for some in (arns[:10], arns[10:]):
            described = [{'serviceName': arn[-2:], 'serviceArn': arn, 'status': 'ACTIVE'} for arn in some]
            ecs_stub.add_response(
                'describe_services',
                {'services': described},
                {'cluster': CLUSTER, 'services': some, 'include': ['TAGS']},
            )
        found = run(ecs.services(aws, CLUSTER))
    assert [each.arn for each in found] == arns


def test_no_services_are_described_where_none_are_listed():
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_response('list_services', {'serviceArns': []})
        assert run(ecs.services(aws, CLUSTER)) == []


def test_a_task_definition_that_is_not_there():
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_client_error('describe_task_definition', 'ClientException', 'Unable to describe task definition.')
        assert run(ecs.task_definition(aws, 'staging-web')) is None


def test_a_task_definition_that_may_not_be_seen_is_not_one_that_is_not_there():
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_client_error('describe_task_definition', 'AccessDeniedException')
        with pytest.raises(AwsFailed):
            run(ecs.task_definition(aws, 'staging-web'))


def test_a_task_definition_with_its_tags():
    body = {'taskDefinitionArn': f'{ARN}task-definition/staging-web:3', 'family': 'staging-web'}
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_response(
            'describe_task_definition', {'taskDefinition': body, 'tags': [{'key': 'nysa:ran', 'value': 'x'}]}
        )
        found = run(ecs.task_definition(aws, 'staging-web'))
    assert (found.arn, found.family, found.tags) == (body['taskDefinitionArn'], 'staging-web', {'nysa:ran': 'x'})


def test_who_started_tasks_is_looked_for_among_running_and_stopped_ones():
    with stubbed('ecs') as (aws, ecs_stub):
        for status, arn in (('RUNNING', 'a'), ('STOPPED', 'b')):
            ecs_stub.add_response(
                'list_tasks', {'taskArns': [arn]}, {'cluster': CLUSTER, 'family': 'f', 'desiredStatus': status}
            )
        ecs_stub.add_response(
            'describe_tasks',
            {'tasks': [{'startedBy': 'nysa/1'}, {'startedBy': 'ecs-svc/2'}, {}]},
            {'cluster': CLUSTER, 'tasks': ['a', 'b']},
        )
        assert run(ecs.started_by(aws, CLUSTER, 'f')) == {'nysa/1', 'ecs-svc/2'}


@pytest.mark.parametrize('status', ['PENDING', 'IN_PROGRESS', 'SUCCESSFUL'])
def test_ecs_has_not_given_up_a_deployment_that_goes_on_or_went_well(status: str):
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_response('list_service_deployments', {'serviceDeployments': [{'status': status}]})
        assert run(ecs.given_up(aws, CLUSTER, 'web')) == frozenset()


@pytest.mark.parametrize('status', ['ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED', 'STOPPED'])
def test_the_task_definition_that_ecs_gave_up(status: str):
    revision = f'{ARN}service-revision/{CLUSTER}/web/1'
    with stubbed('ecs') as (aws, ecs_stub):
        ecs_stub.add_response(
            'list_service_deployments',
            {'serviceDeployments': [{'status': status, 'targetServiceRevisionArn': revision}]},
            {'cluster': CLUSTER, 'service': 'web', 'maxResults': 1},
        )
        ecs_stub.add_response(
            'describe_service_revisions',
            {'serviceRevisions': [{'taskDefinition': 'staging-web:4'}]},
            {'serviceRevisionArns': [revision]},
        )
        assert run(ecs.given_up(aws, CLUSTER, 'web')) == {'staging-web:4'}
