"""Text of users that is hostile to a page: long without a break, or with marks that turn the direction of writing."""

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server

WEB = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 2}}]}
UNBROKEN = 'x' * 300
REVERSED = '\u202egnp.exe'

# Elements that reach beyond the window, and are not cut off there.
OVERFLOWING = """() => {
  const parents = (e) => (e.parentElement ? [e.parentElement, ...parents(e.parentElement)] : []);
  return [...document.querySelectorAll('main *, .notices *')]
  .filter((e) => !parents(e).some((at) => getComputedStyle(at).overflowX !== 'visible'))
  .filter((e) => e.checkVisibility() && !e.closest('.visually-hidden'))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.outerHTML.slice(0, 160));
}"""
# Whether its direction of writing ends with it.
ISOLATED = "(element) => getComputedStyle(element).unicodeBidi.includes('isolate')"


@pytest.fixture
def cluster(server: Server) -> str:
    name = server.cluster(WEB)
    server.api('PUT', f'/clusters/{name}/services/web?message={UNBROKEN}', {'desired_count': 3})
    server.api('PUT', f'/clusters/{name}/freeze', {'reason': f'{UNBROKEN} {REVERSED}', 'until': '1h'})
    server.api('PUT', f'/clusters/{name}/services/web', {'desired_count': 4})
    return name


@pytest.mark.parametrize('width', [1280, 390])
@pytest.mark.parametrize(
    'screen', ['', '/clusters/{}', '/clusters/{}/history', '/clusters/{}/audit', '/clusters/{}/rollout']
)
def test_long_text_without_a_break_stays_in_the_page(page: Page, server: Server, cluster: str, screen: str, width: int):
    page.set_viewport_size({'width': width, 'height': 800})
    page.goto(f'http://127.0.0.1:{server.port}/cp{screen.format(cluster)}')
    expect(page.get_by_text(UNBROKEN[:40]).first).to_be_attached()
    assert page.evaluate('() => document.documentElement.scrollWidth') <= width
    assert page.evaluate(OVERFLOWING) == []


def test_a_header_shows_three_lines_of_it_and_the_rest_on_hover(page: Page, server: Server, cluster: str):
    page.set_viewport_size({'width': 390, 'height': 800})
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    message = page.locator('.about').get_by_title(UNBROKEN)
    expect(message).to_be_visible()
    line = float(message.evaluate('(e) => parseFloat(getComputedStyle(e).lineHeight)'))
    assert message.bounding_box()['height'] <= 3 * line + 1


@pytest.mark.parametrize('screen', ['/clusters/{}', '/clusters/{}/history', '/clusters/{}/audit'])
def test_the_direction_of_text_ends_with_it(page: Page, server: Server, cluster: str, screen: str):
    page.goto(f'http://127.0.0.1:{server.port}/cp{screen.format(cluster)}')
    texts = page.locator('main').get_by_text(REVERSED)
    expect(texts.first).to_be_visible()
    assert texts.evaluate_all(f'(all) => all.filter((each) => !({ISOLATED})(each)).map((each) => each.outerHTML)') == []
