"""Updates that come in while the user looks, points, types: they show, and disturb nothing."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from stack.rollouts.cluster_state import Observation
from tests.moving import config, run_everything
from tests.server import Server

SERVICES = 60

# Every animation that a script starts, by the text of its element.
COUNT_FLASHES = """
window.flashed = [];
const animate = Element.prototype.animate;
Element.prototype.animate = function (...given) { flashed.push(this.textContent); return animate.apply(this, given); };
"""


@pytest.fixture
def cluster(server: Server) -> str:
    """A cluster of which every service runs."""
    name = server.cluster(config(SERVICES))
    run_everything(server, name)
    return name


def run_tasks(server: Server, cluster: str, service: str, running: int) -> None:
    """ECS shows another count of running tasks."""
    seen = server.context.live.states[cluster].ecs.services[service]
    moved = Observation(datetime.now(UTC), {service: replace(seen, running=running)})
    server.run(server.context.live.see(cluster, moved))


def opened(page: Page, server: Server, path: str) -> None:
    page.goto(f'http://127.0.0.1:{server.port}/cp{path}')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()


def row_of(page: Page, service: str) -> Locator:
    return page.get_by_role('row').filter(has=page.locator(f'[data-row={service}]'))


def tasks(page: Page, service: str) -> Locator:
    return row_of(page, service).locator('.tasks')


def order(page: Page) -> list[str]:
    return page.locator('main [data-row]').evaluate_all('(all) => all.map((each) => each.dataset.row)')


@pytest.mark.parametrize('hand', ['pointer', 'focus'])
def test_rows_stay_under_the_hand_until_they_are_sorted_again(page: Page, server: Server, cluster: str, hand: str):
    opened(page, server, f'/clusters/{cluster}?sort=status')
    link = page.get_by_role('link', name='service-0003, open')
    # They come in pieces, one a frame.
    expect(page.locator('main [data-row]')).to_have_count(SERVICES)
    link.hover() if hand == 'pointer' else page.keyboard.press('j')
    before = order(page)
    top = link.bounding_box()
    run_tasks(server, cluster, 'service-0059', 0)
    again = page.get_by_role('button', name='1 row moved — re-sort')
    expect(again).to_be_visible()
    assert order(page) == before
    assert link.bounding_box() == top
    again.click()
    expect(page.locator('main [data-row]').first).to_have_attribute('data-row', 'service-0059')
    expect(again).to_have_count(0)


def test_rows_are_sorted_by_themselves_where_no_hand_is_on_them(page: Page, server: Server, cluster: str):
    opened(page, server, f'/clusters/{cluster}?sort=status')
    expect(page.locator('main [data-row]').first).to_have_attribute('data-row', 'service-0000')
    run_tasks(server, cluster, 'service-0059', 0)
    expect(page.locator('main [data-row]').first).to_have_attribute('data-row', 'service-0059')


def test_clusters_stay_under_the_hand_too(page: Page, server: Server, cluster: str):
    opened(page, server, '')
    tile = page.get_by_role('article').filter(has=page.get_by_role('link', name=cluster, exact=True))
    tile.hover()
    run_tasks(server, cluster, 'service-0007', 0)
    expect(page.get_by_role('button', name='1 cluster moved — re-sort')).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.get_by_role('button', name='1 cluster moved — re-sort')).to_have_count(0)
    expect(tile.get_by_text('no task runs', exact=False).first).to_be_visible()
    tile.get_by_role('link', name=re.compile('^service-0007 ')).click()
    expect(page.get_by_role('heading', name='service-0007', exact=True)).to_be_visible()


def test_every_failure_of_a_cluster_can_be_reached_from_the_fleet(page: Page, server: Server, cluster: str):
    failing = ['service-0007', 'service-0021', 'service-0058']
    for service in failing:
        run_tasks(server, cluster, service, 0)
    opened(page, server, '')
    tile = page.get_by_role('article').filter(has=page.get_by_role('link', name=cluster, exact=True))
    expect(tile.get_by_role('link', name=f'{failing[0]}: failing')).to_be_visible()
    tile.get_by_role('link', name='and 2 more failing').click()
    expect(page.get_by_role('button', name='Failed 3')).to_have_attribute('aria-pressed', 'true')
    for service in failing:
        expect(page.get_by_role('link', name=f'{service}, open')).to_be_visible()
    expect(page.get_by_role('link', name='service-0008, open')).to_be_hidden()


def test_what_is_typed_is_in_the_address_as_soon_as_it_is_seen(page: Page, server: Server, cluster: str):
    opened(page, server, f'/clusters/{cluster}')
    address_when_painted = """async (field) => {
      field.value = 'service-003';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      return location.search;
    }"""
    assert page.get_by_label('Filter services').evaluate(address_when_painted) == '?q=service-003'
    page.reload()
    expect(page.get_by_label('Filter services')).to_have_value('service-003')


def test_the_arrow_leads_from_the_filter_to_a_row_that_it_leaves(page: Page, server: Server, cluster: str):
    opened(page, server, f'/clusters/{cluster}')
    expect(page.get_by_role('link', name='service-0059, open')).to_be_visible()
    # Both strokes before anything is painted
    page.get_by_label('Filter services').evaluate("""(field) => {
      field.value = 'service-0058';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    }""")
    expect(page.get_by_role('link', name='service-0058, open')).to_be_focused()
    expect(page.get_by_role('link', name='service-0000, open')).to_be_hidden()


def test_every_row_of_a_long_list_is_completed(page: Page, server: Server, cluster: str):
    opened(page, server, f'/clusters/{cluster}')
    expect(page.locator('main [data-row]')).to_have_count(SERVICES)
    expect(page.locator('.services .tbody .tasks')).to_have_count(SERVICES)


def test_a_row_out_of_sight_is_its_name_until_it_comes_in_sight(page: Page, server: Server, cluster: str):
    # The page never has time for the rows that are out of sight.
    page.add_init_script('window.requestIdleCallback = () => 0')
    opened(page, server, f'/clusters/{cluster}')
    expect(page.locator('main [data-row]')).to_have_count(SERVICES)
    last = row_of(page, 'service-0059')
    expect(last.locator('.tasks')).to_have_count(0)
    # To the last row, whose actions are shown while the focus is in it.
    page.keyboard.press('k')
    expect(page.get_by_role('link', name='service-0059, open')).to_be_focused()
    expect(last.get_by_role('button', name='Restart service-0059')).to_be_visible()
    expect(last.locator('.tasks')).to_have_count(1)
    page.get_by_label('Filter services').fill('service-0049')
    expect(row_of(page, 'service-0049').locator('.tasks')).to_have_count(1)
    row_of(page, 'service-0049').locator('.tasks-cell').click()
    expect(page.get_by_role('heading', name='service-0049', exact=True)).to_be_visible()


def test_an_open_menu_stays_with_its_button(page: Page, server: Server, cluster: str):
    opened(page, server, f'/clusters/{cluster}')
    button = page.get_by_role('button', name='More actions')
    button.click()
    menu = page.get_by_role('menu', name='More actions')
    expect(menu).to_be_visible()
    page.set_viewport_size({'width': 700, 'height': 600})
    beside = """([button, menu]) => {
      const [of, box] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
      return Math.abs(box.right - of.right) <= 8 && box.right <= innerWidth && Math.abs(box.top - of.bottom) <= 8;
    }"""
    page.wait_for_function(beside, arg=[button.element_handle(), menu.element_handle()])


def test_nothing_that_the_user_chose_is_lost(page: Page, server: Server, cluster: str):
    opened(page, server, f'/clusters/{cluster}')
    page.get_by_label('Filter services').fill('service-00')
    page.get_by_role('button', name='Version').click()
    page.get_by_label('Select service-0058').check()
    page.get_by_role('link', name='service-0058, open').click()
    page.get_by_role('tab', name='Tasks and events').click()
    expect(page.get_by_role('tab', name='Tasks and events')).to_have_attribute('aria-selected', 'true')
    assert page.evaluate('() => scrollY') > 100
    row = page.get_by_role('row').filter(has=page.get_by_role('link', name='service-0058, open'))
    seen_at = row.bounding_box()
    run_tasks(server, cluster, 'service-0058', 1)
    expect(tasks(page, 'service-0058')).to_have_text('1 / 4')

    def is_still_there() -> None:
        expect(page.get_by_label('Filter services')).to_have_value('service-00')
        expect(page.get_by_role('columnheader', name='Version')).to_have_attribute('aria-sort', 'ascending')
        expect(page.get_by_role('complementary', name='Service service-0058')).to_be_visible()
        expect(page.get_by_role('tab', name='Tasks and events')).to_have_attribute('aria-selected', 'true')

    is_still_there()
    expect(page.get_by_label('Select service-0058')).to_be_checked()
    # What is above the row may grow, as the chips do by a state: then the page is scrolled, and the row stays.
    assert row.bounding_box() == seen_at
    page.reload()
    is_still_there()


@pytest.mark.parametrize(('motion', 'flashes'), [('no-preference', ['3 / 4']), ('reduce', [])])
def test_a_changed_cell_flashes_once(page: Page, server: Server, cluster: str, motion: str, flashes: list[str]):
    page.emulate_media(reduced_motion=motion)
    page.add_init_script(COUNT_FLASHES)
    opened(page, server, f'/clusters/{cluster}')
    expect(tasks(page, 'service-0002')).to_have_text('4 / 4')
    run_tasks(server, cluster, 'service-0002', 3)
    expect(tasks(page, 'service-0002')).to_have_text('3 / 4')
    # One out of sight changes without.
    run_tasks(server, cluster, 'service-0001', 4)
    page.wait_for_function('(n) => flashed.length >= n', arg=len(flashes))
    assert page.evaluate('() => flashed') == flashes


def test_it_asks_for_no_more_than_metrics_while_nobody_does_anything(page: Page, server: Server, cluster: str):
    page.clock.install()
    with (
        page.expect_websocket() as opening,
        page.expect_response(re.compile('/configuration$')),
        page.expect_response(re.compile('/quarantine$')),
        page.expect_response(re.compile('/services/service-0002$')),
    ):
        opened(page, server, f'/clusters/{cluster}/services/service-0002')
    expect(page.get_by_role('complementary').get_by_text('Last rollout')).to_be_visible()
    ago = page.get_by_role('complementary').locator('time').last
    before = ago.inner_text()
    page.wait_for_load_state('networkidle')
    asked: list[str] = []
    page.on('request', lambda request: asked.append(request.url))
    for _ in range(10):
        # As long as the server answers pings, the page stays live.
        with opening.value.expect_event('framereceived'):
            page.clock.fast_forward('00:30')
    expect(ago).not_to_have_text(before)
    expect(ago).to_have_text(re.compile(r'^\d+ (s|min) ago$'))
    expect(ago).to_have_attribute('title', re.compile(r' · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$'))
    # CloudWatch's values are in no channel: those in sight are read again as minutes pass, by either clock.
    assert [url for url in asked if not re.search(r'/service-0002/metrics\?range=1[hd]$', url)] == []
