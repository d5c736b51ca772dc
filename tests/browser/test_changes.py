"""Changes made from the page: planned, given a reason, stored; and seen by others at once."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.process import Process


def service_of(product: Process, cluster: str, name: str) -> dict:
    services = product.api('GET', f'/clusters/{cluster}/services').json['content']
    return next(each for each in services if each['name'] == name)


def newest(product: Process, cluster: str) -> dict:
    return product.api('GET', f'/clusters/{cluster}/revisions').json['content'][0]


def another_tag(product: Process, cluster: str, service: str) -> str:
    tags = product.api('GET', f'/clusters/{cluster}/services/{service}/tags?limit=20').json['content']
    running = service_of(product, cluster, service)['image'].rpartition(':')[2]
    free = [each['tag'] for each in tags if not each['quarantined']]
    return next(tag for tag in free if tag not in (running, 'latest'))


def test_a_new_tag_is_planned_and_deployed_with_a_reason(page: Page, product: Process):
    tag = another_tag(product, 'staging', 'user-service')
    page.goto('/cp/clusters/staging/services/user-service')
    page.get_by_role('button', name='Deploy', exact=True).click()
    page.get_by_role('radio', name=tag).first.check()
    dialog = page.get_by_role('dialog', name='Deploy user-service')
    expect(dialog.get_by_text('1 change in 1 service')).to_be_visible()
    before = newest(product, 'staging')
    confirm = dialog.get_by_role('button', name=f'Deploy {tag}')
    expect(confirm).to_have_attribute('aria-disabled', 'true')
    confirm.click(force=True)
    assert newest(product, 'staging')['revision'] == before['revision']
    dialog.get_by_label('Reason').fill('It fixes the login')
    confirm.click()
    expect(page.get_by_role('heading', name=f'Deploying {tag} to user-service')).to_be_visible()
    assert service_of(product, 'staging', 'user-service')['image'].endswith(f':{tag}')
    assert newest(product, 'staging')['message'] == 'It fixes the login'


def test_several_services_at_once(page: Page, product: Process):
    page.goto('/cp/clusters/production')
    for name in ('email-worker', 'report-worker'):
        page.get_by_label(f'Select {name}').check()
    page.get_by_role('region', name='Selected services').get_by_role('button', name='Scale').click()
    page.get_by_label('Tasks', exact=True).fill('7')
    page.get_by_role('button', name='Review', exact=True).click()
    expect(page.get_by_text('2 changes in 2 services')).to_be_visible()
    page.get_by_label('Reason').fill('Sale on Friday')
    page.keyboard.press('Control+Enter')
    expect(page.get_by_role('heading', name='2 services scaled to 7')).to_be_visible()
    for name in ('email-worker', 'report-worker'):
        assert service_of(product, 'production', name)['desired_count'] == 7


def test_deleting_wants_the_name_typed(page: Page, product: Process):
    page.goto('/cp/clusters/production/services/search-service')
    page.get_by_role('button', name='Actions for search-service').click()
    page.get_by_role('menuitem', name='Delete').click()
    dialog = page.get_by_role('dialog', name='Delete search-service')
    dialog.get_by_label('Reason').fill('Search is not used')
    dialog.get_by_label('Type search-service to confirm').fill('search')
    dialog.get_by_role('button', name='Delete').click(force=True)
    assert service_of(product, 'production', 'search-service')
    dialog.get_by_label('Type search-service to confirm').fill('search-service')
    dialog.get_by_role('button', name='Delete').click()
    expect(page.get_by_role('heading', name='search-service deleted')).to_be_visible()
    expect(page.get_by_role('link', name='search-service, open')).to_have_count(0)


def test_a_change_by_another_user_shows_at_once_and_disturbs_nothing(page: Page, product: Process):
    page.goto('/cp/clusters/staging?q=work')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    row = page.get_by_role('row').filter(has_text='report-worker')
    page.get_by_label('Filter services').focus()
    product.api('PUT', '/clusters/staging/services/report-worker?message=more', {'desired_count': 9})
    expect(row.get_by_text('/ 9')).to_be_visible()
    expect(page.get_by_label('Filter services')).to_be_focused()
    expect(page.get_by_label('Filter services')).to_have_value('work')
    expect(page.get_by_text('“more”')).to_be_visible()


def test_two_pages_see_the_same(page: Page, context: BrowserContext, product: Process):
    other = context.new_page()
    other.goto('/cp/clusters/staging/services/billing-service')
    page.goto('/cp/clusters/staging/services/billing-service')
    page.get_by_role('button', name='Scale', exact=True).click()
    page.get_by_label('Tasks', exact=True).fill('5')
    page.get_by_role('button', name='Review', exact=True).click()
    page.get_by_label('Reason').fill('Month end')
    page.get_by_role('button', name='Scale to 5').click()
    expect(page.get_by_role('heading', name='billing-service scaled to 5')).to_be_visible()
    expect(other.get_by_role('row').filter(has_text='billing-service').get_by_text('/ 5')).to_be_visible()
    other.close()


def at_the_last_moment(page: Page, act: Callable[[], object]) -> None:
    """Does something when the page has sent its next change, before the server sees it."""

    def first(route: Route) -> None:
        act()
        route.continue_()

    page.route(lambda url: '/services?' in url and 'dry_run' not in url, first, times=1)


def test_the_cluster_changed_in_the_meantime(page: Page, product: Process):
    page.goto('/cp/clusters/production/services/billing-service')
    page.get_by_role('button', name='Scale', exact=True).click()
    page.get_by_label('Tasks', exact=True).fill('6')
    page.get_by_role('button', name='Review', exact=True).click()
    expect(page.get_by_text('1 change in 1 service')).to_be_visible()
    page.get_by_label('Reason').fill('Month end')
    remote = {'desired_count': service_of(product, 'production', 'billing-service')['desired_count'] + 1}
    at_the_last_moment(page, lambda: product.api('PUT', '/clusters/production/services/billing-service', remote))
    page.get_by_role('button', name='Scale to 6').click()
    expect(page.get_by_text('The cluster changed while you were reviewing')).to_be_visible()
    assert service_of(product, 'production', 'billing-service')['desired_count'] != 6
    expect(page.get_by_label('Reason')).to_have_value('Month end')
    page.get_by_role('button', name='Scale to 6').click()
    expect(page.get_by_role('heading', name='billing-service scaled to 6')).to_be_visible()
