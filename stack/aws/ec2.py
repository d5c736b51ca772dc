"""The adapter of EC2: the VPCs of subnets."""

import asyncio
from collections.abc import Collection, Mapping

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.errors import AwsFailed

# Values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
MOST_VALUES = 200

UNAVAILABLE = 'The VPC of subnets is not checked; it is what vpc.id states.'


async def subnet_vpcs(aws: AwsClient, subnets: Collection[str]) -> Mapping[str, str] | None:
    """The VPC of each subnet that exists, by subnet id; None where EC2 may not be asked.

    By filter, since a subnet that does not exist fails a call that lists ids:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html
    """
    try:
        answers = await asyncio.gather(
            *(
                aws.pages(
                    'ec2',
                    'DescribeSubnets',
                    'Subnets',
                    token=('NextToken', 'NextToken'),
                    Filters=[{'Name': 'subnet-id', 'Values': list(some)}],
                )
                for some in batches(sorted(subnets), MOST_VALUES)
            )
        )
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        aws.limitations.add('ec2:DescribeSubnets', f'{UNAVAILABLE} {failed.message}')
        return None
    aws.limitations.remove('ec2:DescribeSubnets')
    return {each['SubnetId']: each['VpcId'] for answer in answers for each in answer}
