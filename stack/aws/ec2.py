"""The adapter of EC2: subnets and security groups."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.errors import AwsFailed
from stack.rehearsal.facts import Subnet

# Values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
MOST_VALUES = 200

UNAVAILABLE = 'The VPC of subnets is not checked; it is what vpc.id states.'


async def subnet_vpcs(aws: AwsClient, subnets: Collection[str]) -> Mapping[str, str] | None:
    """The VPC of each subnet that exists, by subnet id; None where EC2 may not be asked.

    By filter, since a subnet that does not exist fails a call that lists ids:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html
    """
    try:
        found = await _subnets(aws, subnets)
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        aws.limitations.add('ec2:DescribeSubnets', f'{UNAVAILABLE} {failed.message}')
        return None
    aws.limitations.remove('ec2:DescribeSubnets')
    return {each['SubnetId']: each['VpcId'] for each in found}


async def subnets_with_addresses(aws: AwsClient, subnets: Collection[str]) -> Mapping[str, Subnet]:
    """Those of the subnets that exist, by id. Raises `AwsFailed`."""
    found = await _subnets(aws, subnets)
    return {each['SubnetId']: Subnet(each['VpcId'], each['AvailableIpAddressCount']) for each in found}


async def group_vpcs(aws: AwsClient, groups: Collection[str]) -> Mapping[str, str]:
    """The VPC of each security group that exists, by id. Raises `AwsFailed`.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
    """
    found = await _filtered(aws, 'ec2:DescribeSecurityGroups', 'SecurityGroups', 'group-id', groups)
    return {each['GroupId']: each.get('VpcId', '') for each in found}


async def _subnets(aws: AwsClient, subnets: Collection[str]) -> list[Any]:
    return await _filtered(aws, 'ec2:DescribeSubnets', 'Subnets', 'subnet-id', subnets)


async def _filtered(aws: AwsClient, call: str, items: str, name: str, ids: Collection[str]) -> list[Any]:
    """What a call lists under `items` for a filter of that name, in as many calls as its values need."""
    service, _, operation = call.partition(':')
    answers = await asyncio.gather(
        *(
            aws.pages(
                service,
                operation,
                items,
                token=('NextToken', 'NextToken'),
                Filters=[{'Name': name, 'Values': list(some)}],
            )
            for some in batches(sorted(ids), MOST_VALUES)
        )
    )
    return [each for answer in answers for each in answer]
