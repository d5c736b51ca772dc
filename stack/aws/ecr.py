"""The adapter of ECR: images and their tags."""

from stack.aws.client import AwsClient
from stack.aws.ports import PushedImage
from stack.errors import AwsFailed, NotFound
from stack.stackfile.images import ImageReference


async def digest_of(connection: AwsClient, image: ImageReference) -> str | None:
    """The digest that an image's tag refers to now; None where ECR has no such image."""
    where = image.ecr
    if where is None:
        return None
    try:
        answer = await connection.call(
            'ecr',
            'DescribeImages',
            region=where.region,
            registryId=where.account,
            repositoryName=image.repository,
            imageIds=[{'imageTag': image.tag or 'latest'}],
        )
    except AwsFailed as failed:
        if failed.aws_code in ('ImageNotFoundException', 'RepositoryNotFoundException'):
            return None
        raise
    return next((each['imageDigest'] for each in answer['imageDetails']), None)


async def tags_move(connection: AwsClient, image: ImageReference) -> bool:
    """Whether a tag of the image's repository may come to stand for another image; outside ECR it may.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    where = image.ecr
    if where is None:
        return True
    answer = await connection.call(
        'ecr',
        'DescribeRepositories',
        region=where.region,
        registryId=where.account,
        repositoryNames=[image.repository],
    )
    return any(each.get('imageTagMutability') != 'IMMUTABLE' for each in answer['repositories'])


async def tagged_images(connection: AwsClient, account: str, region: str, repository: str) -> list[PushedImage]:
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
