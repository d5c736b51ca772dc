"""/api/docs in a real browser: under its own policy, in both themes, on a phone and on a wide screen."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.server import Server

AXE = Path(__file__).parents[2] / 'static' / 'node_modules' / 'axe-core' / 'axe.min.js'

# Each kind of thing on the page once: looking at all of it takes half a minute, and finds nothing else.
PARTS = ['.top', '.contents', '#start', '#services', '#shape-Error', '#shape-ServiceRow', 'footer']

SIZES = {'phone': (390, 844), 'wide': (1440, 900)}


@pytest.fixture(params=['light', 'dark'])
def theme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, theme: str, server: Server):
    """The page as it was loaded; a complaint of the browser's fails the test."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={'width': width, 'height': height}, color_scheme=theme)
    page = context.new_page()
    complaints: list[str] = []
    page.on('console', lambda message: complaints.append(message.text))
    page.on('requestfailed', lambda failed: complaints.append(failed.url))
    page.goto(f'http://127.0.0.1:{server.port}/api/docs')
    yield page
    context.close()
    assert not complaints


def test_nothing_is_wider_than_the_screen(page: Page):
    assert page.evaluate('() => document.documentElement.scrollWidth <= innerWidth')


def test_the_style_sheet_is_applied(page: Page, theme: str):
    background = page.evaluate('() => getComputedStyle(document.body).backgroundColor')
    assert background == {'light': 'rgb(255, 255, 255)', 'dark': 'rgb(15, 17, 23)'}[theme]


def test_a_link_of_the_contents_leads_to_its_call(page: Page):
    page.goto(page.url + '#putService')
    page.wait_for_function("""() => {
      const { top } = document.querySelector('#putService').getBoundingClientRect();
      return 0 <= top && top < 200;
    }""")


@pytest.mark.parametrize('page', ['wide'], indirect=True)
def test_everyone_can_read_it(page: Page):
    page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate(AXE.read_text())
    found = page.evaluate('include => axe.run({ include })', PARTS)
    assert not [(each['id'], each['nodes'][0]['html']) for each in found['violations']]
