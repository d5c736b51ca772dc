"""The versions matrix."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from stack.aws.ports import PushedImage
from stack.changes.versions import images_of, versions, with_pushes
from stack.errors import Unavailable
from stack.rollouts.pushed_images import PushedImages, TaggedImages
from tests.unit.stack.rollouts.test_cluster_state import look, revision, running, state

REPOSITORY = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web'
PUSHED = datetime(2030, 4, 2, tzinfo=UTC)


def cells_with_pushes(tagged_images: TaggedImages, **images: str) -> dict:
    cells = {cluster: {'image': image, 'deployed_image': None} for cluster, image in images.items()}
    rows = [{'service': 'web', 'clusters': cells}]
    pushes, _ = asyncio.run(PushedImages(tagged_images).of(images_of(rows)))
    [found] = with_pushes(rows, pushes)
    return found['clusters']


async def tagged_images(account: str, region: str, repository: str) -> Iterable[PushedImage]:
    assert (account, region, repository) == ('123456789012', 'us-east-1', 'web')
    return [
        PushedImage('sha256:1', ('v1',), PUSHED),
        PushedImage('sha256:2', ('v2', 'latest'), PUSHED + timedelta(days=13)),
    ]


def test_a_row_has_a_cell_for_each_cluster_with_the_service():
    current = state(revision('r1', web={'image': 'web:2', 'desired_count': 2}))
    look(current, running())
    [found] = versions([current])
    assert found['service'] == 'web'
    cell = found['clusters'][current.name]
    assert (cell['image'], cell['image_tag'], cell['deployed_image']) == ('web:2', '2', 'web:2')
    assert (cell['sync'], cell['health']) == ('in-sync', 'healthy')


def test_a_cluster_that_was_not_observed_has_its_desired_version():
    current = state(revision('r1', web={'image': 'web:2', 'desired_count': 2}))
    [found] = versions([current])
    assert found['clusters'][current.name]['image_tag'] == '2'
    assert found['clusters'][current.name]['deployed_image'] is None


def test_an_older_push_is_behind_the_newest():
    images = {'production': f'{REPOSITORY}:v1', 'staging': f'{REPOSITORY}:v2', 'test': f'{REPOSITORY}@sha256:1'}
    cells = cells_with_pushes(tagged_images, **images)
    days = {cluster: cell['behind_seconds'] / 86400 for cluster, cell in cells.items()}
    assert days == {'production': 13, 'staging': 0, 'test': 13}
    assert cells['staging']['digest'] == 'sha256:2'
    assert (cells['staging']['tags'], cells['test']['tags']) == (['latest', 'v2'], ['v1'])


def test_an_image_without_a_known_push_has_none():
    images = {'a': 'nginx:1', 'b': f'{REPOSITORY}:gone', 'c': f'{REPOSITORY}:v1'}
    cells = cells_with_pushes(tagged_images, **images)
    assert [cells[name]['pushed_at'] for name in 'ab'] == [None, None]
    assert cells['c']['behind_seconds'] == 0


def test_a_failure_of_ecr_leaves_the_matrix():
    async def failing(account: str, region: str, repository: str) -> Iterable[PushedImage]:
        raise Unavailable('No answer', 'ecr:DescribeImages', 'Timeout')

    cells = cells_with_pushes(failing, a=f'{REPOSITORY}:v1')
    assert cells['a'] == {
        'image': f'{REPOSITORY}:v1',
        'deployed_image': None,
        'digest': None,
        'tags': None,
        'pushed_at': None,
        'behind_seconds': None,
    }
