"""The page of all small parts, and the sparklines in the table of services."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

METRICS = re.compile(r'/clusters/staging/metrics\b')
SECTIONS = [
    'Squares',
    'Ticks and clocks',
    'Flags, badges and bars',
    'Tiles',
    'Dense tiles',
    'Rows of services',
    'AWS accounts',
    'A rollout, and activity',
    'Deployments in stages',
    'Approvals',
    'Sparklines and charts',
    'Log lines',
    'Controls',
    'Bars of state',
    'Cards of notices',
    'Plans',
    'Loading, empty, failed',
]


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_all_parts_are_shown_and_accessible(page: Page, violations: Callable[[], list[str]], theme: str):
    page.emulate_media(color_scheme=theme, reduced_motion='reduce')
    page.goto('/cp/parts')
    for section in SECTIONS:
        expect(page.get_by_role('heading', name=section, exact=True)).to_be_visible()
    assert violations() == []
    page.get_by_role('button', name='Open a dialog').first.click()
    expect(page.get_by_role('dialog')).to_be_visible()
    assert violations() == []
    page.keyboard.press('Escape')
    # https://www.w3.org/TR/WCAG22/#reflow
    page.set_viewport_size({'width': 320, 'height': 640})
    assert page.evaluate('() => document.documentElement.scrollWidth') <= 320


def test_outside_of_the_sandbox_there_is_no_such_page(page: Page):
    page.add_init_script(
        'new MutationObserver(() => document.documentElement?.removeAttribute("data-sandbox"))'
        '.observe(document, { childList: true, subtree: true })'
    )
    page.goto('/cp/parts')
    expect(page.get_by_role('heading', name='Page not found')).to_be_visible()


def test_each_service_has_its_load_of_the_last_hour(page: Page):
    answer = {
        'range': '1h',
        'step': 1200,
        'from': '2030-04-02T08:00:00.000+00:00',
        'to': '2030-04-02T09:00:00.000+00:00',
        'content': {'user-service': {'cpu': [12, 58, 41.6], 'memory': [None, None, None]}},
    }
    asked: list[str] = []

    def reply(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json=answer)

    page.route(METRICS, reply)
    page.goto('/cp/clusters/staging')
    row = page.get_by_role('row').filter(has=page.get_by_role('link', name='user-service, open'))
    expect(row.get_by_role('cell', name='CPU: now 42 %, 12 % to 58 %')).to_be_visible()
    # A cell without values is empty, and no row is higher than another.
    expect(page.locator('.sparkline')).to_have_count(1)
    heights = page.locator('.services .tbody .tr').evaluate_all('(rows) => rows.map((row) => row.offsetHeight)')
    assert set(heights) == {56}
    assert len(asked) == 1
    page.set_viewport_size({'width': 1000, 'height': 800})
    expect(page.locator('.sparkline')).to_be_hidden()


def test_the_columns_of_load_state_why_they_are_empty(page: Page):
    error = {'error': 'forbidden', 'message': 'This requires the role deployer.'}
    page.route(METRICS, lambda route: route.fulfill(status=403, json=error))
    page.goto('/cp/clusters/staging')
    head = page.get_by_role('columnheader', name=re.compile(r'^CPU ?: This requires the role deployer'))
    expect(head).to_be_visible()
    expect(page.locator('.sparkline')).to_have_count(0)


def test_nothing_is_read_where_the_columns_are_not_shown(page: Page):
    asked: list[str] = []
    page.on('request', lambda request: METRICS.search(request.url) and asked.append(request.url))
    page.set_viewport_size({'width': 800, 'height': 900})
    page.goto('/cp/clusters/staging')
    expect(page.get_by_role('link', name='user-service, open')).to_be_visible()
    with page.expect_request(METRICS):
        page.set_viewport_size({'width': 1440, 'height': 900})
    assert len(asked) == 1
