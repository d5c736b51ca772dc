"""Logs as they are written, and plots of metrics with their numbers as text."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

LOGS = '/cp/clusters/staging/services/user-service?tab=logs'
METRICS = '/cp/clusters/staging/services/user-service?tab=metrics'


def log(text: str, level: str = 'INFO') -> str:
    line = f'{level} {text}'
    task = {'cluster': 'staging', 'service': 'user-service', 'task': 'abcd' * 8, 'container': 'user-service'}
    return json.dumps({'type': 'log', **task, 'at': '2030-04-02T09:21:44.310Z', 'line': line})


def test_lines_arrive_until_one_scrolls_up_and_are_filtered_by_the_server(page: Page):
    tails: list[dict] = []
    sockets: list[WebSocketRoute] = []

    def overhear(socket: WebSocketRoute) -> None:
        channel = socket.connect_to_server()
        sockets.append(socket)

        def sent(text: str | bytes) -> None:
            message = json.loads(text)
            if message['type'] not in ('tail', 'untail'):
                channel.send(text)
                return
            # The lines of this test are the only ones.
            tails.append(message)
            if message['type'] == 'tail':
                for n in range(100):
                    socket.send(log(f'{message.get("filter", "line")} {n}'))

        socket.on_message(sent)

    page.route_web_socket(re.compile('/events'), overhear)
    page.emulate_media(reduced_motion='reduce')
    page.goto(LOGS)
    lines = page.get_by_role('log', name='Log lines')
    status = page.get_by_role('tabpanel').get_by_role('status')
    expect(lines.get_by_text('INFO line 99', exact=True)).to_be_in_viewport()
    expect(status).to_have_text('Following')
    sockets[0].send(log('out of memory', 'ERROR'))
    expect(lines.get_by_text('ERROR out of memory', exact=True)).to_be_in_viewport()

    lines.hover()
    page.mouse.wheel(0, -400)
    expect(status).to_have_text('Paused')
    page.get_by_role('button', name='Follow', exact=True).click()
    expect(status).to_have_text('Following')

    page.get_by_role('button', name=re.compile('Other lines')).click()
    expect(lines.get_by_text('INFO line 99', exact=True)).to_have_count(0)
    page.get_by_role('button', name=re.compile('Other lines')).click()
    page.get_by_label('Filter log lines').fill('timeout')
    page.keyboard.press('Enter')
    expect(lines.get_by_text('INFO timeout 99', exact=True)).to_be_in_viewport()
    expect(lines.get_by_text('INFO line 99', exact=True)).to_have_count(0)
    # Begun once, when the lines of the filter had been read.
    assert [tail for tail in tails if 'filter' in tail] == [
        {'type': 'tail', 'cluster': 'staging', 'service': 'user-service', 'filter': 'timeout'}
    ]


def test_a_plot_has_marks_of_deployments_and_its_numbers_as_text(page: Page, violations: Callable[[], list[str]]):
    metrics = {
        'from': '2030-04-02T09:00:00Z',
        'to': '2030-04-02T10:00:00Z',
        'series': [
            {
                'name': 'cpu',
                'unit': 'percent',
                'points': [['2030-04-02T09:00:00Z', 12], ['2030-04-02T09:30:00Z', 80], ['2030-04-02T10:00:00Z', 31]],
            }
        ],
        'marks': [{'at': '2030-04-02T09:31:00Z', 'failed': True, 'image': 'registry/user-service:v2.7.0'}],
    }
    ranges: list[str] = []
    page.route(
        re.compile('/services/user-service/metrics'),
        lambda route: (ranges.append(route.request.url.rpartition('=')[2]), route.fulfill(json=metrics)),
    )
    page.emulate_media(reduced_motion='reduce')
    page.goto(METRICS)
    plot = page.get_by_role('img', name='CPU: now 31 %, 12 % to 80 %')
    expect(plot).to_be_visible()
    expect(plot.locator('.mark title')).to_have_text('v2.7.0 failed')
    assert violations() == []
    with page.expect_request(re.compile('range=1d')):
        page.get_by_role('button', name='1 d', exact=True).click()
    expect(plot).to_be_visible()
    expect(page.get_by_role('region', name='Old against new')).to_have_count(0)


def test_a_rollout_compares_old_tasks_with_new_ones(page: Page, violations: Callable[[], list[str]]):
    by_group = [('requests', 412.4, 20.1), ('error_rate', 0.02, 1.4), ('latency_p95', 0.084, 0.12)]
    comparison = {
        'revision': 'r2',
        'image': 'registry/user-service:v2.7.0',
        'image_before': 'registry/user-service:v2.6.0',
        'begun_at': '2030-04-02T09:31:00Z',
        'ended_at': None,
        'before': {'from': '2030-04-02T08:31:00Z', 'to': '2030-04-02T09:31:00Z'},
        'since': {'from': '2030-04-02T09:32:00Z', 'to': '2030-04-02T09:38:00Z'},
        'metrics': [
            {'name': 'cpu', 'unit': 'Percent', 'by': 'time', 'old': 41.2, 'new': 44.9},
            *({'name': name, 'unit': '', 'by': 'target-group', 'old': old, 'new': new} for name, old, new in by_group),
        ],
    }
    span = {'from': '2030-04-02T09:00:00Z', 'to': '2030-04-02T10:00:00Z'}
    page.route(
        re.compile('/services/user-service/metrics'),
        lambda route: route.fulfill(json={**span, 'series': [], 'marks': [], 'comparison': comparison}),
    )
    page.emulate_media(reduced_motion='reduce')
    page.goto(METRICS)
    table = page.get_by_role('region', name='Old against new')
    rows = table.get_by_role('row')
    expect(rows.first).to_have_text(re.compile('Old tasks · v2.6.0.*New tasks · v2.7.0'))
    expect(rows.nth(1)).to_have_text(re.compile(r'Requests\s*412 /min\s*20 /min\s*95 % fewer'))
    expect(rows.nth(2)).to_have_text(re.compile(r'5xx\s*0.02 %\s*1.4 %\s*1.4 points more'))
    expect(rows.nth(2)).to_have_attribute('data-bad', 'true')
    expect(rows.nth(3)).to_have_text(re.compile(r'p95 latency\s*84 ms\s*120 ms\s*43 % slower'))
    expect(rows.nth(4)).to_have_text(re.compile(r'CPU\s*before, since\s*41 %\s*45 %\s*3.7 points more'))
    expect(table).to_contain_text('over the same 6 min, by target group')
    for theme, width in (('light', 1440), ('dark', 390)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({'width': width, 'height': 800})
        assert violations() == []
        assert page.evaluate('() => document.documentElement.scrollWidth <= innerWidth')


def test_the_overview_has_the_figures_of_a_day(page: Page, violations: Callable[[], list[str]]):
    times = [f'2030-04-02T09:{minute:02}:00Z' for minute in range(0, 60, 5)]

    def series(name: str, *last: float | None) -> dict:
        return {'name': name, 'unit': '', 'points': [[at, value] for at, value in zip(times, last, strict=True)]}

    figures = {
        'from': times[0],
        'to': '2030-04-02T10:00:00Z',
        'series': [
            series('cpu', *[20] * 11, 41.2),
            series('memory', *[60] * 12),
            series('requests', *[2060] * 12),
            series('errors', *[0] * 11, 12),
            series('latency_p95', *[0.084] * 12),
        ],
        'marks': [{'at': '2030-04-02T09:31:00Z', 'failed': False, 'image': 'registry/user-service:v2.7.0'}],
        'comparison': None,
    }
    page.route(re.compile('/services/user-service/metrics'), lambda route: route.fulfill(json=figures))
    page.emulate_media(reduced_motion='reduce')
    page.goto('/cp/clusters/staging/services/user-service')
    day = page.get_by_role('region', name='Last 24 hours')
    day.scroll_into_view_if_needed()
    expect(day.get_by_role('listitem')).to_contain_text(
        [
            'Requests: now 412 /min',
            '5xx: now 0.58 %, 0 % to 0.58 %',
            'p95 latency: now 84 ms',
            'CPU: now 41 %, 20 % to 41 %',
            'Memory: now 60 %',
        ]
    )
    expect(day.get_by_role('heading')).to_contain_text('dotted line: v2.7.0')
    for theme, width in (('light', 1440), ('dark', 390)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({'width': width, 'height': 800})
        assert violations() == []
        assert page.evaluate('() => document.documentElement.scrollWidth <= innerWidth')
    day.get_by_role('link', name='Metrics').click()
    expect(page).to_have_url(re.compile('tab=metrics'))


@pytest.mark.parametrize('tolerated', [['502 (Bad Gateway)']])
def test_the_figures_of_a_service_without_values_say_so(page: Page):
    none = {'from': '2030-04-02T09:00:00Z', 'to': '2030-04-02T10:00:00Z', 'series': [], 'marks': []}
    failure = {'error': 'aws_failed', 'message': 'CloudWatch does not answer.'}
    metrics = re.compile('/services/user-service/metrics')
    page.route(metrics, lambda route: route.fulfill(status=502, json=failure))
    # All of it in sight, so that nothing but Retry reads again.
    page.set_viewport_size({'width': 1440, 'height': 1600})
    page.goto('/cp/clusters/staging/services/user-service')
    day = page.get_by_role('region', name='Last 24 hours')
    day.scroll_into_view_if_needed()
    expect(day).to_contain_text("Couldn't read metrics: CloudWatch does not answer.")
    page.route(metrics, lambda route: route.fulfill(json=none))
    day.get_by_role('button', name='Retry').click()
    expect(day).to_contain_text('CloudWatch has no values of user-service yet.')
