"""Notices: a success leaves by itself, an error stays until it is dismissed."""

import re

import pytest
from playwright.sync_api import Page, expect

from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.server import Server

WEB = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 2}}]}
EXPIRES_MS = 8000


@pytest.fixture
def tolerated() -> list[str]:
    return ['status of 503']


def edit(page: Page, server: Server) -> None:
    cluster = server.cluster(WEB)
    page.clock.install()
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    page.get_by_role('button', name='More actions').click()
    page.get_by_role('menuitem', name='Deploy again').click()
    page.get_by_label('Reason').fill('for the test')
    page.get_by_role('button', name='Deploy again').click()


def test_a_success_leaves_by_itself(page: Page, server: Server):
    edit(page, server)
    notice = page.locator('.notice')
    expect(notice).to_contain_text('is being deployed again')
    page.clock.fast_forward(EXPIRES_MS)
    expect(notice).to_have_count(0)


def test_a_success_stays_while_the_pointer_is_on_it(page: Page, server: Server):
    edit(page, server)
    notice = page.locator('.notice')
    notice.hover()
    page.clock.fast_forward(2 * EXPIRES_MS)
    expect(notice).to_have_count(1)
    page.get_by_role('heading', level=1).hover()
    page.clock.fast_forward(EXPIRES_MS)
    expect(notice).to_have_count(0)


def test_an_error_stays(page: Page, server: Server, aws: Aws):
    cluster = server.cluster(WEB)
    page.clock.install()
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}/services/web')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    expect(page.get_by_role('tab', name='History')).to_be_visible()
    # Only what is read for the tab fails.
    page.wait_for_load_state('networkidle')
    aws.faults.add(Fault('error', service='s3', operation='*', status=503, code='SlowDown'))
    page.get_by_role('tab', name='History').click()
    alert = page.get_by_role('alert')
    expect(alert.get_by_text(re.compile(r'^Request \S+'))).to_be_visible()
    page.clock.fast_forward(4 * EXPIRES_MS)
    expect(alert).to_have_count(1)
