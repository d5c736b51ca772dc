"""Fixtures for every test."""

import asyncio
import gc

import pytest
from hypothesis import settings

from tests import botocore_data
from tests.aws import aws, embedded_aws
from tests.guarded import guarded
from tests.server import server
from tests.unchanged_documents import unchanged_documents
from tests.webhook import webhook

botocore_data.share()

__all__ = ['aws', 'embedded_aws', 'guarded', 'server', 'unchanged_documents', 'webhook']


def pytest_configure() -> None:
    """Make no event loop current: pytest-tornado's first one would otherwise make a predecessor, and never close it."""
    asyncio.set_event_loop(None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption('--documents', type=int, default=500, help='stackfiles that tests/…/test_fuzz.py generates')
    parser.addoption('--every-kill', action='store_true', help='kill at each boundary in tests/…/test_site_kills.py')


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`batch`: the number of a batch of generated stackfiles. `first_kill`: the number of a boundary of a run."""
    if 'batch' in metafunc.fixturenames:
        documents, size = metafunc.config.getoption('documents'), metafunc.module.BATCH
        metafunc.parametrize('batch', range(max(1, documents // size)))
    if 'first_kill' in metafunc.fixturenames:
        stride = metafunc.module.STRIDE
        metafunc.parametrize('first_kill', range(stride) if metafunc.config.getoption('every_kill') else [stride // 2])


def pytest_collection_finish() -> None:
    """Exempt what was imported from garbage collections: a full one took 0.3 s of CPU, and found nothing."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright keeps a loop running in the main thread, so no other can run after it."""
    items.sort(key=lambda item: item.nodeid.startswith('tests/browser/'))


# The same examples in each run, on a machine of any speed
settings.register_profile('nysa', deadline=None, derandomize=True, database=None)
settings.load_profile('nysa')
