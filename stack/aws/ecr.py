"""The images of an ECR repository."""

from dataclasses import dataclass
from datetime import datetime

from stack.aws.connection import Connection
from stack.errors import AwsFailed, NotFound


@dataclass(frozen=True)
class PushedImage:
    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime


async def tagged_images(connection: Connection, account: str, region: str, repository: str) -> list[PushedImage]:
    """Every image that has a tag, in no order. Raises `NotFound` for a repository that is not there."""
    try:
        found = await connection.pages(
            'ecr',
            'DescribeImages',
            'imageDetails',
            token=('nextToken', 'nextToken'),
            region=region,
            registryId=account,
            repositoryName=repository,
            filter={'tagStatus': 'TAGGED'},
        )
    except AwsFailed as failed:
        if failed.aws_code == 'RepositoryNotFoundException':
            raise NotFound(f'There is no repository {repository} in ECR (account {account}, {region}).') from failed
        raise
    return [
        PushedImage(each['imageDigest'], tuple(each['imageTags']), each['imagePushedAt'])
        for each in found
        if each.get('imageTags')
    ]
