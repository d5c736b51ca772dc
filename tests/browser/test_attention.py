"""A failing service is seen without looking at the page: by the tab's title and icon, and by a notification."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_live_rules import opened, run_tasks
from tests.moving import config, run_everything
from tests.server import Server

# Notifications of the browser, recorded instead of shown; the user has granted them.
RECORDED = """
window.shown = [];
window.Notification = class extends EventTarget {
  static permission = 'granted';
  static requestPermission = async () => 'granted';
  constructor(title, options) { super(); shown.push([title, options.body]); }
};
"""


@pytest.fixture
def cluster(server: Server) -> str:
    name = server.cluster(config(3))
    run_everything(server, name)
    return name


def test_a_failure_is_in_the_title_and_the_icon_and_notified_on_request(page: Page, server: Server, cluster: str):
    page.add_init_script(RECORDED)
    opened(page, server, f'/clusters/{cluster}')
    icon = page.locator('link[rel=icon]')
    expect(page).to_have_title(f'{cluster} · Nysa')
    expect(icon).not_to_have_attribute('href', re.compile('^data:'))
    page.get_by_role('button', name='Settings').click()
    page.get_by_role('menuitem', name='Notify of failures: off').click()
    page.get_by_role('button', name='Settings').click()
    expect(page.get_by_role('menuitem', name='Notify of failures: on')).to_be_visible()
    page.keyboard.press('Escape')
    run_tasks(server, cluster, 'service-0001', 0)
    expect(page).to_have_title(f'1 failing · {cluster} · Nysa')
    expect(icon).to_have_attribute('href', re.compile('^data:image/svg'))
    page.wait_for_function('() => shown.length > 0')
    assert page.evaluate('() => shown') == [[f'service-0001 is failing in {cluster}', 'No task runs']]
    run_tasks(server, cluster, 'service-0001', 4)
    expect(page).to_have_title(f'{cluster} · Nysa')
