"""Each strategy with each ending: REST, socket, chat, another replica and a restarted one report the same verdict."""

import asyncio
from datetime import UTC, datetime, tzinfo

import pytest

from tests.aws import Aws
from tests.ending_rows import STRATEGIES, rows
from tests.ending_table import Table
from tests.webhook import Webhook


def test_the_table_is_complete():
    assert sum(len(rows(strategy)) for strategy in STRATEGIES) >= 40


@pytest.fixture
def one_clock(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Revisions are dated by ECS's clock, which this test and those before it advance, at their writer as in S3."""

    class Simulated(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(aws.embedded.clock.now(), tz)

    monkeypatch.setattr('stack.state.revision_store.datetime', Simulated)
    monkeypatch.setattr('moto.s3.models.utcnow', lambda: Simulated.now(UTC).replace(tzinfo=None))


@pytest.mark.usefixtures('one_clock')
@pytest.mark.parametrize('strategy', STRATEGIES)
def test_endings(aws: Aws, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, strategy: str):
    monkeypatch.setattr('stack.chat.relay.SPACING_S', 0.01)

    async def scenario() -> None:
        table = Table(aws, strategy)
        try:
            await table.begin(webhook)
            await table.play()
            assert await table.over_rest() == table.expected()
            assert await table.over_socket() == table.expected()
            assert await table.over_chat() == table.expected()
            assert table.at_other() == table.expected()
            await table.stop()
            await table.restart()
            assert await table.over_rest() == table.expected()
        finally:
            await table.close()

    asyncio.run(scenario())
