"""The history of an object in the order in which it was made, though S3 lists versions and deletions apart."""

import pytest

from stack.aws.s3 import Bucket
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World


@pytest.mark.parametrize('before', [1, 3])
@pytest.mark.parametrize('after', [1, 2, 5])
@asynchronous
async def test_deletions_of_the_same_second_are_in_their_place(before: int, after: int):
    world = World()
    for part in ('first', 'second'):
        for number in range(before):
            world.store('prod', f'{part} {number}'.encode())
        world.delete('prod')
    for number in range(after):
        world.store('prod', f'last {number}'.encode())
    listed = await Bucket(FakeS3(world), 'bucket').versions('prod')
    assert [each.version for each in listed] == [each.id for each in reversed(world.objects['prod'])]
