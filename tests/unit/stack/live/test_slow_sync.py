"""The warning that a subscriber is not in sync for long."""

import logging

import pytest

from stack.errors import Unavailable
from stack.live.slow_sync import SlowSync
from tests.asynchronous import asynchronous
from tests.rolling import eventually


@asynchronous
async def test_what_is_waited_for_is_logged_with_the_last_failure_and_ever_less_often(caplog: pytest.LogCaptureFixture):
    waits_for = ['the list of clusters']
    slow = SlowSync(lambda: waits_for[0], first_s=0.01)
    await eventually(lambda: len(caplog.records) == 1)
    assert 'it waits for the list of clusters; the last failure: none' in caplog.text
    waits_for[0], slow.failure = 'prod', Unavailable('S3 does not answer.', 's3:GetObject', '503')
    await eventually(lambda: 'it waits for prod; the last failure: S3 does not answer.' in caplog.text)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert slow._due_s >= 0.04
    slow.end()


@asynchronous
async def test_nothing_is_logged_once_it_has_ended(caplog: pytest.LogCaptureFixture):
    SlowSync(lambda: 'prod', first_s=0.01).end()
    later = SlowSync(lambda: 'staging', first_s=0.01)
    await eventually(lambda: len(caplog.records) == 1)
    later.end()
    assert 'prod' not in caplog.text
