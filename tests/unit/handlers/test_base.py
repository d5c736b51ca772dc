"""The life of a request: what is left of it."""

import asyncio
import gc

import pytest

from handlers.base import ApiHandler
from tests.server import Server


@pytest.mark.parametrize(
    ('path', 'status'),
    [('/clusters/{}/config', 200), ('/clusters/{}/services', 200), ('/clusters?removed=true', 200), ('/nothing', 404)],
)
def test_an_answered_request_leaves_nothing_for_the_garbage_collector(server: Server, path: str, status: int):
    cluster = server.cluster({'services': [{'web': {'image': 'team/web:1'}}]})

    def is_left() -> bool:
        return any(isinstance(each, ApiHandler) and each.context is server.context for each in gc.get_objects())

    async def freed() -> None:
        """Return once no request of this server is left; the collector is off."""
        async with asyncio.timeout(60):
            while is_left():  # noqa: ASYNC110  a request ends after its answer, which has no notification
                await asyncio.sleep(0.05)

    gc.collect()
    gc.disable()
    try:
        assert server.api('GET', path.format(cluster)).status == status
        asyncio.run(freed())
    finally:
        gc.enable()
