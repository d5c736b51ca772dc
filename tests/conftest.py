"""Fixtures that every test may ask for."""

import pytest
from hypothesis import settings

from tests.aws import aws, embedded_aws
from tests.guarded import guarded
from tests.server import server
from tests.webhook import webhook

__all__ = ['aws', 'embedded_aws', 'guarded', 'server', 'webhook']


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright leaves a loop running in the main thread, where no other can be run after it."""
    items.sort(key=lambda item: item.nodeid.startswith('tests/browser/'))


# The same examples each time, however slow the machine is at that moment
settings.register_profile('nysa', deadline=None, derandomize=True, database=None)
settings.load_profile('nysa')
