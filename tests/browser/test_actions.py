"""What stands in the menus: restarts, freezes and what they refuse, quarantine, removal and restoration, the audit."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_changes import newest, service_of
from tests.process import Process


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role('button', name=menu, exact=True).click()
    page.get_by_role('menuitem', name=item).click()


def confirm(dialog: Locator, verb: str, why: str) -> None:
    dialog.get_by_label('Why?').fill(why)
    dialog.get_by_role('button', name=verb, exact=True).click()


def test_a_restart_is_planned_and_given_a_reason(page: Page, product: Process):
    page.goto('/cp/clusters/staging/services/report-worker')
    choose(page, 'Actions for report-worker', 'Restart')
    dialog = page.get_by_role('dialog', name='Restart report-worker')
    expect(dialog.get_by_text('1 change in 1 service')).to_be_visible()
    expect(dialog.get_by_role('cell', name='restarted_at')).to_be_visible()
    confirm(dialog, 'Restart', 'Picks up the new certificate')
    expect(page.get_by_role('heading', name='report-worker is being restarted')).to_be_visible()
    row = newest(product, 'staging')
    assert (row['summary'], row['message']) == ('report-worker: restarted', 'Picks up the new certificate')
    page.get_by_role('tab', name='History').click()
    expect(page.get_by_role('tabpanel').get_by_text('Picks up the new certificate')).to_be_visible()


def test_several_services_are_restarted_in_one_revision(page: Page, product: Process):
    page.goto('/cp/clusters/production')
    for name in ('email-worker', 'report-worker'):
        page.get_by_label(f'Choose {name}').check()
    before = product.api('GET', '/clusters/production/revisions?limit=2').json['content']
    page.get_by_role('region', name='Chosen services').get_by_role('button', name='Restart').click()
    dialog = page.get_by_role('dialog', name='Restart 2 services')
    expect(dialog.get_by_text('2 changes in 2 services')).to_be_visible()
    confirm(dialog, 'Restart', 'The queue was stuck')
    expect(page.get_by_role('heading', name='2 services are being restarted')).to_be_visible()
    after = product.api('GET', '/clusters/production/revisions?limit=2').json['content']
    assert after[0]['summary'] == 'email-worker: restarted; report-worker: restarted'
    assert after[1]['revision'] == before[0]['revision']
    expect(page.get_by_role('region', name='Chosen services')).to_have_count(0)


def test_a_freeze_refuses_says_why_and_can_be_overridden(page: Page, product: Process):
    page.goto('/cp/clusters/production/services/routing-service')
    page.get_by_role('button', name='Scale', exact=True).click()
    page.get_by_label('Tasks', exact=True).fill('8')
    page.get_by_role('button', name='Plan').click()
    dialog = page.get_by_role('dialog', name='Scale routing-service to 8')
    expect(dialog.get_by_text('1 change in 1 service')).to_be_visible()
    product.api('PUT', '/clusters/production/freeze', {'reason': 'the big sale'}, X_Nysa_Actor='maria')
    try:
        dialog.get_by_label('Why?').fill('More visitors')
        expect(dialog.get_by_text('production is frozen by maria, until somebody thaws it')).to_be_visible()
        expect(dialog.get_by_text('“the big sale”')).to_be_visible()
        apply = dialog.get_by_role('button', name='Override: Scale to 8')
        expect(apply).to_have_attribute('aria-disabled', 'true')
        dialog.get_by_role('button', name='Override the freeze').click()
        dialog.get_by_label('Why in spite of that?').fill('It is the sale that needs it')
        expect(dialog.get_by_label('Why?')).to_have_value('More visitors')
        apply.click()
        expect(page.get_by_role('heading', name='routing-service scaled to 8')).to_be_visible()
        assert service_of(product, 'production', 'routing-service')['desired_count'] == 8
        assert newest(product, 'production')['changes'][0]['override'] == 'It is the sale that needs it'
    finally:
        product.api('DELETE', '/clusters/production/freeze')


def test_freezing_and_thawing(page: Page, product: Process):
    page.goto('/cp/clusters/staging')
    choose(page, 'More actions', 'Freeze…')
    page.get_by_label('for 4 hours').check()
    page.get_by_role('button', name='Next').click()
    dialog = page.get_by_role('dialog', name='Freeze staging')
    expect(dialog.get_by_text('No changes')).to_have_count(0)
    confirm(dialog, 'Freeze', 'The auditors are here')
    notice = page.get_by_role('region', name='Notices')
    expect(notice.get_by_text('staging is frozen')).to_be_visible()
    expect(notice.get_by_text('Follow the rollout')).to_have_count(0)
    expect(page.get_by_text(re.compile('Frozen by .*, thaws in (3|4) h'))).to_be_visible()
    page.get_by_role('button', name='Thaw').click()
    confirm(page.get_by_role('dialog', name='Thaw staging'), 'Thaw', 'They are gone')
    expect(page.get_by_role('heading', name='staging takes changes again')).to_be_visible()
    assert product.api('GET', '/clusters/staging/freeze').json == {'frozen': None}
