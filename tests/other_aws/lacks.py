"""What the other AWS lacks: named here, and not worked around in the product.

The walk leaves out what a row names; a test proves each row, so that it goes once the emulator has learned it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from tests.other_aws.emulator import Ministack


@dataclass(frozen=True)
class Lack:
    """`holds` proves it; `left_out` is the part of the product that is not walked for it."""

    what: str
    left_out: str
    holds: Callable[[Ministack], bool]


def _no_autoscaling(aws: Ministack) -> bool:
    try:
        aws.client('application-autoscaling').describe_scalable_targets(ServiceNamespace='ecs')
    except ClientError:
        return True
    return False


def _vpc_of_another_network(aws: Ministack) -> bool:
    ec2 = aws.client('ec2')
    vpc = ec2.create_vpc(CidrBlock='10.9.0.0/16')['Vpc']['VpcId']
    blocks = {'us-east-1a': '10.9.1.0/24', 'us-east-1b': '10.9.2.0/24'}
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)['Subnet']['SubnetId']
        for zone, block in blocks.items()
    ]
    balancer = aws.client('elbv2').create_load_balancer(Name='lacks-vpc', Subnets=subnets)['LoadBalancers'][0]
    return balancer['VpcId'] != vpc


LACKS = (
    Lack(
        'Application Auto Scaling',
        'scaling a service that exists: without Application Auto Scaling its number of tasks is left alone',
        _no_autoscaling,
    ),
    Lack(
        'the VPC of a load balancer is that of its subnets', 'the setting `elb` of a service', _vpc_of_another_network
    ),
)
