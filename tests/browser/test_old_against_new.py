"""Old against new where a rollout is watched: read while it is in sight, in words, and with what went wrong."""

import re
from collections.abc import Callable
from threading import Event

import pytest
from playwright.sync_api import Page, Route, expect

from tests.client import path
from tests.moving import run_everything
from tests.server import Server

METRICS = re.compile('/services/web/metrics')
LEFT_SIGHT = """(place) => new Promise((left) => {
  new IntersectionObserver((entries) => entries.at(-1).isIntersecting || left()).observe(place);
})"""
BY_GROUP = [('requests', 412.4, 20.1), ('error_rate', 0.02, 1.4), ('latency_p95', 0.084, 0.12)]
COMPARISON = {
    'revision': 'r2',
    'image': 'registry/web:v2.7.0',
    'image_before': 'registry/web:v2.6.0',
    'begun_at': '2030-04-02T09:31:00Z',
    'ended_at': None,
    'before': {'from': '2030-04-02T08:31:00Z', 'to': '2030-04-02T09:31:00Z'},
    'since': {'from': '2030-04-02T09:32:00Z', 'to': '2030-04-02T09:38:00Z'},
    'tasks': {'old': 4, 'new': 10},
    'metrics': [
        {'name': 'cpu', 'unit': 'Percent', 'by': 'task', 'old': 41.2, 'new': 44.9},
        {'name': 'memory', 'unit': 'Percent', 'by': 'task', 'old': 61.0, 'new': 61.2},
        *({'name': name, 'unit': '', 'by': 'target-group', 'old': old, 'new': new} for name, old, new in BY_GROUP),
    ],
}


def answer(comparison: dict | None) -> dict:
    span = {'from': '2030-04-02T09:00:00Z', 'to': '2030-04-02T10:00:00Z'}
    return {**span, 'series': [], 'marks': [], 'comparison': comparison}


@pytest.fixture
def rolling(page: Page, server: Server) -> str:
    """The address of a cluster whose service `web` rolls out."""
    name = server.cluster({'services': [{'web': {'image': 'team/web:1', 'desired_count': 2}}]})
    run_everything(server, name)
    assert server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'}).status == 202
    page.emulate_media(reduced_motion='reduce')
    page.set_viewport_size({'width': 1440, 'height': 900})
    return f'http://127.0.0.1:{server.port}/cp/clusters/{name}'


@pytest.mark.parametrize(
    ('address', 'region'), [('rollout', 'Old against new: web'), ('services/web', 'Old against new')]
)
def test_it_is_where_a_rollout_is_watched(
    page: Page, rolling: str, address: str, region: str, violations: Callable[[], list[str]]
):
    page.route(METRICS, lambda route: route.fulfill(json=answer(COMPARISON)))
    page.goto(f'{rolling}/{address}')
    compared = page.get_by_role('region', name=region, exact=True)
    rows = compared.get_by_role('row')
    expect(rows.nth(1)).to_have_text(re.compile(r'Requests\s*412 /min\s*20 /min\s*95 % fewer'))
    expect(rows.nth(2)).to_have_text(re.compile(r'5xx\s*0.02 %\s*1.4 %\s*1.4 points more'))
    expect(rows.nth(3)).to_have_text(re.compile(r'p95 latency\s*84 ms\s*120 ms\s*43 % slower'))
    expect(rows.nth(4)).to_have_text(re.compile(r'CPU\s*41 %\s*45 %\s*3.7 points more'))
    expect(rows.nth(5)).to_have_text(re.compile(r'Memory\s*61 %\s*61 %\s*same'))
    expect(rows.first).to_have_text(re.compile('Old tasks · v2.6.0.*New tasks · v2.7.0.*Difference'))
    expect(compared.get_by_role('columnheader', name='Difference')).to_be_visible()
    expect(rows.nth(2).locator('.icon')).to_be_visible()
    expect(compared).to_contain_text('CPU and Memory: 4 old and 10 new tasks over the same 6 min.')
    # Metrics are columns where there is room, and rows on a phone.
    first, second = (rows.nth(number).get_by_role('rowheader') for number in (1, 2))
    for theme, width in (('light', 1440), ('dark', 390), ('light', 320)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({'width': width, 'height': 500})
        expect(rows.nth(1)).to_be_visible()
        assert violations() == []
        assert page.evaluate('() => document.documentElement.scrollWidth <= innerWidth')
        assert compared.evaluate('(section) => section.scrollHeight <= section.clientHeight')
        left, right = first.bounding_box(), second.bounding_box()
        assert left is not None
        assert right is not None
        assert (left['y'] == right['y']) == (width == 1440)


def test_it_is_read_only_in_sight_and_once_a_minute(page: Page, rolling: str):
    asked: list[str] = []
    page.route(METRICS, lambda route: (asked.append(route.request.url), route.fulfill(json=answer(COMPARISON))))
    page.clock.install()
    page.set_viewport_size({'width': 1440, 'height': 260})
    page.goto(f'{rolling}/rollout')
    expect(page.get_by_role('region', name='In progress')).to_contain_text('web')
    compared = page.get_by_role('region', name='Old against new: web')
    expect(compared).to_have_count(1)
    page.clock.run_for(120_000)
    assert asked == []
    compared.scroll_into_view_if_needed()
    expect(compared.get_by_role('row')).to_have_count(6)
    # The server's clock, which has not been moved, may be in another minute.
    assert 1 <= len(asked) <= 2
    with page.expect_request(METRICS):
        page.clock.run_for(70_000)
    page.evaluate('() => scrollTo(0, 0)')
    # The page's own observer was there before, and is notified first.
    compared.evaluate(LEFT_SIGHT)
    read = len(asked)
    page.clock.run_for(120_000)
    assert len(asked) == read


@pytest.mark.parametrize('tolerated', [['502 (Bad Gateway)']])
def test_a_failure_says_why_and_is_retried_by_keyboard(page: Page, rolling: str, violations: Callable[[], list[str]]):
    failure = {'error': 'aws_failed', 'message': 'CloudWatch does not answer.'}
    page.route(METRICS, lambda route: route.fulfill(status=502, json=failure))
    page.goto(f'{rolling}/rollout')
    compared = page.get_by_role('region', name='Old against new: web')
    expect(compared.get_by_role('status')).to_contain_text("Couldn't read metrics: CloudWatch does not answer.")
    assert violations() == []
    page.route(METRICS, lambda route: route.fulfill(json=answer(COMPARISON)))
    compared.get_by_role('button', name='Retry').focus()
    page.keyboard.press('Enter')
    expect(compared.get_by_role('row')).to_have_count(6)
    expect(compared.get_by_role('status')).to_have_count(0)


def test_it_says_that_it_waits_and_that_nothing_is_compared(page: Page, rolling: str):
    held: list[Route] = []
    answers = Event()
    page.route(METRICS, lambda route: route.fulfill(json=answer(None)) if answers.is_set() else held.append(route))
    page.goto(f'{rolling}/services/web')
    compared = page.get_by_role('region', name='Old against new', exact=True)
    expect(compared).to_contain_text('Reading CloudWatch…')
    answers.set()
    for route in held:
        route.fulfill(json=answer(None))
    expect(compared).to_contain_text('Nothing to compare: only rollouts that replace tasks are compared')


def test_before_the_first_minute_it_says_when_values_come(page: Page, rolling: str):
    metrics = [{**metric, 'new': None} for metric in COMPARISON['metrics']]
    none = {**COMPARISON, 'since': {'from': '2030-04-02T09:32:00Z', 'to': '2030-04-02T09:32:00Z'}, 'metrics': metrics}
    page.route(METRICS, lambda route: route.fulfill(json=answer(none)))
    page.goto(f'{rolling}/services/web')
    compared = page.get_by_role('region', name='Old against new', exact=True)
    expect(compared).to_contain_text('CloudWatch has the first values about three minutes after the rollout began.')
    expect(compared.get_by_role('row').nth(4)).to_have_text(re.compile(r'CPU\s*41 %\s*–\s*–'))
