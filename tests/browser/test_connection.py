"""The page when the server goes, and when it comes back."""

import re

import pytest
import urllib3
from botocore.client import BaseClient
from playwright.sync_api import Page, Request, Route, WebSocketRoute, expect

from tests.aws import Aws
from tests.browser.waiting import until
from tests.server import Server


@pytest.fixture
def tolerated() -> list[str]:
    # A server ends before, during or after a request of the page.
    return ['WebSocket connection', 'net::ERR_CONNECTION_', 'net::ERR_EMPTY_RESPONSE', 'net::ERR_SOCKET_NOT_CONNECTED']


CONFIG = {'services': [{'web': {'image': 'team/web:1'}}]}

# Lets a test stop the page's clock: what was to happen later never does.
STOPPABLE = """
const later = setTimeout;
window.setTimeout = (run, ms, ...given) => window.stopped ? 0 : later(() => window.stopped || run(...given), ms);
"""


def again(former: Server) -> Server:
    """Another server in the place of one that has gone."""
    places = {'AWS_S3_BUCKET': former.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': former.queue}
    return Server(former.aws, port=former.port, **places)


def test_it_catches_up_by_itself(page: Page, aws: Aws):
    with Server(aws) as first:
        cluster = first.cluster(CONFIG)
        page.goto(f'http://127.0.0.1:{first.port}/cp/clusters/{cluster}')
        expect(page.get_by_text('Live', exact=True)).to_be_visible()
        expect(page.get_by_role('link', name='web, open')).to_be_visible()
    expect(page.get_by_text('Reconnecting · data')).to_be_visible()
    # What is there stays readable; what would change something is disabled, and shows why.
    page.get_by_role('link', name='web, open').click()
    expect(page.get_by_role('button', name='Scale (Offline')).to_have_attribute('aria-disabled', 'true')
    with again(first) as second:
        expect(page.get_by_text('Live', exact=True)).to_be_visible()
        second.api('PUT', f'/clusters/{cluster}/services/web?message=again', {'desired_count': 8})
        expect(page.get_by_role('row').filter(has_text='web').get_by_text('/ 8')).to_be_visible()


def test_the_cluster_of_the_address_is_asked_for_first_whichever_script_comes_first(page: Page, server: Server):
    cluster = server.cluster(CONFIG)

    def without_early(route: Route) -> None:
        # As where the browser runs the page's code before it.
        shell = route.fetch()
        route.fulfill(response=shell, body=re.sub(r'<script type="module" async.*?</script>', '', shell.text()))

    page.route('**/cp/clusters/*', without_early)
    with page.expect_websocket() as opening:
        page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    assert f'?cluster={cluster}&cluster=*&' in opening.value.url
    expect(page.get_by_role('link', name='web, open')).to_be_visible()


def test_it_comes_back_at_once_with_the_network_and_with_the_tab(page: Page, aws: Aws):
    page.add_init_script(STOPPABLE)
    other = page.context.new_page()
    other.add_init_script(STOPPABLE)
    with Server(aws) as first:
        for each in (page, other):
            each.goto(f'http://127.0.0.1:{first.port}/cp')
            expect(each.get_by_text('Live', exact=True)).to_be_visible()
            expect(each.get_by_text('No clusters yet')).to_be_visible()
    for each in (page, other):
        expect(each.get_by_text('Reconnecting · data')).to_be_visible()
        each.evaluate('() => { window.stopped = true }')
    with again(first):
        for each, event in ((page, "window, 'online'"), (other, "document, 'visibilitychange'")):
            each.evaluate(f'() => ((on, name) => void on.dispatchEvent(new Event(name)))({event})')
            expect(each.get_by_text('Live', exact=True)).to_be_visible()
    other.close()


def test_what_the_channel_sends_ends_the_reads_that_stood_in_for_it(page: Page, server: Server):
    """The channel comes up while a read of its state from before is under way; the answer would undo what it sent."""
    cluster = server.cluster(CONFIG)
    refused: list[WebSocketRoute] = []
    page.route_web_socket(re.compile('/events'), lambda socket: refused.append(socket))
    held: list[Route] = []
    page.route(f'**/api/v1/clusters/{cluster}', lambda route: held.append(route))

    def is_read(request: Request) -> bool:
        return request.url.endswith(f'/api/v1/clusters/{cluster}')

    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    until(page, lambda: refused)
    with page.expect_request(is_read):
        refused[0].close()
    server.api('PUT', f'/clusters/{cluster}/services/web?message=more', {'desired_count': 8})
    page.route_web_socket(re.compile('/events'), lambda socket: socket.connect_to_server())
    with page.expect_event('requestfailed', is_read):
        page.evaluate("() => void dispatchEvent(new Event('online'))")
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    expect(page.get_by_role('row').filter(has_text='web').get_by_text('/ 8')).to_be_visible()


def test_what_ecs_runs_may_be_old_although_the_connection_is_fine(
    page: Page, ecs: BaseClient, managed: str, aws_endpoint: str
):
    faults = f'{aws_endpoint}/_nysa/faults'
    page.goto(f'/cp/clusters/{managed}')
    expect(page.get_by_role('row').filter(has_text='api').get_by_text('In sync')).to_be_visible()
    refusal = {'kind': 'error', 'status': 400, 'code': 'AccessDeniedException'}
    urllib3.request('POST', faults, json={**refusal, 'service': 'ecs', 'operation': 'Describe*|List*'})
    try:
        # ECS sends an event of it, so that it is polled now; a cluster where nothing happens is polled once a minute.
        ecs.update_service(cluster=managed, service='api', desiredCount=1)
        old = page.get_by_role('status').filter(has_text='ECS was last read')
        expect(old).to_be_visible()
        expect(old).to_contain_text('The connection to Nysa is fine')
        expect(page.get_by_text('Live', exact=True)).to_be_visible()
        expect(old.locator('time')).to_have_attribute('title', re.compile(r' UTC$'))
    finally:
        urllib3.request('DELETE', faults)
    expect(old).to_have_count(0)
