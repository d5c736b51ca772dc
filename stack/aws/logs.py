"""The adapter of CloudWatch Logs."""

from stack.aws.client import AwsClient


async def has_log_group(aws: AwsClient, name: str, region: str | None = None) -> bool:
    """Whether there is a log group of that name.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html (by prefix only)
    """
    found = await aws.pages(
        'logs',
        'DescribeLogGroups',
        'logGroups',
        token=('nextToken', 'nextToken'),
        region=region,
        logGroupNamePrefix=name,
    )
    return any(each['logGroupName'] == name for each in found)
