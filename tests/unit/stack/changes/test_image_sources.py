"""The sources of images by their OCI labels."""

import asyncio
from collections.abc import Mapping

import pytest

from stack.changes.image_sources import MOST_READ, source_of, with_sources
from stack.errors import Unavailable
from stack.stackfile.images import ImageReference

IMAGE = ImageReference.parse('123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1')
LABELS = {
    'org.opencontainers.image.revision': 'abc123',
    'org.opencontainers.image.source': 'https://git.example/web',
    'org.opencontainers.image.authors': 'maria',
    'maintainer': 'another person',
}


def test_a_source_has_the_labels_of_the_image_spec():
    assert source_of(LABELS) == {
        'commit': 'abc123',
        'repository': 'https://git.example/web',
        'version': None,
        'author': 'maria',
        'created_at': None,
    }


@pytest.mark.parametrize('labels', [{}, {'maintainer': 'x'}, {'org.opencontainers.image.revision': ''}])
def test_an_image_without_such_labels_has_no_source(labels: dict[str, str]):
    assert source_of(labels) is None


def test_tags_of_one_image_share_one_read():
    calls = []

    async def labels_of(account: str, region: str, repository: str, digest: str) -> Mapping[str, str]:
        calls.append((account, region, repository, digest))
        return LABELS

    tags = [{'tag': 'v1', 'digest': 'sha256:1'}, {'tag': 'latest', 'digest': 'sha256:1'}]
    rows = asyncio.run(with_sources(tags, IMAGE, labels_of))
    assert calls == [('123456789012', 'us-east-1', 'web', 'sha256:1')]
    assert [(row['tag'], row['source']['commit']) for row in rows] == [('v1', 'abc123'), ('latest', 'abc123')]


def test_a_failure_of_ecr_leaves_the_other_sources():
    async def labels_of(account: str, region: str, repository: str, digest: str) -> Mapping[str, str]:
        if digest == 'sha256:1':
            raise Unavailable('No answer', 'ecr:BatchGetImage', 'Timeout')
        return LABELS

    tags = [{'tag': 'v1', 'digest': 'sha256:1'}, {'tag': 'v2', 'digest': 'sha256:2'}]
    rows = asyncio.run(with_sources(tags, IMAGE, labels_of))
    assert [row['source'] and row['source']['commit'] for row in rows] == [None, 'abc123']


def test_the_number_of_reads_is_bounded():
    async def labels_of(account: str, region: str, repository: str, digest: str) -> Mapping[str, str]:
        return LABELS

    tags = [{'tag': f'v{number}', 'digest': f'sha256:{number}'} for number in range(MOST_READ + 5)]
    rows = asyncio.run(with_sources(tags, IMAGE, labels_of))
    assert [row['source'] is None for row in rows] == [False] * MOST_READ + [True] * 5
