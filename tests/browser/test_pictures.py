"""Every screen in both themes and at three widths beside its reference picture.

A picture that differs on purpose is renewed by `make screenshots`; the differing ones are in test-results/pictures.
"""

import time
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.pictures.comparing import SHARE, difference, reduced, reference_of
from tests.pictures.recording import Recording
from tests.pictures.screens import SCREENS, Screen, open_screen
from tests.pictures.taking import new_page, take, variants
from tests.process import ROOT

DIFFERING = ROOT / 'test-results' / 'pictures'
# What loads late is waited for: a picture that differs is repeated after a pause, until the time of its screen is up.
PAUSE_MS = 500
TIME_S = 40.0


@pytest.fixture(scope='module')
def replayed(browser: Browser) -> Iterator[Page]:
    page = new_page(browser, 'light')
    page.set_default_timeout(TIME_S * 1000)
    Recording.load().replay(page)
    yield page
    page.context.close()


@pytest.mark.parametrize('screen', SCREENS, ids=lambda screen: screen.name)
def test_a_screen_looks_like_its_reference(replayed: Page, base_url: str, screen: Screen):
    open_screen(replayed, base_url, screen)
    differing = {name: share for name, share in shares(replayed, screen).items() if share > SHARE}
    assert not differing, 'If this is intended, run `make screenshots`; the pictures are in test-results/pictures'


def shares(page: Page, screen: Screen) -> dict[str, float]:
    """How much each picture of a screen differs."""
    end = time.monotonic() + TIME_S
    return {name: last_share(page, name, (theme, width), end) for name, theme, width in variants(screen)}


def last_share(page: Page, name: str, how: tuple[str, int], end: float) -> float:
    """How much a picture differs when it fits, or at the `end`."""
    reference = Image.open(reference_of(name)).convert('RGB')
    share = difference(reduced(picture := take(page, *how)), reference)
    while share > SHARE and time.monotonic() < end:
        page.wait_for_timeout(PAUSE_MS)
        share = difference(reduced(picture := take(page, *how)), reference)
    if share <= SHARE:
        return share
    DIFFERING.mkdir(parents=True, exist_ok=True)
    (DIFFERING / f'{name}.jpg').write_bytes(picture)
    return share
