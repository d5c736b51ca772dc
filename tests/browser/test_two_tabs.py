"""Two tabs of one browser: each has a draft of its own."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server

WEB = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 2}}]}


@pytest.fixture
def address(server: Server) -> str:
    return f'http://127.0.0.1:{server.port}/cp/clusters/{server.cluster(WEB)}/stackfile'


def write(page: Page, text: str) -> None:
    page.bring_to_front()
    expect(page.locator('.cm-content')).to_be_visible()
    page.locator('.cm-content').press('Control+End')
    page.keyboard.insert_text(text)
    page.keyboard.press('Control+s')
    expect(page.get_by_text('saved in this browser')).to_be_visible()


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator('.cm-content')).to_contain_text('nginx')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    return page


def test_neither_overwrites_the_draft_of_the_other(page: Page, address: str):
    other = opened(page.context.new_page(), address)
    opened(page, address)
    write(page, '# first\n')
    write(other, '# second\n')
    for tab, own, foreign in ((page, '# first', '# second'), (other, '# second', '# first')):
        tab.reload()
        expect(tab.locator('.cm-content')).to_contain_text(own)
        expect(tab.locator('.cm-content')).not_to_contain_text(foreign)


def test_a_tab_that_comes_later_goes_on_with_a_copy(page: Page, address: str):
    opened(page, address)
    write(page, '# first\n')
    other = opened(page.context.new_page(), address)
    expect(other.locator('.cm-content')).to_contain_text('# first')
    write(other, '# second\n')
    page.reload()
    expect(page.locator('.cm-content')).to_contain_text('# first')
    expect(page.locator('.cm-content')).not_to_contain_text('# second')


def test_what_is_discarded_in_one_tab_stays_in_the_other(page: Page, address: str):
    opened(page, address)
    write(page, '# first\n')
    other = opened(page.context.new_page(), address)
    other.get_by_role('button', name='Discard').click()
    expect(other.get_by_text('Changes discarded')).to_be_visible()
    page.bring_to_front()
    expect(page.locator('.cm-content')).to_contain_text('# first')
    page.reload()
    expect(page.locator('.cm-content')).to_contain_text('# first')


def test_a_draft_of_a_closed_tab_is_gone_once_a_later_one_applied_it(page: Page, address: str):
    closed = opened(page.context.new_page(), address)
    write(closed, '- more:\n    image: nginx:2\n')
    closed.close()
    opened(page, address)
    expect(page.locator('.cm-content')).to_contain_text('nginx:2')
    page.get_by_role('button', name=re.compile('^Review')).click()
    page.get_by_label('Reason').fill('One more')
    page.get_by_role('button', name=re.compile('^Apply')).click()
    expect(page).to_have_url(re.compile('/rollout$'))
    expect(page.get_by_role('link', name='Draft')).to_have_count(0)
