"""One whole flow without a mouse, and the keys that the help names."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.process import Process


def tab_to(page: Page, there: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(40):
        page.keyboard.press('Tab')
        if there.evaluate('(element) => element === document.activeElement'):
            return
    raise AssertionError('Tab does not lead there')


def tile(page: Page, cluster: str) -> Locator:
    """The link in a cluster's tile; others of the same name come with the activity beside the wall."""
    return page.get_by_role('article').get_by_role('link', name=cluster, exact=True)


@pytest.mark.usefixtures('lasting_notices')
def test_from_the_fleet_to_the_rollout_of_a_service_by_keyboard_alone(page: Page, product: Process):
    page.goto('/cp')
    expect(tile(page, 'production')).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    page.keyboard.press('/')
    page.keyboard.type('prod')
    expect(page.locator('[data-row]:visible')).to_have_count(1)
    page.keyboard.press('ArrowDown')
    page.keyboard.press('Enter')
    expect(page.get_by_role('heading', name='production', level=1)).to_be_visible()
    expect(page.get_by_role('link', name='routing-service, open')).to_be_visible()
    page.keyboard.press('j')
    page.keyboard.press('j')
    page.keyboard.press('k')
    expect(page.locator('[data-row]').first).to_be_focused()
    page.keyboard.press('/')
    page.keyboard.type('routing')
    expect(page.locator('[data-row]:visible')).to_have_count(1)
    page.keyboard.press('ArrowDown')
    expect(page.get_by_role('link', name='routing-service, open')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page.get_by_role('heading', name='routing-service', exact=True)).to_be_visible()
    page.keyboard.press(']')
    expect(page.get_by_role('tab', name='Logs')).to_have_attribute('aria-selected', 'true')
    page.keyboard.press('[')
    tab_to(page, page.get_by_role('button', name='Scale', exact=True))
    page.keyboard.press('Enter')
    expect(page.get_by_label('Tasks', exact=True)).to_be_focused()
    page.keyboard.press('Control+a')
    page.keyboard.type('4')
    page.keyboard.press('Enter')
    expect(page.get_by_label('Reason')).to_be_focused()
    expect(page.get_by_text('1 change in 1 service')).to_be_visible()
    page.keyboard.type('By hand')
    page.keyboard.press('Control+Enter')
    expect(page.get_by_role('heading', name='routing-service scaled to 4')).to_be_visible()
    services = product.api('GET', '/clusters/production/services').json['content']
    assert next(s for s in services if s['name'] == 'routing-service')['desired_count'] == 4
    tab_to(page, page.get_by_role('link', name='Follow the rollout'))
    page.keyboard.press('Enter')
    expect(page).to_have_url(re.compile('/cp/clusters/production/rollout'))


def test_the_help_names_every_key(page: Page):
    page.goto('/cp/clusters/staging/services/billing-service')
    expect(page.get_by_role('heading', name='billing-service')).to_be_visible()
    page.keyboard.press('?')
    items = page.get_by_role('dialog', name='Keyboard shortcuts').get_by_role('listitem')
    expect(items.first).to_be_visible()
    keys = {' '.join(each.split('\n')[1:]) for each in items.all_inner_texts()}
    assert keys >= {'Ctrl K', '/', 'j', 'k', 'Enter', 'Esc', '[', ']', 'g c', 'g h', 'e', 'd', '?'}


def test_a_key_is_text_while_the_user_types(page: Page):
    page.goto('/cp/clusters/staging')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    page.get_by_label('Filter services').fill('')
    page.keyboard.type('e?jk[]gc')
    expect(page.get_by_label('Filter services')).to_have_value('e?jk[]gc')
    expect(page.get_by_role('dialog')).to_have_count(0)


def test_the_palette_does_what_the_menus_do(page: Page):
    page.goto('/cp/clusters/staging/services/billing-service')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    expect(page.get_by_role('button', name='Actions for billing-service')).to_be_visible()
    offers = page.get_by_role('option')
    for typed, offer in (('scale', 'Scale… · billing-service'), ('freeze', 'Freeze… · staging'), ('unfreeze', None)):
        page.keyboard.press('Control+k')
        page.keyboard.type(typed)
        if offer:
            expect(offers.first).to_contain_text(offer)
        else:
            expect(offers.filter(has_text='Unfreeze')).to_have_count(0)
        page.keyboard.press('Escape')
    page.keyboard.press('Control+k')
    page.keyboard.type('freeze')
    page.keyboard.press('Enter')
    expect(page.get_by_role('dialog', name='Freeze staging')).to_be_visible()


def on_the_fleet(page: Page) -> None:
    """Open the page of all clusters. The palette offers what the page knew when it was opened."""
    page.goto('/cp')
    expect(tile(page, 'staging')).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    expect(page.locator('.tallies')).to_be_visible()


def test_the_palette_finds_and_goes(page: Page):
    on_the_fleet(page)
    page.keyboard.press('Control+k')
    page.keyboard.type('billing')
    expect(page.get_by_role('option').first).to_contain_text('billing-service')
    page.keyboard.press('Enter')
    expect(page.get_by_role('heading', name='billing-service')).to_be_visible()


def test_the_palette_carries_out_a_command_in_any_cluster(page: Page):
    on_the_fleet(page)
    page.keyboard.press('Control+k')
    page.keyboard.type('deploy user v2.1.0')
    offer = page.get_by_role('option').filter(has_text='staging')
    expect(offer).to_contain_text('Deploy user-service v2.1.0')
    offer.click()
    dialog = page.get_by_role('dialog', name='Deploy user-service')
    expect(dialog.get_by_role('button', name='Deploy v2.1.0')).to_be_attached()


def test_single_keys_can_be_switched_off(page: Page):
    on_the_fleet(page)
    page.keyboard.press('?')
    page.get_by_label(re.compile('^Single-key')).uncheck()
    page.keyboard.press('Escape')
    expect(page.get_by_role('dialog')).to_have_count(0)
    page.keyboard.press('?')
    expect(page.get_by_role('dialog')).to_have_count(0)
    page.keyboard.press('Control+k')
    expect(page.get_by_role('dialog')).to_be_visible()


def test_the_address_brings_everything_back(page: Page):
    page.goto('/cp/clusters/staging?q=worker')
    page.get_by_role('link', name='email-worker, open').click()
    page.get_by_role('tab', name='History').click()
    page.get_by_role('button', name='Tasks').click()
    expect(page).to_have_url(re.compile('services/email-worker.*tab=history'))
    page.reload()
    expect(page.get_by_role('tab', name='History')).to_have_attribute('aria-selected', 'true')
    expect(page.get_by_label('Filter services')).to_have_value('worker')
    page.go_back()
    expect(page.get_by_role('complementary')).to_have_count(0)
