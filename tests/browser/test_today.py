"""The deployments of today, below the wall of a wide window."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.waiting import until
from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'api': {'image': 'nginx:1'}}]}
WIDE = {'width': 1920, 'height': 1080}
CODE = re.compile(r'/cp/assets/today-.*\.js$')
ACTIVITY = re.compile(r'/api/v1/activity\?')
ChangeAnswers = Callable[[Callable[[list[dict]], None]], None]


@pytest.fixture
def browser_context_args(browser_context_args: dict) -> dict:
    """A wide window where it is between noon and one, so that no test meets midnight."""
    ahead = 12 - datetime.now(UTC).hour
    return {**browser_context_args, 'viewport': WIDE, 'timezone_id': f'Etc/GMT{-ahead:+d}'}


def change(server: Server, cluster: str, service: str, tag: str) -> None:
    address = path('clusters', cluster, 'services', service)
    answer = server.api('PUT', f'{address}?message=Faster', {'image_tag': tag}, X_Nysa_Actor='maria')
    assert answer.status == 202, answer.body


def opened(page: Page, server: Server, words: str) -> Locator:
    """The section on the wall of the clusters that `words` find."""
    page.goto(f'http://127.0.0.1:{server.port}/cp?filter={words}')
    return today(page)


def today(page: Page) -> Locator:
    return page.get_by_role('region', name='Deployments today')


def row(page: Page, words: str) -> Locator:
    return today(page).get_by_role('img', name=words, exact=True)


@pytest.fixture
def changed_answers(page: Page, server: Server) -> Iterator[ChangeAnswers]:
    """Let a test edit the entries of the activity before the page has them, while the server answers."""

    def change_them(edit: Callable[[list[dict]], None]) -> None:
        def answer(route: Route) -> None:
            response = route.fetch()
            body = response.json()
            edit(body['content'])
            route.fulfill(response=response, json=body)

        page.route(re.compile(rf':{server.port}/api/v1/activity\?'), answer)

    yield change_them
    # The server stops next: what is asked for by then has its answer.
    page.unroute_all(behavior='wait')


def test_it_has_the_deployments_of_the_day_of_each_cluster(
    page: Page, server: Server, changed_answers: ChangeAnswers, violations: Callable[[], list[str]]
):
    one, two = server.cluster(CONFIG), server.cluster(CONFIG)
    change(server, one, 'web', 'broken')
    change(server, one, 'api', '2')
    assert server.api('POST', path('clusters', one, 'rollback'), {'message': 'too slow'}).status == 202
    server.api('PUT', path('clusters', two, 'freeze'), {'reason': 'sale'})

    def edit(entries: list[dict]) -> None:
        for entry in entries:
            if entry['did'].get('image_tag') == 'broken':
                entry['outcome'] = {'failed': True, 'ended_at': entry['at']}
            if entry['cluster'] == two and entry['did']['verb'] == 'create':
                entry['at'] = (datetime.fromisoformat(entry['at']) - timedelta(days=1)).isoformat()

    changed_answers(edit)
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp')
    ticks = row(page, f'{one}: 4 deployments, 1 failed, 1 rolled back').locator('.tick')
    expect(ticks.and_(page.locator('[data-kind=failed]'))).to_have_count(1)
    expect(ticks.and_(page.locator('[data-kind=failed]'))).to_have_attribute(
        'title', re.compile(r'^1[23]:\d\d · web: image .*broken · maria · failed$')
    )
    expect(ticks.and_(page.locator('[data-kind=back]'))).to_have_attribute('title', re.compile('rolled back$'))
    frozen = row(page, f'{two}: No deployments, frozen')
    expect(frozen.locator('.freeze')).to_have_count(1)
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    page.get_by_label('Filter clusters and services').fill(one)
    expect(today(page).get_by_role('heading')).to_have_text('Today 4 deployments · 1 failed · 1 rolled back')
    expect(today(page).get_by_role('listitem')).to_have_count(1)
    today(page).get_by_role('link', name=one).click()
    expect(page).to_have_url(re.compile(f'/cp/clusters/{one}$'))


def test_it_follows_what_happens(page: Page, server: Server):
    cluster = server.cluster(CONFIG)
    heading = opened(page, server, cluster).get_by_role('heading')
    expect(heading).to_have_text('Today 1 deployment')
    change(server, cluster, 'web', '2')
    expect(heading).to_have_text('Today 2 deployments')
    expect(row(page, f'{cluster}: 2 deployments')).to_be_visible()
    server.api('PUT', path('clusters', cluster, 'freeze'), {'reason': 'sale'})
    frozen = row(page, f'{cluster}: 2 deployments, frozen').locator('.freeze')
    expect(frozen).to_have_count(1)
    expect(page.get_by_role('button', name='1 frozen')).to_be_visible()
    # A freeze that was lifted stays a band of the day.
    server.api('DELETE', path('clusters', cluster, 'freeze'))
    expect(page.get_by_role('button', name='0 frozen')).to_be_visible()
    expect(frozen).to_have_count(1)


def test_a_narrower_window_loads_nothing_of_it(page: Page, server: Server):
    cluster = server.cluster(CONFIG)
    asked: list[str] = []
    page.on('request', lambda request: asked.append(request.url))
    page.set_viewport_size({'width': 1280, 'height': 900})
    section = opened(page, server, cluster)
    expect(page.get_by_role('complementary', name='Activity')).to_be_visible()
    expect(section).to_have_count(0)
    assert not any(CODE.search(url) for url in asked)
    page.set_viewport_size(WIDE)
    expect(section).to_be_visible()
    assert any(CODE.search(url) for url in asked)
    assert len([url for url in asked if ACTIVITY.search(url)]) == 1
    page.get_by_role('button', name='Dense').click()
    expect(section).to_have_count(0)
    page.get_by_role('button', name='Large').click()
    page.set_viewport_size({'width': 1919, 'height': 900})
    expect(section).to_have_count(0)


def test_the_wall_stays_where_it_is_as_it_comes(page: Page, server: Server):
    cluster = server.cluster(CONFIG)
    held: list[Route] = []
    page.route(CODE, lambda route: held.append(route))
    section = opened(page, server, cluster)
    tile = page.locator('.tile').filter(has=page.locator(f'[data-row={cluster}]'))
    expect(page.get_by_role('complementary', name='Activity')).to_be_visible()
    until(page, lambda: held)
    before = tile.bounding_box()
    held[0].continue_()
    expect(section).to_be_visible()
    assert tile.bounding_box() == before


def test_a_busy_day_is_read_to_its_begin(page: Page, server: Server):
    cluster = server.cluster(CONFIG)
    for n in range(2, 8):
        change(server, cluster, 'web', str(n))
    page.route(
        ACTIVITY,
        lambda route: route.continue_(url=route.request.url.replace('limit=200', f'limit=2&cluster={cluster}')),
    )
    heading = opened(page, server, cluster).get_by_role('heading')
    expect(heading).to_have_text('Today 7 deployments')
    for n in range(8, 12):
        change(server, cluster, 'web', str(n))
    expect(heading).to_have_text('Today 11 deployments')


def test_many_clusters_have_a_count(page: Page, server: Server, changed_answers: ChangeAnswers):
    names = [server.cluster(CONFIG, f'many-{n:02}') for n in range(14)]

    def edit(entries: list[dict]) -> None:
        for entry in entries:
            if entry['cluster'] in names[:4]:
                entry['at'] = (datetime.fromisoformat(entry['at']) - timedelta(days=1)).isoformat()

    changed_answers(edit)
    section = opened(page, server, 'many-')
    expect(section.get_by_role('listitem')).to_have_count(12)
    expect(section.get_by_role('link', name=names[-1])).to_be_visible()
    expect(section).to_contain_text('2 more clusters · No deployments')
    expect(section.get_by_role('heading')).to_have_text('Today 10 deployments')
