"""The adapter of Systems Manager's parameters. Their values are not read."""

import asyncio
from collections.abc import Collection
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient

# Values of one filter, and results of one page:
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
MOST_VALUES = 50


async def known_parameters(aws: AwsClient, names: Collection[str], region: str | None = None) -> frozenset[str]:
    """Those of the names that parameters have. Raises `AwsFailed`."""
    return frozenset(each['Name'] for each in await described_parameters(aws, names, region))


async def described_parameters(
    aws: AwsClient, names: Collection[str], region: str | None = None
) -> list[dict[str, Any]]:
    """The metadata of those parameters that exist. Raises `AwsFailed`.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html
    """
    answers = await asyncio.gather(
        *(
            aws.pages(
                'ssm',
                'DescribeParameters',
                'Parameters',
                token=('NextToken', 'NextToken'),
                region=region,
                ParameterFilters=[{'Key': 'Name', 'Option': 'Equals', 'Values': list(some)}],
                MaxResults=MOST_VALUES,
            )
            for some in batches(sorted(names), MOST_VALUES)
        )
    )
    return [each for answer in answers for each in answer]
