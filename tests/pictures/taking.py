"""Pictures of one screen: in each theme and at each width, once it stands still."""

from collections.abc import Iterator

from playwright.sync_api import Browser, Page

from tests.pictures.screens import THEMES, WIDTHS, Screen

# Resolves once the fonts are there, finite animations have ended and two frames are painted.
SETTLED = """async () => {
  await document.fonts.ready;
  const ends = document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity);
  await Promise.all(ends.map((each) => each.finished.catch(() => undefined)));
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}"""


def new_page(browser: Browser, theme: str) -> Page:
    """A page whose locale, zone and motion are those of every picture."""
    context = browser.new_context(
        locale='en-GB',
        timezone_id='UTC',
        color_scheme=theme,
        reduced_motion='reduce',
        viewport={'width': 1440, 'height': WIDTHS[1440]},
    )
    return context.new_page()


def settle(page: Page) -> None:
    page.evaluate(SETTLED)


def variants(screen: Screen) -> Iterator[tuple[str, str, int]]:
    """The name, the theme and the width of each picture of a screen."""
    for width in WIDTHS:
        for theme in THEMES:
            yield f'{screen.name}-{theme}-{width}', theme, width


def take(page: Page, theme: str, width: int) -> bytes:
    page.set_viewport_size({'width': width, 'height': WIDTHS[width]})
    page.emulate_media(color_scheme=theme, reduced_motion='reduce')
    settle(page)
    return page.screenshot(type='jpeg', quality=92, animations='disabled')


def pictures(page: Page, screen: Screen) -> Iterator[tuple[str, bytes]]:
    for name, theme, width in variants(screen):
        yield name, take(page, theme, width)
