"""ECR as AWS has it: pages, filters, images with a past."""

import pytest
from botocore.exceptions import ClientError

from stack.sandbox.moto_ecr import push


def test_images_come_in_pages(aws):
    name = aws.repository(tags=[f'v{n}' for n in range(230)])
    ecr = aws.client('ecr')
    pages = [page['imageDetails'] for page in ecr.get_paginator('describe_images').paginate(repositoryName=name)]
    assert [len(page) for page in pages] == [100, 100, 30]
    assert len({image['imageTags'][0] for page in pages for image in page}) == 230
    small = ecr.describe_images(repositoryName=name, maxResults=7)
    assert len(small['imageDetails']) == 7
    assert small['nextToken']


def test_images_are_filtered_by_tag_status(aws):
    name = aws.repository(tags=['v1', (), 'v2'])
    ecr = aws.client('ecr')
    for status, count in (('TAGGED', 2), ('UNTAGGED', 1), ('ANY', 3)):
        answer = ecr.describe_images(repositoryName=name, filter={'tagStatus': status})
        assert len(answer['imageDetails']) == count, status


def test_single_images_are_found_or_not(aws):
    name = aws.repository(tags=['v1', 'v2'])
    ecr = aws.client('ecr')
    found = ecr.describe_images(repositoryName=name, imageIds=[{'imageTag': 'v2'}])['imageDetails']
    assert [image['imageTags'] for image in found] == [['v2']]
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.describe_images(repositoryName=name, imageIds=[{'imageTag': 'v3'}])
    with pytest.raises(ClientError):
        ecr.describe_images(repositoryName=name, nextToken='never given')


def test_a_tag_moves_to_the_newest_image(aws):
    name = aws.repository(tags=[['v1', 'latest'], ['v2', 'latest']])
    images = aws.client('ecr').describe_images(repositoryName=name)['imageDetails']
    assert [image['imageTags'] for image in images] == [['v1'], ['v2', 'latest']]


def test_nothing_is_pushed_to_a_repository_that_is_not_there(aws):
    with pytest.raises(KeyError):
        push(aws.account, aws.region, 'none', ['v1'], 0)
