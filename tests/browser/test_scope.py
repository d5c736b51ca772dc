"""A token that is limited to some services: the page disables what it may not do, with the reason."""

import pytest
from playwright.sync_api import Page, expect

from tests.guarded import Guarded

OUTSIDE = 'api is outside the services of your token: web*'


@pytest.fixture
def tolerated() -> list[str]:
    """Before one signs in, the live channel is refused."""
    return ['WebSocket connection']


def test_what_the_scope_of_a_token_forbids_is_disabled_with_the_reason(page: Page, guarded: Guarded):
    cluster = guarded.aws.cluster()
    services = [{name: {'image': 'nginx:1', 'desired_count': 0}} for name in ('api', 'web')]
    created = guarded.as_(guarded.admin, 'POST', '/clusters', {'name': cluster, 'config': {'services': services}})
    assert created.status == 201, created.body
    page.goto(f'http://127.0.0.1:{guarded.port}/cp/clusters/{cluster}/services/web')
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')
    dialog.get_by_label('Token').fill(guarded.token('admin', services=['web*']))
    dialog.get_by_role('button', name='Sign in').click()
    drawer = page.get_by_role('complementary')
    scale = drawer.get_by_role('button', name='Scale')
    expect(scale).not_to_have_attribute('aria-disabled', 'true')
    page.goto(page.url.replace('/web', '/api'))
    expect(scale).to_have_attribute('aria-disabled', 'true')
    expect(scale).to_have_attribute('title', OUTSIDE)
    scale.click(force=True)
    expect(page.get_by_role('dialog')).to_have_count(0)
    page.get_by_role('button', name='More actions').click()
    freeze = page.get_by_role('menuitem', name='Freeze…')
    expect(freeze).to_have_attribute('aria-disabled', 'true')
    expect(freeze).to_contain_text('Your token is limited to services: web*')
