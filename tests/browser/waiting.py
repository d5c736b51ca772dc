"""Waits for what the handlers of a test have recorded: they run only while the test waits for the page."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

PATIENCE_S = 40.0


def until(page: Page, holds: Callable[[], object]) -> None:
    """Return once the condition holds; AssertionError after `PATIENCE_S`."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, 'what the handlers of the test record has not come'
        page.wait_for_timeout(20)
