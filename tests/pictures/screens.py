"""The screens of the pictures: their addresses, what is done there, and what shows that they are complete."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

WIDTHS = {390: 1200, 1440: 900, 2560: 1440}
THEMES = ('light', 'dark')

EU = '/cp/clusters/production-eu'
PRODUCTION = '/cp/clusters/production'
STAGING = '/cp/clusters/staging'
CHECKOUT = f'{EU}/services/checkout-api'


def nothing(page: Page) -> None:
    """No step."""


def deploy(page: Page) -> None:
    page.get_by_role('button', name='Deploy', exact=True).first.click()
    page.locator('.dialog.split .split-main h3').first.wait_for()


def palette(page: Page) -> None:
    page.keyboard.press('Control+k')
    page.get_by_role('dialog').get_by_role('combobox').fill('deploy checkout')


def review(page: Page) -> None:
    """A draft, then its review."""
    page.locator('.cm-content').click()
    page.keyboard.press('Control+End')
    page.keyboard.insert_text('\n# Reviewed\n')
    page.get_by_role('button', name='Review', exact=True).click()
    page.get_by_role('region', name='Changes').wait_for()


def widen(page: Page) -> None:
    """Load what wide windows alone show; the window is as large as before."""
    size = page.viewport_size
    page.set_viewport_size({'width': 2560, 'height': WIDTHS[2560]})
    page.locator('.today li').first.wait_for()
    if size:
        page.set_viewport_size(size)


@dataclass(frozen=True)
class Screen:
    """`ready`: a selector of what comes last."""

    name: str
    path: str
    ready: str
    steps: Callable[[Page], None] = nothing


SCREENS = (
    Screen('fleet', '/cp', '.feed-side .happening, .tile', widen),
    Screen('fleet-dense', '/cp?size=dense', '.tile'),
    Screen('fleet-table', '/cp?size=table', '.fleettable .tbody .tr'),
    Screen('cluster', EU, '.services .tbody .tr'),
    Screen('incident', f'{STAGING}/services/routing-service', '.slab'),
    Screen('rolling', f'{PRODUCTION}/services/search-service', '.run'),
    Screen('overview', CHECKOUT, '.drawer .content > *'),
    Screen('logs', f'{CHECKOUT}?tab=logs', '.lines .line'),
    Screen('metrics', f'{CHECKOUT}?tab=metrics', '.plot'),
    Screen('configuration', f'{CHECKOUT}?tab=configuration', '.drawer .content > *'),
    Screen('diff', f'{STAGING}/services/routing-service?tab=diff', '.drawer .content > *'),
    Screen('tasks', f'{CHECKOUT}?tab=tasks', '.drawer .content > *'),
    Screen('service-history', f'{CHECKOUT}?tab=history', '.drawer .content > *'),
    Screen('deploy', f'{STAGING}/services/user-service', '.drawer', deploy),
    Screen('rollout', f'{PRODUCTION}/rollout', 'main h1'),
    Screen('history', f'{EU}/history', '.timeline li'),
    Screen('audit', f'{EU}/audit', 'main h1'),
    Screen('activity', '/cp/activity', 'section.activity li'),
    Screen('versions', '/cp/versions', '.matrixrow, .versionlist summary'),
    Screen('stackfile', f'{EU}/stackfile', '.cm-content'),
    Screen('review', f'{EU}/stackfile', '.cm-content', review),
    Screen('new-cluster', '/cp/new', 'main h1'),
    Screen('removed', '/cp/removed', 'main h1'),
    Screen('palette', EU, '.services .tbody .tr', palette),
    Screen('parts', '/cp/parts', '.partspage .state'),
)


def open_screen(page: Page, origin: str, screen: Screen) -> None:
    """Go to a screen and do its steps; it may still load."""
    page.goto(f'{origin}{screen.path}')
    page.locator(screen.ready).first.wait_for()
    screen.steps(page)
