"""Downloads of blobs: what becomes of those that hang, and of all else meanwhile."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from stack.aws.downloads import LARGEST_BLOB, THREADS, Downloads
from stack.errors import Unavailable
from tests.hanging_aws import HangingAws


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a host that accepts connections and does not answer."""
    with socket.socket() as listening:
        listening.bind(('127.0.0.1', 0))
        listening.listen(100)
        yield f'http://127.0.0.1:{listening.getsockname()[1]}/blob'


def test_a_host_that_hangs_holds_up_neither_another_one_nor_what_is_computed(silent: str):
    async def scenario(well: str) -> bytes:
        downloads = Downloads()
        # More than the threads that an event loop has by default.
        hanging = [asyncio.create_task(downloads.of(silent)) for _ in range(50)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            content = await downloads.of(well)
            assert await asyncio.to_thread(lambda: 7) == 7
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        return content

    with HangingAws(b'configuration') as aws:
        assert asyncio.run(scenario(f'{aws.endpoint}/blob')) == b'configuration'


def test_what_has_no_answer_in_time_is_unavailable(silent: str):
    async def scenario() -> None:
        downloads = Downloads(deadline_s=0.2)
        found = await asyncio.gather(*(downloads.of(silent) for _ in range(THREADS + 1)), return_exceptions=True)
        assert {type(each) for each in found} == {Unavailable}
        assert 'no answer within' in str(found[-1])

    asyncio.run(scenario())


def test_a_blob_of_any_size_is_not_read():
    with HangingAws(b'x' * (LARGEST_BLOB + 1)) as aws, pytest.raises(Unavailable):
        asyncio.run(Downloads().of(f'{aws.endpoint}/blob'))
