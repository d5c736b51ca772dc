"""What the page shows when there is nothing to show, nothing to be had, or nothing that one may do: and what next."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.browser.waiting import until
from tests.guarded import Guarded
from tests.server import Server

WEB = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 2}}]}

# When the first skeleton came, by the page's own clock; and when there was a page to put it on.
WATCH_FOR_SKELETONS = """
new MutationObserver(() => {
  window.pageAt ??= document.querySelector('main') && performance.now();
  window.skeletonAt ??= document.querySelector('.skeleton') && performance.now();
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture
def tolerated() -> list[str]:
    return ['WebSocket connection', 'net::ERR_FAILED', 'status of 500', 'status of 502', 'status of 503']


def address(server: Server, path: str = '') -> str:
    return f'http://127.0.0.1:{server.port}/cp{path}'


def enter(page: Page, token: str) -> None:
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')
    dialog.get_by_label('Token').fill(token)
    dialog.get_by_role('button', name='Sign in').click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text('Live', exact=True)).to_be_visible()


@pytest.mark.parametrize('path', ['', '/clusters/prod', '/clusters/prod/history'])
def test_a_skeleton_comes_only_after_a_moment(page: Page, server: Server, path: str):
    page.add_init_script(WATCH_FOR_SKELETONS)
    page.route_web_socket(re.compile('/events'), lambda socket: None)
    page.goto(address(server, path))
    expect(page.get_by_role('status').filter(has_text='Loading')).to_be_visible()
    assert page.evaluate('() => skeletonAt - pageAt') >= 150
    expect(page.get_by_text('No cluster is')).to_have_count(0)


@pytest.mark.parametrize('path', ['', '/clusters/prod'])
def test_who_never_connected_claims_nothing(page: Page, server: Server, path: str):
    def refuse(socket: WebSocketRoute) -> None:
        socket.close()

    page.route_web_socket(re.compile('/events'), refuse)
    page.route('**/api/**', lambda route: route.abort())
    page.goto(address(server, path))
    expect(page.get_by_text("Can't reach Nysa — retrying")).to_be_visible()
    expect(page.get_by_text('No cluster is')).to_have_count(0)
    page.unroute('**/api/**')
    # Without the channel, but with the API, what is there can be read.
    expect(page.get_by_text(re.compile('No cluster(s yet| is called prod)'))).to_be_visible()


def test_nothing_is_managed_yet(page: Page, server: Server, violations: Callable[[], list[str]]):
    page.goto(address(server))
    expect(page.get_by_role('heading', name='No clusters yet')).to_be_visible()
    assert violations() == []
    page.get_by_role('main').get_by_role('link', name='New cluster').last.click()
    expect(page).to_have_url(re.compile('/cp/new$'))


def test_a_cluster_without_services(page: Page, server: Server, violations: Callable[[], list[str]]):
    cluster = server.cluster({'services': []})
    page.goto(address(server, f'/clusters/{cluster}'))
    expect(page.get_by_role('heading', name='No services yet')).to_be_visible()
    assert violations() == []
    page.get_by_role('link', name='Edit the stackfile').click()
    expect(page).to_have_url(re.compile('/stackfile$'))


def test_a_cluster_is_not_here_until_an_event_reports_it(
    page: Page, server: Server, violations: Callable[[], list[str]]
):
    cluster = server.cluster(WEB)
    held: list[Callable[[], None]] = []
    released = False

    def hold_back(socket: WebSocketRoute) -> None:
        channel = socket.connect_to_server()

        def forward(message: str) -> None:
            of_cluster = json.loads(message).get('cluster') == cluster
            held.append(lambda: socket.send(message)) if of_cluster and not released else socket.send(message)

        channel.on_message(forward)

    page.route_web_socket(re.compile('/events'), hold_back)
    page.goto(address(server, f'/clusters/{cluster}'))
    expect(page.get_by_role('heading', name=f'{cluster} is not here yet', level=1)).to_be_visible()
    expect(page.get_by_role('main').get_by_role('button', name='Restore')).to_have_count(0)
    assert violations() == []
    # What comes from here on is sent on by itself.
    released = True
    for send in held:
        send()
    expect(page.get_by_role('link', name='web, open')).to_be_visible()


def test_a_filter_that_nothing_fits_can_be_cleared(page: Page, server: Server):
    cluster = server.cluster(WEB)
    page.goto(address(server, f'/clusters/{cluster}?q=zzz'))
    page.get_by_role('button', name='Clear the filter').click()
    expect(page.get_by_role('link', name='web, open')).to_be_visible()
    expect(page.get_by_label('Filter services')).to_have_value('')
    expect(page).to_have_url(re.compile(f'{cluster}$'))


def test_an_error_stays_names_its_request_and_can_be_tried_again(
    page: Page, server: Server, aws: Aws, violations: Callable[[], list[str]]
):
    cluster = server.cluster(WEB)
    server.api('PUT', f'/clusters/{cluster}/services/web?message=more', {'desired_count': 3})
    page.goto(address(server, f'/clusters/{cluster}'))
    # The cluster itself is read from S3 as well, and the page is live before it is there.
    expect(page.get_by_role('link', name='web, open')).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    page.wait_for_load_state('networkidle')
    aws.faults.add(Fault('error', service='s3', operation='*', status=503, code='SlowDown'))
    page.get_by_role('link', name='web, open').click()
    page.get_by_role('tab', name='History').click()
    alert = page.get_by_role('tabpanel').get_by_role('alert')
    expect(alert.get_by_text(re.compile(r'^Request \S+'))).to_be_visible()
    expect(alert.get_by_role('button', name='Copy')).to_be_visible()
    assert violations() == []
    aws.faults.clear()
    alert.get_by_role('button', name='Retry').click()
    expect(page.get_by_role('tabpanel').get_by_text('more')).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_viewer_sees_everything_and_why_actions_are_disabled(
    page: Page, guarded: Guarded, violations: Callable[[], list[str]]
):
    cluster = guarded.managed()
    page.goto(address(guarded, f'/clusters/{cluster}/services/web'))
    expect(page.get_by_role('dialog', name='Sign in to Nysa')).to_be_visible()
    assert violations() == []
    enter(page, guarded.token('viewer'))
    scale = page.get_by_role('button', name='Scale (Read-only (viewer). Ask an admin for deployer.)')
    expect(scale).to_have_attribute('aria-disabled', 'true')
    scale.click(force=True)
    expect(page.get_by_role('dialog')).to_have_count(0)
    page.get_by_role('button', name='More actions').click()
    items = page.get_by_role('menu', name='More actions').get_by_role('menuitem')
    expect(items.filter(has_text='Read-only (viewer)')).not_to_have_count(0)
    assert violations() == []


def test_a_session_that_ends_takes_nothing_away(page: Page, guarded: Guarded):
    cluster, token = guarded.managed(), guarded.token('deployer')
    page.goto(address(guarded, f'/clusters/{cluster}'))
    enter(page, token)
    page.get_by_label('Filter services').fill('we')
    page.get_by_label('Select web').check()
    guarded.revoke(token)
    guarded.refresh()
    expect(page.get_by_role('dialog', name='Sign in to Nysa')).to_be_visible()
    enter(page, guarded.token('deployer'))
    expect(page.get_by_label('Filter services')).to_have_value('we')
    expect(page.get_by_label('Select web')).to_be_checked()


def test_no_counts_before_the_first_snapshot(page: Page, server: Server):
    server.cluster(WEB)
    sockets: list[WebSocketRoute] = []
    page.route_web_socket(re.compile('/events'), lambda socket: sockets.append(socket))
    page.goto(address(server))
    expect(page.get_by_role('heading', name='Clusters')).to_be_visible()
    expect(page.get_by_role('status').filter(has_text='Loading')).to_be_visible()
    expect(page.locator('.tallies')).to_have_count(0)
    until(page, lambda: bool(sockets))
    for message in ({'type': 'hello', 'caller': {'name': 'x', 'role': 'admin'}}, {'type': 'synced', 'revisions': {}}):
        sockets[0].send(json.dumps(message))
    expect(page.locator('.tallies')).to_contain_text('0 clusters')


def test_retry_is_offered_only_where_it_can_help(page: Page, server: Server):
    page.goto(address(server, '/new'))
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    page.get_by_label('Name of the ECS cluster').fill('nowhere')
    page.get_by_role('button', name='Import running services').click()
    page.get_by_role('button', name='Next').click()
    alert = page.get_by_role('alert')
    expect(alert.get_by_role('button', name='Copy')).to_be_visible()
    expect(alert.get_by_role('button', name='Retry')).to_have_count(0)


def test_what_leads_to_another_screen_is_a_link(page: Page, server: Server):
    cluster = server.cluster(WEB)
    page.goto(address(server))
    main = page.get_by_role('main')
    expect(main.get_by_role('link', name='New cluster')).to_have_attribute('href', '/cp/new')
    expect(main.get_by_role('link', name='Removed clusters')).to_have_attribute('href', '/cp/removed')
    page.goto(address(server, f'/clusters/{cluster}'))
    expect(main.get_by_role('link', name='Edit', exact=True)).to_have_attribute(
        'href', f'/cp/clusters/{cluster}/stackfile'
    )
    page.goto(address(server, '/nowhere'))
    expect(main.get_by_role('link', name='All clusters')).to_have_attribute('href', '/cp')
