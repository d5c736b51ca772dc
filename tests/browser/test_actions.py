"""The menus: restarts, freezes and what they refuse, quarantine, removal and restoration, the audit."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.test_changes import another_tag, newest, service_of
from tests.guarded import Guarded
from tests.process import Process

Violations = Callable[[], list[str]]


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role('button', name=menu, exact=True).click()
    page.get_by_role('menuitem', name=item).click()


def confirm(dialog: Locator, verb: str, why: str) -> None:
    dialog.get_by_label('Reason').fill(why)
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
        page.get_by_label(f'Select {name}').check()
    before = product.api('GET', '/clusters/production/revisions?limit=2').json['content']
    page.get_by_role('region', name='Selected services').get_by_role('button', name='Restart').click()
    dialog = page.get_by_role('dialog', name='Restart 2 services')
    expect(dialog.get_by_text('2 changes in 2 services')).to_be_visible()
    confirm(dialog, 'Restart', 'The queue was stuck')
    expect(page.get_by_role('heading', name='2 services are being restarted')).to_be_visible()
    after = product.api('GET', '/clusters/production/revisions?limit=2').json['content']
    assert after[0]['summary'] == 'email-worker: restarted; report-worker: restarted'
    assert after[1]['revision'] == before[0]['revision']
    expect(page.get_by_role('region', name='Selected services')).to_have_count(0)


def test_a_freeze_refuses_says_why_and_can_be_overridden(page: Page, product: Process, violations: Violations):
    page.emulate_media(color_scheme='light', reduced_motion='reduce')
    page.goto('/cp/clusters/production/services/routing-service')
    page.get_by_role('button', name='Scale', exact=True).click()
    page.get_by_label('Tasks', exact=True).fill('8')
    page.get_by_role('button', name='Review', exact=True).click()
    dialog = page.get_by_role('dialog', name='Scale routing-service to 8')
    expect(dialog.get_by_text('1 change in 1 service')).to_be_visible()
    product.api('PUT', '/clusters/production/freeze', {'reason': 'the big sale'}, X_Nysa_Actor='maria')
    try:
        dialog.get_by_label('Reason').fill('More visitors')
        expect(dialog.get_by_text('production is frozen by maria, until manually lifted')).to_be_visible()
        expect(dialog.get_by_text('“the big sale”')).to_be_visible()
        apply = dialog.get_by_role('button', name='Override: Scale to 8')
        expect(apply).to_have_attribute('aria-disabled', 'true')
        dialog.get_by_role('button', name='Override the freeze').click()
        dialog.get_by_label('Why override the freeze?').fill('It is the sale that needs it')
        expect(dialog.get_by_label('Reason')).to_have_value('More visitors')
        assert violations() == []
        page.emulate_media(color_scheme='dark')
        assert violations() == []
        apply.click()
        expect(page.get_by_role('heading', name='routing-service scaled to 8')).to_be_visible()
        assert service_of(product, 'production', 'routing-service')['desired_count'] == 8
        assert newest(product, 'production')['changes'][0]['override'] == 'It is the sale that needs it'
    finally:
        product.api('DELETE', '/clusters/production/freeze')


def test_what_is_rolled_away_from_is_held_until_it_is_released(page: Page, product: Process):
    address = '/clusters/staging/services/search-service'
    first = service_of(product, 'staging', 'search-service')['image'].rpartition(':')[2]
    away = another_tag(product, 'staging', 'search-service')
    product.api('PUT', address, {'image_tag': away})
    page.goto('/cp/clusters/staging/services/search-service')
    choose(page, 'Actions for search-service', 'Roll back')
    dialog = page.get_by_role('dialog', name='Roll back search-service')
    expect(dialog.get_by_text('1 image will be blocked')).to_be_visible()
    confirm(dialog, 'Roll back', 'It finds nothing')
    drawer = page.get_by_role('complementary', name='Service search-service')
    expect(drawer.get_by_text(f'{away} is blocked')).to_be_visible()
    expect(drawer.get_by_text('“It finds nothing”')).to_be_visible()
    expect(page.get_by_role('row').filter(has_text='search-service').get_by_text('1 image blocked')).to_be_attached()
    page.get_by_role('button', name='Deploy', exact=True).click()
    page.get_by_role('radio', name=away).first.check()
    refused = page.get_by_role('dialog', name='Deploy search-service')
    refused.get_by_label('Reason').fill('Again')
    expect(refused.get_by_text('Blocked: see above', exact=True)).to_be_visible()
    refused.get_by_role('button', name='Cancel').click()
    drawer.get_by_role('button', name='Unblock…').click()
    confirm(page.get_by_role('dialog', name=f'Unblock {away}'), 'Unblock', 'It was the network')
    expect(drawer.get_by_text('is blocked')).to_have_count(0)
    assert product.api('GET', f'{address}/quarantine').json['content'] == []
    assert service_of(product, 'staging', 'search-service')['image'].endswith(f':{first}')


def test_a_removed_cluster_says_who_removed_it_and_is_restored(page: Page, product: Process, violations: Violations):
    page.goto('/cp/clusters/staging')
    choose(page, 'More actions', 'Stop managing')
    dialog = page.get_by_role('dialog', name='Stop managing staging')
    dialog.get_by_label('Type staging to confirm').fill('staging')
    confirm(dialog, 'Stop managing', 'Moved elsewhere')
    expect(page.get_by_role('heading', name='staging is no longer managed', level=1)).to_be_visible()
    page.get_by_role('link', name='Nysa: all clusters').click()
    page.get_by_role('link', name='Removed clusters').click()
    expect(page.get_by_text('“Moved elsewhere”')).to_be_visible()
    assert violations() == []
    page.get_by_role('link', name='staging', exact=True).click()
    expect(page.get_by_text('removed it')).to_contain_text('“Moved elsewhere”')
    assert violations() == []
    page.keyboard.press('Control+k')
    page.keyboard.type('restore')
    page.keyboard.press('Enter')
    dialog = page.get_by_role('dialog', name='Restore staging')
    expect(dialog.get_by_text('user-service', exact=True)).to_be_visible()
    confirm(dialog, 'Restore', 'Back again')
    expect(page.get_by_role('link', name='user-service, open')).to_be_visible()
    assert newest(product, 'staging')['message'] == 'Back again'
    assert 'staging' not in product.api('GET', '/clusters?removed=true').json['content']


def test_the_audit_tells_who_was_refused_and_why(page: Page, product: Process):
    product.api('PUT', '/clusters/production/freeze', {'reason': 'inventory'}, X_Nysa_Actor='maria')
    refused = product.api('PUT', '/clusters/production/services/user-service', {'desired_count': 9}, X_Nysa_Actor='jo')
    product.api('DELETE', '/clusters/production/freeze')
    assert refused.status == 423
    page.goto('/cp/clusters/production/audit')
    entry = page.get_by_role('listitem').filter(has_text='Tried to change user-service: desired_count 9')
    expect(entry.get_by_text('production is frozen by maria: inventory')).to_be_visible()
    expect(entry.get_by_text('Refused')).to_be_visible()
    page.get_by_role('button', name='Refused').click()
    expect(page).to_have_url(re.compile('show=refused'))
    expect(page.get_by_text('Tried to')).not_to_have_count(0)
    page.get_by_label('Filter the audit').fill('unmatched text')
    expect(page.get_by_role('heading', name=re.compile('^0 of'))).to_be_visible()
    expect(page).to_have_url(re.compile('q=unmatched'))
    page.reload()
    expect(page.get_by_label('Filter the audit')).to_have_value('unmatched text')
    page.get_by_role('button', name='Clear the filter').click()
    expect(entry).to_be_visible()


def test_a_filter_that_nothing_loaded_matches_searches_older_entries(page: Page, managed: str):
    def change(what: str) -> dict:
        did = {'verb': 'change', 'service': what, 'image_tag': 'v2'}
        return {'kind': 'change', 'at': '2030-01-01T00:00:00Z', 'by': 'jo', 'source': 'x', 'message': None, 'did': did}

    pages = {'': {'content': [change('api')], 'next': 'older'}, 'older': {'content': [change('web')], 'next': None}}
    page.route(
        re.compile(f'/api/v1/clusters/{managed}/audit'),
        lambda route: route.fulfill(json=pages[re.search('(?:after=(.*))?$', route.request.url)[1] or '']),
    )
    page.goto(f'/cp/clusters/{managed}/audit?q=web')
    expect(page.get_by_role('heading', name='0 of 1 match')).to_be_visible()
    page.get_by_role('button', name='Search older entries').click()
    expect(page.get_by_role('region', name='Audit, newest first').get_by_role('listitem')).to_have_count(1)
    page.get_by_label('Filter the audit').fill('nothing')
    expect(page.get_by_text('All entries are loaded.')).to_be_visible()
    expect(page.get_by_role('button', name='Search older entries')).to_have_count(0)


def test_a_refusal_shows_in_an_open_audit(page: Page, product: Process, managed: str):
    sockets: list[WebSocketRoute] = []
    deaf: list[WebSocketRoute] = []

    def overhear(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        channel = socket.connect_to_server()
        channel.on_message(lambda text: None if socket in deaf and '"audit"' in text else socket.send(text))

    def refuse(count: int) -> Locator:
        refused = product.api('PUT', f'/clusters/{managed}/services/api', {'desired_count': count}, X_Nysa_Actor='jo')
        assert refused.status == 423
        return page.get_by_role('listitem').filter(has_text=f'Tried to change api: desired_count {count}')

    page.route_web_socket(re.compile('/events'), overhear)
    product.api('PUT', f'/clusters/{managed}/freeze', {'reason': 'inventory'})
    page.goto(f'/cp/clusters/{managed}/audit')
    expect(page.get_by_role('button', name='Refused 0')).to_be_visible()
    expect(refuse(7)).to_be_visible()
    expect(page.get_by_role('button', name='Refused 1')).to_be_visible()
    # The page finds what was published while it was disconnected.
    deaf += sockets
    missed = refuse(8)
    product.api('GET', f'/clusters/{managed}/audit')
    sockets[0].close()
    expect(missed).to_be_visible()
    expect(page.get_by_role('button', name='Refused 2')).to_be_visible()


def test_everything_in_the_menus_is_in_the_palette(page: Page, product: Process):
    page.goto('/cp/clusters/staging/services/email-worker')
    expect(page.get_by_role('heading', name='email-worker')).to_be_visible()
    # The palette offers what could be done when it was opened.
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    expect(page.get_by_role('button', name='Actions for email-worker')).to_be_visible()
    for typed, shown in (
        ('restart', 'Restart email-worker'),
        ('freeze', 'Freeze staging'),
        ('scale', 'Scale email-worker'),
    ):
        page.keyboard.press('Control+k')
        page.keyboard.type(typed)
        page.keyboard.press('Enter')
        expect(page.get_by_role('dialog', name=shown)).to_be_visible()
        page.keyboard.press('Escape')
        expect(page.get_by_role('dialog')).to_have_count(0)
    page.keyboard.press('Control+k')
    page.keyboard.type('removed')
    page.keyboard.press('Enter')
    expect(page.get_by_role('heading', name='Removed clusters', exact=True)).to_be_visible()


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
    expect(page.get_by_text(re.compile(r'Frozen by .*, until .*\d\d:\d\d \(in (3|4) h\)'))).to_be_visible()
    page.get_by_role('button', name='Unfreeze').click()
    confirm(page.get_by_role('dialog', name='Unfreeze staging'), 'Unfreeze', 'They are gone')
    expect(page.get_by_role('heading', name='staging is unfrozen')).to_be_visible()
    assert product.api('GET', '/clusters/staging/freeze').json == {'frozen': None}


def test_a_user_who_may_not_override_sees_why(page: Page, guarded: Guarded):
    cluster, token = guarded.managed(), guarded.token('deployer')
    name, _, value = guarded.signed_in(token)[0].partition('=')
    page.context.add_cookies([{'name': name, 'value': value, 'url': f'http://127.0.0.1:{guarded.port}'}])
    page.goto(f'http://127.0.0.1:{guarded.port}/cp/clusters/{cluster}/services/web')
    page.get_by_role('button', name='Actions for web').click()
    delete = page.get_by_role('menuitem', name='Delete')
    expect(delete).to_have_attribute('aria-disabled', 'true')
    expect(delete).to_contain_text('Requires the role admin; yours is deployer')
    page.get_by_role('menuitem', name='Restart').click()
    dialog = page.get_by_role('dialog', name='Restart web')
    expect(dialog.get_by_text('1 change in 1 service')).to_be_visible()
    frozen = guarded.as_(guarded.admin, 'PUT', f'/clusters/{cluster}/freeze', {'reason': 'the big sale'})
    assert frozen.status == 200
    override = dialog.get_by_role('button', name='Override the freeze')
    expect(override).to_have_attribute('aria-disabled', 'true')
    expect(dialog.get_by_text('Overriding a freeze requires the role admin; yours is deployer.')).to_be_visible()
    dialog.get_by_role('button', name='Cancel').click()
    scale = page.get_by_role('button', name='Scale')
    expect(scale).to_have_attribute('title', 'Frozen by root: the big sale')
