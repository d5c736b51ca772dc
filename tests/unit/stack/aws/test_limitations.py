"""Optional calls that AWS refuses: what the reconciler does without them, and what `/readyz` states."""

import asyncio

import pytest
from botocore.stub import Stubber

from stack.aws import autoscaling, ec2, servicediscovery
from stack.errors import AwsFailed
from stack.runtime.readiness import Finding, findings
from tests.unit.stack.aws.stubbed import run, stubbed

REFUSED = [
    ('AccessDeniedException', 400),
    ('UnauthorizedOperation', 403),
    ('NotImplemented', 501),
    ('404', 404),
    ('400', 400),
    ('405', 405),
]


@pytest.mark.parametrize(('code', 'status'), REFUSED)
def test_without_application_auto_scaling_every_count_is_left_alone(code: str, status: int):
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_client_error('describe_scalable_targets', code, 'no', status)
        assert run(autoscaling.autoscaled(aws, 'staging', ['web', 'mailer'])) == {'web', 'mailer'}
        assert 'is not changed' in aws.limitations.all()['application-autoscaling:DescribeScalableTargets']


def test_the_note_goes_once_the_call_succeeds():
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_client_error('describe_scalable_targets', 'AccessDeniedException')
        run(autoscaling.autoscaled(aws, 'staging', ['web']))
        stub.add_response('describe_scalable_targets', {'ScalableTargets': []})
        assert run(autoscaling.autoscaled(aws, 'staging', ['web'])) == frozenset()
        assert not aws.limitations.all()


def test_another_error_is_none_of_that():
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_client_error('describe_scalable_targets', 'ValidationException')
        with pytest.raises(AwsFailed):
            run(autoscaling.autoscaled(aws, 'staging', ['web']))


def test_subnets_that_exist_have_their_vpc():
    with stubbed('ec2') as (aws, stub):
        stub.add_response(
            'describe_subnets',
            {'Subnets': [{'SubnetId': 'subnet-1', 'VpcId': 'vpc-1'}]},
            {'Filters': [{'Name': 'subnet-id', 'Values': ['subnet-1', 'subnet-2']}]},
        )
        assert run(ec2.subnet_vpcs(aws, {'subnet-2', 'subnet-1'})) == {'subnet-1': 'vpc-1'}


def test_without_ec2_the_vpc_of_subnets_is_not_known():
    with stubbed('ec2') as (aws, stub):
        stub.add_client_error('describe_subnets', 'UnauthorizedOperation')
        assert run(ec2.subnet_vpcs(aws, {'subnet-1'})) is None
        assert 'ec2:DescribeSubnets' in aws.limitations.all()


def test_readiness_has_a_warning_for_each():
    class There:
        name = 'x'

        async def keeps_versions(self) -> bool:
            return True

        async def check(self) -> None:
            pass

    found = asyncio.run(findings(There(), There(), lambda: {'ec2:DescribeSubnets': 'Not checked.'}))
    assert found[-1] == Finding('ec2:DescribeSubnets', True, 'Not checked.')


def namespace(zone: str | None) -> dict:
    properties = {'DnsProperties': {'HostedZoneId': zone}} if zone else {}
    return {'Namespace': {'Id': 'ns-1', 'Properties': properties}}


def test_the_vpcs_of_a_namespace_are_those_of_its_hosted_zone():
    with stubbed('servicediscovery') as (aws, stub):
        zones = Stubber(aws._client.client('route53'))
        stub.add_response('get_namespace', namespace('Z1'), {'Id': 'ns-1'})
        zone = {'HostedZone': {'Id': 'Z1', 'Name': 'x.', 'CallerReference': 'x'}, 'VPCs': [{'VPCId': 'vpc-1'}]}
        zones.add_response('get_hosted_zone', zone, {'Id': 'Z1'})
        zones.activate()
        assert run(servicediscovery.vpcs(aws, 'ns-1')) == {'vpc-1'}


@pytest.mark.parametrize(('code', 'expected'), [('NamespaceNotFound', frozenset()), ('AccessDeniedException', None)])
def test_a_namespace_that_went_or_may_not_be_read(code: str, expected: frozenset | None):
    with stubbed('servicediscovery') as (aws, stub):
        stub.add_client_error('get_namespace', code)
        assert run(servicediscovery.vpcs(aws, 'ns-1')) == expected
        assert bool(aws.limitations.all()) is (expected is None)
