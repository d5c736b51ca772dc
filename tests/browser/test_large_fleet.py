"""A wall of more clusters than a window shows: tiles out of sight are links with a name until they are needed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from stack.sandbox.server import EmbeddedAws
from tests.aws import Aws
from tests.moving import config, run_everything
from tests.server import Server

CLUSTERS = 120

# Tiles become complete in sight alone.
NEVER_IDLE = 'window.requestIdleCallback = () => 0;'


LAST = f'cluster-{CLUSTERS - 1:03}'


@pytest.fixture(scope='module')
def server(embedded_aws: EmbeddedAws) -> Iterator[Server]:
    """A server of many clusters in which every service runs; no test changes them."""
    with Server(Aws(embedded_aws)) as running:
        names = [running.cluster(config(1), f'cluster-{n:03}') for n in range(CLUSTERS)]
        for name in names:
            run_everything(running, name)
        yield running


def opened(page: Page, server: Server) -> None:
    page.goto(f'http://127.0.0.1:{server.port}/cp')
    expect(page.locator('main [data-row]')).to_have_count(CLUSTERS)


def tile(page: Page, cluster: str) -> Locator:
    return page.locator('.tile').filter(has=page.locator(f'[data-row={cluster}]'))


def squares(page: Page, cluster: str) -> Locator:
    return tile(page, cluster).locator('.sqs')


def test_a_tile_out_of_sight_leads_to_its_cluster(page: Page, server: Server):
    page.add_init_script(NEVER_IDLE)
    opened(page, server)
    expect(squares(page, 'cluster-000')).to_have_count(1)
    expect(squares(page, LAST)).to_have_count(0)
    page.evaluate('() => void (window.same = true)')
    tile(page, LAST).get_by_role('link').dispatch_event('click')
    expect(page).to_have_url(re.compile(f'/cp/clusters/{LAST}$'))
    assert page.evaluate('() => window.same'), 'the page was not loaded again'


def test_a_tile_becomes_complete_where_a_filter_brings_it_in_sight(page: Page, server: Server):
    page.add_init_script(NEVER_IDLE)
    opened(page, server)
    expect(squares(page, LAST)).to_have_count(0)
    page.get_by_label('Filter clusters and services').fill(LAST)
    expect(page.get_by_text(f'1 of {CLUSTERS} clusters')).to_be_visible()
    expect(squares(page, LAST)).to_be_visible()
    expect(tile(page, 'cluster-000')).to_be_hidden()


def test_the_keyboard_reaches_a_tile_and_stays_on_it_as_it_becomes_complete(page: Page, server: Server):
    page.add_init_script(NEVER_IDLE)
    opened(page, server)
    page.keyboard.press('k')
    expect(squares(page, LAST)).to_be_visible()
    expect(tile(page, LAST).get_by_role('link')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page).to_have_url(re.compile(f'/cp/clusters/{LAST}$'))


def test_all_tiles_become_complete_when_the_page_is_idle(page: Page, server: Server):
    opened(page, server)
    expect(page.locator('.tile .sqs')).to_have_count(CLUSTERS)
    expect(squares(page, LAST).locator('.sq')).to_have_count(1)
