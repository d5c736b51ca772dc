"""The page's clock is the server's, however wrong that of the browser is."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server

WEB = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 2}}]}


@pytest.fixture(params=[-3, 5], ids=['3 h behind', '5 h ahead'])
def wrong_clock(request: pytest.FixtureRequest, page: Page) -> None:
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=request.param))


@pytest.mark.usefixtures('wrong_clock')
def test_a_freeze_of_1_hour_lasts_1_hour(page: Page, server: Server):
    cluster = server.cluster(WEB)
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    expect(page.locator('.about time').first).to_have_text(re.compile(r'just now|^\d+ s ago'))
    page.get_by_role('button', name='More actions').click()
    page.get_by_role('menuitem', name='Freeze…').click()
    page.get_by_label('for 1 hour').check()
    page.get_by_role('button', name='Next').click()
    page.get_by_label('Reason').fill('the big sale')
    page.get_by_role('button', name='Freeze').click()
    expect(page.get_by_text(re.compile(r'^Frozen by .*, until .*\(in (59 min|60 min|1 h)\)'))).to_be_visible()
    frozen = server.api('GET', f'/clusters/{cluster}/freeze').json['frozen']
    lasts = datetime.fromisoformat(frozen['until']) - datetime.fromisoformat(frozen['at'])
    assert abs(lasts - timedelta(hours=1)) < timedelta(seconds=30)


def test_a_freeze_and_its_end_are_not_the_last_change(page: Page, server: Server):
    cluster = server.cluster(WEB)
    server.api('PUT', f'/clusters/{cluster}/services/web?message=three%20of%20them', {'desired_count': 3})
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    about = page.locator('.about')
    expect(about).to_contain_text('three of them')
    server.api('PUT', f'/clusters/{cluster}/freeze', {'reason': 'the big sale'})
    expect(page.get_by_text('the big sale')).to_be_visible()
    expect(about).to_contain_text('three of them')
    page.reload()
    expect(page.get_by_text('the big sale')).to_be_visible()
    expect(about).to_contain_text('three of them')
    page.get_by_role('link', name='History').click()
    entry = page.get_by_role('listitem').filter(has_text='the big sale')
    # It is a band of the line: there are no changes to see, and it is no revision to go back to.
    expect(entry).to_contain_text('until lifted')
    expect(entry.get_by_role('button')).to_have_count(0)
    server.api('DELETE', f'/clusters/{cluster}/freeze')
    expect(page.get_by_role('button', name='Unfreeze')).to_have_count(0)
    expect(entry).not_to_contain_text('until lifted')
    expect(entry.get_by_role('button')).to_have_count(0)
