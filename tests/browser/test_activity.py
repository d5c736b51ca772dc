"""Activity of all clusters: filtered by the address, read page by page, with the delivery figures."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.client import path
from tests.moving import run_everything
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'api': {'image': 'nginx:1'}}]}


@pytest.fixture
def changed(server: Server) -> str:
    """A cluster of which maria changed web, and jo api."""
    name = server.cluster(CONFIG)
    change(server, name, 'web', 'maria')
    change(server, name, 'api', 'jo')
    return name


def change(server: Server, cluster: str, service: str, by: str) -> None:
    address = path('clusters', cluster, 'services', service)
    answer = server.api('PUT', f'{address}?message=Reason+of+{by}', {'image_tag': f'by-{by}'}, X_Nysa_Actor=by)
    assert answer.status == 202, answer.body


def test_a_row_of_a_cluster_names_who_changed_it_last(page: Page, server: Server, changed: str):
    run_everything(server, changed)
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{changed}')
    web, api = (page.get_by_role('row').filter(has=page.locator(f'[data-row={name}]')) for name in ('web', 'api'))
    expect(web).to_contain_text(re.compile('Reason of maria.*maria · '))
    expect(api).to_contain_text(re.compile('Reason of jo.*jo · '))
    query, kim = '?message=Sale', {'X_Nysa_Actor': 'kim'}
    scaled = server.api('PUT', f'/clusters/{changed}/services/web{query}', {'desired_count': 2}, **kim)
    assert scaled.status == 202, scaled.body
    run_everything(server, changed)
    expect(web).to_contain_text(re.compile('Sale.*kim · '))
    expect(api).to_contain_text('Reason of jo')


def test_a_row_has_the_age_of_its_version_whatever_else_changes(page: Page, server: Server, changed: str):
    def change_web(**settings: object) -> None:
        answer = server.api('PUT', f'/clusters/{changed}/services/web', settings)
        assert answer.status == 202, answer.body
        run_everything(server, changed)

    run_everything(server, changed)
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{changed}')
    web = page.get_by_role('row').filter(has=page.locator('[data-row=web]'))
    age = web.locator('.age')
    expect(age).to_have_text(re.compile(r'^deployed for \d+ (s|min)$'))
    since = age.locator('time').get_attribute('datetime')
    change_web(desired_count=2)
    expect(web.get_by_title('2 running')).to_have_count(1)
    expect(age.locator('time')).to_have_attribute('datetime', since)
    change_web(image_tag='newer')
    expect(web).to_contain_text('newer')
    expect(age.locator('time')).not_to_have_attribute('datetime', since)


def test_it_is_filtered_by_person_service_kind_and_date(
    page: Page, server: Server, changed: str, violations: Callable[[], list[str]]
):
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/activity?cluster={changed}')
    entries = page.locator('section.activity').get_by_role('listitem')
    maria, jo = (entries.filter(has_text=f'Reason of {by}') for by in ('maria', 'jo'))
    expect(jo).to_be_visible()
    expect(entries).to_have_count(3)
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    page.get_by_label('Person').select_option('maria')
    expect(entries).to_have_count(1)
    expect(maria).to_be_visible()
    expect(page).to_have_url(re.compile('by=maria'))
    page.get_by_label('Person').select_option('')
    expect(entries).to_have_count(3)
    page.get_by_label('Service').fill('api')
    # What is typed survives a change that arrives meanwhile.
    change(server, changed, 'web', 'kim')
    expect(entries.filter(has_text='Reason of kim')).to_be_visible()
    page.keyboard.press('Enter')
    expect(maria).to_have_count(0)
    expect(jo).to_be_visible()
    page.get_by_label('Kind').select_option('rollback')
    expect(page.get_by_role('heading', name='No activity')).to_be_visible()
    page.get_by_role('button', name='Clear the filter').click()
    expect(jo).to_be_visible()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    page.get_by_label('To', exact=True).fill(yesterday)
    expect(page.get_by_role('heading', name='No activity')).to_be_visible()
    expect(page).to_have_url(re.compile(f'until={yesterday}'))
    page.reload()
    expect(page.get_by_label('To', exact=True)).to_have_value(yesterday)


def test_older_entries_follow_page_by_page(page: Page, server: Server):
    name = server.cluster(CONFIG)
    for n in range(2, 6):
        address = path('clusters', name, 'services', 'web')
        assert server.api('PUT', address, {'image_tag': str(n)}).status == 202
    page.route(
        re.compile(r'/api/v1/activity\?'),
        lambda route: route.continue_(url=route.request.url.replace('limit=100', 'limit=2')),
    )
    page.goto(f'http://127.0.0.1:{server.port}/cp/activity?cluster={name}')
    entries = page.locator('section.activity').get_by_role('listitem')
    expect(entries).to_have_count(2)
    page.get_by_role('button', name='Older entries').click()
    expect(entries).to_have_count(4)
    page.get_by_role('button', name='Older entries').click()
    expect(entries).to_have_count(5)
    expect(page.get_by_role('button', name='Older entries')).to_have_count(0)


def test_delivery_figures_are_text_and_a_day_of_the_bars_is_a_filter(
    page: Page, server: Server, violations: Callable[[], list[str]]
):
    today = datetime.now(UTC).date().isoformat()
    figures = {
        'deployments': 18,
        'failed': 2,
        'frequency_per_week': 14.0,
        'failure_rate': 0.1,
        'lead_time_seconds': {'median': 2280, 'p90': 5400, 'count': 15},
        'time_to_restore_seconds': {'median': 540, 'p90': 900, 'count': 2},
    }

    def rows(url: str) -> list[dict]:
        group = re.search(r'group=(\w+)', url)
        return [figures | ({group[1]: today if group[1] == 'day' else 'prod-eu'} if group else {})]

    page.route(re.compile('/stats/deployments'), lambda route: route.fulfill(json={'content': rows(route.request.url)}))
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/activity')
    panel = page.get_by_role('region', name='Delivery figures')
    for text in ('as many as in the 42 days before', 'push to live, median of 15', '2 of 20', 'median of 2'):
        expect(panel.get_by_text(text, exact=True)).to_be_visible()
    expect(panel.get_by_role('definition').filter(has_text='38')).to_contain_text('min')
    panel.get_by_text('By cluster, service or week').click()
    expect(panel.get_by_role('row').filter(has_text='prod-eu')).to_contain_text('2 (10 %)')
    panel.get_by_role('button', name='Week').click()
    export = panel.get_by_role('link', name='Download CSV')
    expect(export).to_have_attribute('href', re.compile('group=week.*format=csv'))
    assert violations() == []
    panel.get_by_role('button', name=re.compile('18 deployments, 2 failed')).click()
    expect(page).to_have_url(re.compile(f'since={today}&until={today}'))
