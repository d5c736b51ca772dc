"""Signing in stands over the page, and what one was at stays: with a token, and at a provider of identities."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.aws import Aws
from tests.guarded import Guarded
from tests.provider import Provider

URL = 'http://nysa.example'


@pytest.fixture
def tolerated() -> list[str]:
    return ['WebSocket connection']


def draft(page: Page, text: str) -> None:
    expect(page.locator('.cm-content')).to_be_visible()
    page.locator('.cm-content').press('Control+End')
    page.keyboard.insert_text(text)
    page.keyboard.press('Control+s')
    expect(page.get_by_text('Unsaved changes', exact=True)).to_be_visible()


def test_a_draft_outlives_the_session_and_is_applied_in_the_next(page: Page, guarded: Guarded):
    cluster, token = guarded.managed(), guarded.token('admin')
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')

    def enter(token: str) -> None:
        dialog.get_by_label('Token').fill(token)
        dialog.get_by_role('button', name='Sign in').click()
        expect(dialog).to_have_count(0)

    page.goto(f'http://127.0.0.1:{guarded.port}/cp/clusters/{cluster}/stackfile')
    enter(token)
    draft(page, '- more:\n    image: nginx:2\n')
    guarded.revoke(token)
    guarded.refresh()
    expect(dialog).to_be_visible()
    enter(guarded.token('admin'))
    expect(page.locator('.cm-content')).to_contain_text('nginx:2')
    page.get_by_role('button', name=re.compile('^Review')).click()
    page.get_by_label('Reason').fill('One more')
    apply = page.get_by_role('button', name=re.compile('^Apply'))
    expect(apply).not_to_have_attribute('aria-disabled', 'true')
    apply.click()
    expect(page).to_have_url(re.compile('/rollout$'))
    assert 'more' in str(guarded.document(cluster))


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider(URL)
    yield running
    running.end()


@pytest.fixture
def server(aws: Aws, provider: Provider) -> Iterator[Guarded]:
    with Guarded(aws, **provider.settings('{"web": "admin"}')) as guarded:
        yield guarded


@pytest.fixture
def visitor(launch_browser: Callable, browser_type_launch_args: dict, server: Guarded) -> Iterator[Page]:
    """A page of a browser that finds the server under the name that it goes by."""
    rule = f'--host-resolver-rules=MAP nysa.example 127.0.0.1:{server.port}'
    browser = launch_browser(args=[*browser_type_launch_args['args'], rule])
    yield browser.new_page()
    browser.close()


def test_the_provider_brings_one_back_to_the_page_and_the_draft(visitor: Page, server: Guarded):
    cluster = server.managed()
    address = f'{URL}/cp/clusters/{cluster}/stackfile'
    visitor.goto(address)
    sign_in = visitor.get_by_role('link', name='Sign in with 127.0.0.1')
    sign_in.click()
    expect(visitor).to_have_url(address)
    draft(visitor, '# ours\n')
    visitor.context.clear_cookies()
    visitor.reload()
    sign_in.click()
    expect(visitor).to_have_url(address)
    expect(visitor.locator('.cm-content')).to_contain_text('# ours')
    expect(visitor.get_by_text('Live', exact=True)).to_be_visible()


def test_the_first_sign_in_claims_neither_an_end_nor_an_outage(page: Page, guarded: Guarded):
    seen: list[str] = []
    page.expose_function('seen', lambda text: seen.append(text))
    page.add_init_script(
        "new MutationObserver(() => { const text = document.querySelector('.connection')?.textContent;"
        ' if (text) seen(text); }).observe(document, { childList: true, subtree: true, characterData: true });'
    )
    page.goto(f'http://127.0.0.1:{guarded.port}/cp')
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')
    expect(dialog.get_by_label('Access token')).to_be_focused()
    expect(dialog).to_contain_text('ask your platform team')
    expect(dialog).not_to_contain_text('expired')
    expect(page.locator('.connection')).to_have_text('Not signed in')
    assert not [text for text in seen if 'reach' in text or 'Reconnecting' in text or 'out' in text], seen


def test_after_a_session_that_has_ended_it_is_called_so(page: Page, guarded: Guarded):
    token = guarded.token('viewer')
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')
    page.goto(f'http://127.0.0.1:{guarded.port}/cp')
    dialog.get_by_label('Access token').fill(token)
    page.keyboard.press('Enter')
    expect(dialog).to_have_count(0)
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    guarded.revoke(token)
    guarded.refresh()
    expect(dialog).to_contain_text('Your session expired. Drafts are kept.')
    expect(dialog.get_by_label('Access token')).to_be_focused()


def test_an_answer_from_before_the_sign_in_does_not_end_the_session(page: Page, guarded: Guarded):
    """The read of who one is, sent as the page opens, is answered after one has signed in."""
    cluster = guarded.managed()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == 'GET':
            held.append(route)
        else:
            route.continue_()

    page.route('**/api/v1/session', hold)
    with page.expect_request('**/api/v1/session'):
        page.goto(f'http://127.0.0.1:{guarded.port}/cp/clusters/{cluster}')
    dialog = page.get_by_role('dialog', name='Sign in to Nysa')
    dialog.get_by_label('Access token').fill(guarded.token('deployer', name='ines'))
    page.keyboard.press('Enter')
    expect(dialog).to_have_count(0)
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    signed_out = {'signed_in': False, 'sign_in': ['token']}
    for route in held:
        with page.expect_response('**/api/v1/session'):
            route.fulfill(json=signed_out)
    page.get_by_role('button', name='Settings').click()
    expect(page.get_by_role('menuitem', name='Sign out')).to_be_visible()
