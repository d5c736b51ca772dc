"""Changes that wait for approval: proposed by one person, refused to them, approved by another, and carried out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.guarded import Guarded

POLICY = {'required': 1, 'by': ['role:deployer'], 'self': False, 'expires': '4h', 'when': ['deploy']}


@pytest.fixture
def tolerated() -> list[str]:
    """Before one signs in, the live channel is refused."""
    return ['WebSocket connection']


def enter(page: Page, guarded: Guarded, name: str, path: str) -> None:
    """Open a page as a new person, a deployer."""
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{guarded.port}/cp{path}')
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')
    dialog.get_by_label('Token').fill(guarded.token('deployer', name=name))
    dialog.get_by_role('button', name='Sign in').click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text('Live', exact=True)).to_be_visible()


def test_a_change_is_proposed_approved_by_another_person_and_carried_out(
    page: Page, browser: Browser, guarded: Guarded, violations: Callable[[], list[str]]
):
    cluster = guarded.aws.cluster()
    services = [{'web': {'image': 'nginx:1', 'desired_count': 1}}]
    config = {'name': cluster, 'config': {'approvals': POLICY, 'services': services}}
    created = guarded.as_(guarded.admin, 'POST', '/clusters', config)
    assert created.status == 201, created.body

    # The author: what they ask for is not done, and they may not approve it.
    author = browser.new_page()
    try:
        enter(author, guarded, 'ines', f'/clusters/{cluster}/services/web')
        author.get_by_role('button', name='Scale', exact=True).click()
        author.get_by_label('Tasks', exact=True).fill('3')
        author.get_by_role('button', name='Review', exact=True).click()
        author.get_by_label('Reason').fill('More load')
        author.get_by_role('button', name='Propose', exact=True).click()
        author.get_by_role('link', name='Open the proposal').click()
        approval = author.get_by_role('region', name='Approval')
        expect(approval).to_contain_text('0 of 1 approval')
        approve = approval.get_by_role('button', name='Approve')
        expect(approve).to_have_attribute('aria-disabled', 'true')
        expect(approval).to_contain_text(re.compile('author', re.IGNORECASE))

        # Another person: from the top bar to the plan, by keyboard alone.
        enter(page, guarded, 'bob', '')
        page.get_by_role('link', name='1 proposal', exact=True).press('Enter')
        item = page.get_by_role('listitem').filter(has_text='More load')
        expect(item).to_contain_text(cluster)
        expect(item).to_contain_text('ines')
        assert violations() == []
        item.get_by_role('link').first.press('Enter')
        expect(page.get_by_role('region', name='Changes')).to_contain_text('desired_count')
        expect(page.get_by_role('region', name='Approval')).to_contain_text('May approve: role:deployer')
        for theme in ('light', 'dark'):
            page.emulate_media(color_scheme=theme, reduced_motion='reduce')
            assert violations() == []
        page.get_by_label('Reason').fill('Looks right')
        page.get_by_role('button', name='Approve').press('Enter')
        expect(page.get_by_role('heading', level=1).locator('..')).to_contain_text('Carried out')
        expect(page.get_by_role('link', name='1 proposal', exact=True)).to_have_count(0)
        # The author sees it as it happens.
        expect(author.get_by_role('region', name='Approval')).to_contain_text('bob approved')
    finally:
        author.close()
    assert '3' in str(guarded.document(cluster)['services'])
    page.set_viewport_size({'width': 390, 'height': 844})
    assert page.evaluate('() => document.documentElement.scrollWidth - innerWidth') <= 0
