"""Each screen in both themes and on a phone: there, accessible, no wider than the window."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

SCREENS = {
    '/cp': 'Clusters',
    '/cp?size=dense': 'Clusters',
    '/cp?size=table&group=pattern': 'Clusters',
    '/cp/activity': 'Activity',
    '/cp/versions': 'Versions',
    '/cp/versions?q=zzz': re.compile(r'^0 of \d+ match'),
    '/cp?q=zzz': re.compile(r'^0 of \d+ match'),
    '/cp/clusters/staging': 'staging',
    '/cp/clusters/staging?q=zzz': '0 of 6 match',
    '/cp/clusters/staging/services/user-service': 'user-service',
    '/cp/clusters/staging/services/user-service?tab=logs': 'user-service',
    '/cp/clusters/staging/services/user-service?tab=metrics': 'user-service',
    '/cp/clusters/staging/services/user-service?tab=configuration': 'user-service',
    '/cp/clusters/staging/services/user-service?tab=diff': 'user-service',
    '/cp/clusters/staging/services/user-service?tab=tasks': 'user-service',
    '/cp/clusters/staging/services/user-service?tab=history': 'user-service',
    '/cp/clusters/staging/stackfile': 'Problems',
    '/cp/clusters/staging/review': 'Nothing to review',
    '/cp/clusters/staging/rollout': 'staging',
    '/cp/clusters/staging/history': 'Revisions',
    '/cp/clusters/staging/audit': 'Audit',
    '/cp/clusters/staging/audit?q=zzz': 'staging',
    '/cp/proposals': 'Proposals',
    '/cp/removed': 'Removed clusters',
    '/cp/new': 'New cluster',
    '/cp/clusters/nowhere': 'No cluster is called nowhere',
    '/cp/nowhere': 'Page not found',
}

# The theme when the page had something to paint for the first time.
THEME_WHEN_PAINTED = """
new MutationObserver((_, observer) => {
  if (!document.body) return;
  observer.disconnect();
  window.themeAtFirst = document.documentElement.dataset.theme;
}).observe(document, { childList: true, subtree: true });
"""


def settled(page: Page, heading: str | re.Pattern) -> None:
    expect(page.get_by_role('heading', name=heading, exact=True).first).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()


@pytest.mark.parametrize('path', SCREENS)
def test_it_is_accessible_in_both_themes_and_fits_on_a_phone(
    page: Page, violations: Callable[[], list[str]], path: str
):
    page.emulate_media(color_scheme='light', reduced_motion='reduce')
    page.goto(path)
    settled(page, SCREENS[path])
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    # https://www.w3.org/TR/WCAG22/#reflow
    page.set_viewport_size({'width': 320, 'height': 640})
    assert page.evaluate('() => document.documentElement.scrollWidth') <= 320


@pytest.mark.parametrize('opened', ['palette', 'keys', 'More actions', 'Settings', 'Scale', 'Deploy', 'Freeze…'])
def test_what_opens_over_it_is_accessible(page: Page, violations: Callable[[], list[str]], opened: str):
    page.emulate_media(reduced_motion='reduce')
    page.goto('/cp/clusters/staging/services/user-service')
    settled(page, 'user-service')
    if opened in ('palette', 'keys'):
        page.keyboard.press({'palette': 'Control+k', 'keys': '?'}[opened])
    elif opened == 'Freeze…':
        page.get_by_role('button', name='More actions').click()
        page.get_by_role('menuitem', name=opened).click()
    else:
        page.get_by_role('button', name=opened, exact=True).click()
    menu = opened in ('More actions', 'Settings')
    shown = page.get_by_role('menu' if menu else 'dialog').first
    expect(shown).to_be_visible()
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    if not menu:
        page.set_viewport_size({'width': 320, 'height': 640})
        box = shown.bounding_box()
        assert box['x'] >= 0
        assert box['x'] + box['width'] <= 320


def test_plans_and_notices_are_accessible(page: Page, violations: Callable[[], list[str]]):
    page.emulate_media(reduced_motion='reduce')
    page.goto('/cp/clusters/production/services/user-service')
    settled(page, 'user-service')
    page.get_by_role('button', name='Scale', exact=True).click()
    page.get_by_label('Tasks', exact=True).fill('5')
    page.get_by_role('button', name='Review', exact=True).click()
    expect(page.get_by_text('1 change in 1 service')).to_be_visible()
    assert violations() == []
    page.get_by_label('Reason').fill('For a look')
    page.get_by_role('button', name='Scale to 5').click()
    expect(page.get_by_role('heading', name='user-service scaled to 5')).to_be_visible()
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []


def test_the_theme_is_kept_and_comes_with_the_page(page: Page):
    page.add_init_script(THEME_WHEN_PAINTED)
    page.goto('/cp')
    page.get_by_role('button', name='Settings').click()
    page.get_by_role('menuitem', name='Dark').click()
    page.reload()
    assert page.evaluate('() => themeAtFirst') == 'dark'


def test_nothing_comes_from_another_host(page: Page, base_url: str):
    asked: list[str] = []
    page.on('request', lambda request: asked.append(request.url))
    page.goto('/cp/clusters/staging/stackfile')
    expect(page.locator('.cm-content')).to_be_visible()
    assert [url for url in asked if not url.startswith((base_url, 'data:', base_url.replace('http', 'ws', 1)))] == []
