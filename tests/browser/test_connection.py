"""The page when the server goes, and when it comes back."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.process import Process


@pytest.fixture
def tolerated() -> list[str]:
    return ['WebSocket connection', 'net::ERR_CONNECTION_REFUSED']


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
