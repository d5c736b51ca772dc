"""The page when the server goes, and when it comes back."""

import re
from pathlib import Path

import pytest
import urllib3
from botocore.client import BaseClient
from playwright.sync_api import Page, expect

from tests.process import Process


@pytest.fixture
def tolerated() -> list[str]:
    return ['WebSocket connection', 'net::ERR_CONNECTION_REFUSED']


# Lets a test stop the page's clock: what was to happen later never does.
STOPPABLE = """
const later = setTimeout;
window.setTimeout = (run, ms, ...given) => window.stopped ? 0 : later(() => window.stopped || run(...given), ms);
"""


def test_it_catches_up_by_itself(page: Page, tmp_path: Path):
    variables = {'PROFILE': 'local', 'NYSA_SANDBOX_DIR': str(tmp_path)}
    with Process('serve', '--port=0', **variables) as first:
        page.goto(f'http://127.0.0.1:{first.port}/cp/clusters/staging')
        expect(page.get_by_text('Live', exact=True)).to_be_visible()
        expect(page.get_by_role('link', name='email-worker, open')).to_be_visible()
        port = first.port
    expect(page.get_by_text('Reconnecting, data')).to_be_visible()
    # What is there stays readable; what would change something waits, and says why.
    expect(page.get_by_role('link', name='email-worker, open')).to_be_visible()
    page.get_by_role('link', name='email-worker, open').click()
    expect(page.get_by_role('button', name='Scale (Not connected')).to_have_attribute('aria-disabled', 'true')
    with Process('serve', f'--port={port}', **variables) as second:
        expect(page.get_by_text('Live', exact=True)).to_be_visible(timeout=30_000)
        second.api('PUT', '/clusters/staging/services/email-worker?message=again', {'desired_count': 8})
        expect(page.get_by_role('row').filter(has_text='email-worker').get_by_text('/ 8')).to_be_visible()


def test_it_comes_back_at_once_with_the_network_and_with_the_tab(page: Page, tmp_path: Path):
    variables = {'PROFILE': 'local', 'NYSA_SANDBOX_DIR': str(tmp_path)}
    page.add_init_script(STOPPABLE)
    other = page.context.new_page()
    other.add_init_script(STOPPABLE)
    with Process('serve', '--port=0', **variables) as first:
        port = first.port
        for each in (page, other):
            each.goto(f'http://127.0.0.1:{port}/cp')
            expect(each.get_by_text('Live', exact=True)).to_be_visible()
    for each in (page, other):
        expect(each.get_by_text('Reconnecting, data')).to_be_visible()
        each.evaluate('() => { window.stopped = true }')
    with Process('serve', f'--port={port}', **variables):
        for each, event in ((page, "window, 'online'"), (other, "document, 'visibilitychange'")):
            each.evaluate(f'() => ((on, name) => void on.dispatchEvent(new Event(name)))({event})')
            expect(each.get_by_text('Live', exact=True)).to_be_visible()
    other.close()


def test_what_ecs_runs_may_be_old_although_the_connection_is_fine(
    page: Page, ecs: BaseClient, managed: str, aws_endpoint: str
):
    faults = f'{aws_endpoint}/_nysa/faults'
    page.goto(f'/cp/clusters/{managed}')
    expect(page.get_by_role('row').filter(has_text='api').get_by_text('In sync')).to_be_visible()
    refusal = {'kind': 'error', 'status': 400, 'code': 'AccessDeniedException'}
    urllib3.request('POST', faults, json={**refusal, 'service': 'ecs', 'operation': 'Describe*|List*'})
    try:
        # ECS tells of it, so that it is looked at now; a cluster where nothing happens is looked at once a minute.
        ecs.update_service(cluster=managed, service='api', desiredCount=1)
        old = page.get_by_role('status').filter(has_text='What ECS runs was last read')
        expect(old).to_be_visible()
        expect(old).to_contain_text('The connection to Nysa is fine')
        expect(page.get_by_text('Live', exact=True)).to_be_visible()
        expect(old.locator('time')).to_have_attribute('title', re.compile(r' UTC$'))
    finally:
        urllib3.request('DELETE', faults)
    expect(old).to_have_count(0, timeout=30_000)
