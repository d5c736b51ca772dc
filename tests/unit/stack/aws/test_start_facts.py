"""Facts for rehearsals: AWS's answers word for word, and how long they serve."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.aws.ecr_registry import MANIFESTS
from stack.aws.start_facts import KEPT_S, StartFacts
from stack.errors import AwsFailed
from stack.rehearsal.facts import Image, Instance, Secret, Subnet
from stack.stackfile.images import ImageReference
from tests.unit.stack.aws.stubbed import run, stubbed

REGION, ACCOUNT = 'us-east-1', '123456789012'
IMAGE = ImageReference.parse(f'{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/web:2')
DIGEST, CONFIG = f'sha256:{"1" * 64}', f'sha256:{"2" * 64}'
SECRET = f'arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf'
ROLE = f'arn:aws:iam::{ACCOUNT}:role/service/tasks'
BALANCER = f'arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/edge/1'
CERTIFICATE = f'arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1'


async def no_download(url: str) -> bytes:
    raise AssertionError(url)


async def arm(url: str) -> bytes:
    return json.dumps({'architecture': 'arm64', 'os': 'linux'}).encode()


def asked_of_ecr(**image: str) -> dict[str, Any]:
    return {
        'registryId': ACCOUNT,
        'repositoryName': 'team/web',
        'imageIds': [image],
        'acceptedMediaTypes': list(MANIFESTS),
    }


def found_in_ecr(manifest: Any) -> dict[str, Any]:
    return {'images': [{'imageId': {'imageDigest': DIGEST, 'imageTag': '2'}, 'imageManifest': json.dumps(manifest)}]}


def test_an_index_states_its_platforms_but_not_those_of_attestations():
    manifests = [
        {'digest': 'sha256:a', 'platform': {'architecture': 'amd64', 'os': 'linux'}},
        {
            'digest': 'sha256:b',
            'platform': {'architecture': 'unknown', 'os': 'unknown'},
            'annotations': {'vnd.docker.reference.type': 'attestation-manifest'},
        },
    ]
    with stubbed('ecr', REGION) as (aws, stub):
        stub.add_response('batch_get_image', found_in_ecr({'manifests': manifests}), asked_of_ecr(imageTag='2'))
        found = run(StartFacts(aws, no_download).image(IMAGE))
    assert found == Image(frozenset({'amd64'}), is_index=True)


def test_the_platform_of_a_single_image_is_in_its_configuration():
    with stubbed('ecr', REGION) as (aws, stub):
        stub.add_response('batch_get_image', found_in_ecr({'config': {'digest': CONFIG}}), asked_of_ecr(imageTag='2'))
        where = {'registryId': ACCOUNT, 'repositoryName': 'team/web', 'layerDigest': CONFIG}
        stub.add_response('get_download_url_for_layer', {'downloadUrl': 'https://s3.example/c'}, where)
        assert run(StartFacts(aws, arm).image(IMAGE)) == Image(frozenset({'arm64'}))


@pytest.mark.parametrize('missing', ['image', 'repository'])
def test_an_image_that_is_not_there(missing: str):
    with stubbed('ecr', REGION) as (aws, stub):
        if missing == 'repository':
            stub.add_client_error('batch_get_image', 'RepositoryNotFoundException')
        else:
            failure = {'imageId': {'imageTag': '2'}, 'failureCode': 'ImageNotFound'}
            stub.add_response('batch_get_image', {'images': [], 'failures': [failure]})
        assert run(StartFacts(aws, no_download).image(IMAGE)) is None


def test_a_secret_is_described_and_its_value_not_read():
    answer = {'VersionIdsToStages': {'v2' * 16: ['AWSCURRENT'], 'v1' * 16: ['AWSPREVIOUS']}}
    with stubbed('secretsmanager', REGION) as (aws, stub):
        stub.add_response('describe_secret', answer, {'SecretId': SECRET})
        stub.add_response('describe_secret', {'DeletedDate': datetime(2026, 1, 1, tzinfo=UTC)}, {'SecretId': 'b'})
        stub.add_client_error('describe_secret', 'ResourceNotFoundException')
        facts = StartFacts(_here(aws), no_download)
        assert run(facts.secret(SECRET)) == Secret(stages={'v2' * 16: ('AWSCURRENT',), 'v1' * 16: ('AWSPREVIOUS',)})
        assert run(facts.secret('b')) == Secret(is_deleted=True)
        assert run(facts.secret('c')) is None


def _here(aws: Any) -> Any:
    """The connection with every region's calls at the stubbed client, which is that of the region."""
    call = aws.call

    async def called(service: str, operation: str, /, **arguments: Any) -> Any:
        return await call(service, operation, **{**arguments, 'region': REGION})

    aws.call = called
    return aws


def test_parameters_are_described_by_name_a_page_at_a_time():
    filters = [{'Key': 'Name', 'Option': 'Equals', 'Values': ['/app/a', 'b']}]
    with stubbed('ssm', REGION) as (aws, stub):
        first = {'ParameterFilters': filters, 'MaxResults': 50}
        stub.add_response('describe_parameters', {'Parameters': [], 'NextToken': 't'}, first)
        stub.add_response('describe_parameters', {'Parameters': [{'Name': 'b'}]}, first | {'NextToken': 't'})
        found = run(StartFacts(aws, no_download).parameters(frozenset({'b', '/app/a'}), REGION))
    assert found == {'b'}


def test_a_role_with_its_trust_policy_by_the_last_part_of_its_arn():
    trust = {'Version': '2012-10-17', 'Statement': []}
    role = {
        'Path': '/service/',
        'RoleName': 'tasks',
        'RoleId': 'AROA1234567890123',
        'Arn': ROLE,
        'CreateDate': datetime(2026, 1, 1, tzinfo=UTC),
        'AssumeRolePolicyDocument': json.dumps(trust),
    }
    with stubbed('iam') as (aws, stub):
        stub.add_response('get_role', {'Role': role}, {'RoleName': 'tasks'})
        stub.add_client_error('get_role', 'NoSuchEntity')
        facts = StartFacts(aws, no_download)
        found = run(facts.role(ROLE))
        assert found is not None
        assert (found.arn, found.trust) == (ROLE, trust)
        assert run(facts.role('other')) is None


@pytest.mark.parametrize(('decision', 'allowed'), [('allowed', True), ('implicitDeny', False), ('explicitDeny', False)])
def test_whether_a_role_may(decision: str, allowed: bool):
    asked = {'PolicySourceArn': ROLE, 'ActionNames': ['logs:CreateLogGroup'], 'ResourceArns': ['arn:g']}
    answer = {'EvaluationResults': [{'EvalActionName': 'logs:CreateLogGroup', 'EvalDecision': decision}]}
    with stubbed('iam') as (aws, stub):
        stub.add_response('simulate_principal_policy', answer, asked)
        assert run(StartFacts(aws, no_download).may(ROLE, 'logs:CreateLogGroup', 'arn:g')) is allowed


def test_the_status_of_a_certificate():
    with stubbed('acm', REGION) as (aws, stub):
        stub.add_response(
            'describe_certificate', {'Certificate': {'Status': 'ISSUED'}}, {'CertificateArn': CERTIFICATE}
        )
        stub.add_client_error('describe_certificate', 'ResourceNotFoundException')
        facts = StartFacts(aws, no_download)
        assert run(facts.certificate(CERTIFICATE)) == 'ISSUED'
        assert run(facts.certificate(f'{CERTIFICATE}0')) is None


def test_subnets_and_security_groups_are_filtered_by_id():
    with stubbed('ec2') as (aws, stub):
        subnet = {'SubnetId': 'subnet-1', 'VpcId': 'vpc-1', 'AvailableIpAddressCount': 7}
        by_subnet = {'Filters': [{'Name': 'subnet-id', 'Values': ['subnet-1', 'subnet-2']}]}
        stub.add_response('describe_subnets', {'Subnets': [subnet]}, by_subnet)
        by_group = {'Filters': [{'Name': 'group-id', 'Values': ['sg-1']}]}
        group = {'GroupId': 'sg-1', 'VpcId': 'vpc-1'}
        stub.add_response('describe_security_groups', {'SecurityGroups': [group]}, by_group)
        facts = StartFacts(aws, no_download)
        assert run(facts.subnets(frozenset({'subnet-1', 'subnet-2'}))) == {'subnet-1': Subnet('vpc-1', 7)}
        assert run(facts.security_groups(frozenset({'sg-1'}))) == {'sg-1': 'vpc-1'}


def test_instances_with_a_connected_agent():
    def instance(connected: bool) -> dict[str, Any]:
        return {
            'agentConnected': connected,
            'attributes': [{'name': 'ecs.cpu-architecture', 'value': 'arm64'}, {'name': 'ecs.capability.x'}],
            'registeredResources': [{'name': 'CPU', 'integerValue': 2048}, {'name': 'MEMORY', 'integerValue': 4096}],
            'remainingResources': [{'name': 'CPU', 'integerValue': 0}, {'name': 'MEMORY', 'integerValue': 96}],
        }

    with stubbed('ecs') as (aws, stub):
        listed = {'cluster': 'prod', 'status': 'ACTIVE'}
        stub.add_response('list_container_instances', {'containerInstanceArns': ['a', 'b']}, listed)
        described = {'cluster': 'prod', 'containerInstances': ['a', 'b']}
        answer = {'containerInstances': [instance(True), instance(False)]}
        stub.add_response('describe_container_instances', answer, described)
        assert run(StartFacts(aws, no_download).instances('prod')) == (Instance('arm64', 2048, 4096, 0, 96),)


def test_running_tasks_of_services_that_are_not_over():
    with stubbed('ecs') as (aws, stub):
        services = [
            {'serviceName': 'a', 'status': 'ACTIVE', 'runningCount': 3},
            {'serviceName': 'b', 'status': 'INACTIVE', 'runningCount': 0},
        ]
        stub.add_response('describe_services', {'services': services}, {'cluster': 'prod', 'services': ['a', 'b', 'c']})
        assert run(StartFacts(aws, no_download).running('prod', frozenset('abc'))) == {'a': 3}


def test_quotas_with_what_is_used_of_them():
    limits = [{'Name': 'target-groups', 'Max': '3000'}, {'Name': 'odd', 'Max': 'none'}]
    with stubbed('elbv2') as (aws, stub):
        stub.add_response('describe_account_limits', {'Limits': limits})
        stub.add_response('describe_target_groups', {'TargetGroups': [{'TargetGroupName': 'a'}]})
        stub.add_response('describe_load_balancers', {'LoadBalancers': [{'Type': 'application'}, {'Type': 'network'}]})
        found = run(StartFacts(aws, no_download).quotas())
    assert (found.limits, found.used) == (
        {'target-groups': 3000},
        {'target-groups': 1, 'application-load-balancers': 1, 'network-load-balancers': 1},
    )


@pytest.mark.parametrize(('balancer', 'asked'), [('prod-edge-lb', 'Names'), (BALANCER, 'LoadBalancerArns')])
def test_the_rules_of_a_load_balancer_beside_the_default_ones(balancer: str, asked: str):
    with stubbed('elbv2') as (aws, stub):
        stub.add_response(
            'describe_load_balancers', {'LoadBalancers': [{'LoadBalancerArn': BALANCER}]}, {asked: [balancer]}
        )
        listeners = [{'ListenerArn': 'a'}, {'ListenerArn': 'b'}]
        stub.add_response('describe_listeners', {'Listeners': listeners}, {'LoadBalancerArn': BALANCER})
        for listener, rules in (('a', [False, False, True]), ('b', [True])):
            answer = {'Rules': [{'IsDefault': is_default} for is_default in rules]}
            stub.add_response('describe_rules', answer, {'ListenerArn': listener})
        assert run(StartFacts(aws, no_download).rules(balancer)) == 2


def test_a_load_balancer_that_is_not_there_has_no_rules():
    with stubbed('elbv2') as (aws, stub):
        stub.add_client_error('describe_load_balancers', 'LoadBalancerNotFound')
        assert run(StartFacts(aws, no_download).rules('prod-edge-lb')) == 0


def test_an_answer_serves_for_a_minute():
    now = [0.0]

    async def play(facts: StartFacts) -> list[str | None]:
        found = await asyncio.gather(*(facts.certificate(CERTIFICATE) for _ in range(3)))
        now[0] = KEPT_S
        found.append(await facts.certificate(CERTIFICATE))
        now[0] = KEPT_S + 1
        return [*found, await facts.certificate(CERTIFICATE)]

    with stubbed('acm', REGION) as (aws, stub):
        for status in ('PENDING_VALIDATION', 'ISSUED'):
            stub.add_response('describe_certificate', {'Certificate': {'Status': status}})
        found = run(play(StartFacts(aws, no_download, clock=lambda: now[0])))
    assert found == ['PENDING_VALIDATION'] * 4 + ['ISSUED']


def test_a_failure_does_not_serve_the_next_caller():
    async def play(facts: StartFacts) -> str | None:
        with pytest.raises(AwsFailed, match='AccessDenied'):
            await facts.certificate(CERTIFICATE)
        return await facts.certificate(CERTIFICATE)

    with stubbed('acm', REGION) as (aws, stub):
        stub.add_client_error('describe_certificate', 'AccessDeniedException')
        stub.add_response('describe_certificate', {'Certificate': {'Status': 'ISSUED'}})
        assert run(play(StartFacts(aws, no_download))) == 'ISSUED'
