"""A draft reviewed: by service with what runs beside it, as text in either layout; then a reason, and the button."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.process import Process


@pytest.fixture
def reviewed(page: Page, product: Process, managed: str) -> str:
    """A cluster with a draft of two changes, on its review; what runs is another thing than what is stored."""
    assert product.api('GET', f'/clusters/{managed}/rollout?wait=60').json['settled']
    product.api('PUT', f'/clusters/{managed}/services/api?deploy=false', {'image_tag': 'v2.2.6'})
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'/cp/clusters/{managed}/stackfile')
    content = page.locator('.cm-content')
    expect(content).to_be_visible()
    # Until then the key for the review does nothing.
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    lines = {'image': 'v2.2.6', 'memory': 'memory: 64'}
    for text, new in ((lines['image'], 'v2.1.0'), (lines['memory'], 'memory: 128')):
        content.locator('.cm-line').filter(has_text=text).first.click()
        page.keyboard.press('End')
        for _ in text:
            page.keyboard.press('Backspace')
        page.keyboard.insert_text(new)
    page.keyboard.press('Control+Enter')
    expect(page.get_by_role('heading', name='2 changes in 1 service')).to_be_visible()
    return managed


def test_what_runs_stands_in_a_third_column(page: Page, reviewed: str):
    row = page.get_by_role('row').filter(has=page.get_by_role('cell', name='image', exact=True))
    for text in ('v2.2.6', 'v2.1.0', 'v2.6.0'):
        expect(row.get_by_role('cell').filter(has_text=text)).to_have_count(1)
    expect(row.get_by_role('cell').nth(3)).to_contain_text('v2.6.0')
    expect(page.get_by_role('columnheader', name='Running now')).to_be_visible()


def test_the_layout_is_chosen_by_key_and_kept(page: Page, reviewed: str, violations: Callable[[], list[str]]):
    page.locator('h1').click()
    page.keyboard.press(']')
    unified = page.get_by_role('table')
    expect(unified.get_by_role('row').filter(has_text='memory: 128')).to_be_visible()
    assert violations() == []
    page.keyboard.press('v')
    before, after = page.get_by_label('Before', exact=True), page.get_by_label('After', exact=True)
    expect(before).to_contain_text('memory: 64')
    expect(after).to_contain_text('memory: 128')
    assert violations() == []
    page.keyboard.press('n')
    expect(after).to_be_focused()
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    page.reload()
    page.get_by_role('tab', name='As text').click()
    expect(after).to_contain_text('memory: 128')
    page.get_by_role('button', name='Unified').click()
    expect(unified).to_be_visible()


@pytest.mark.usefixtures('lasting_notices', 'reviewed')
def test_notices_cover_nothing_that_can_be_done(page: Page):
    page.set_viewport_size({'width': 700, 'height': 420})
    for _ in range(3):
        # The heading moves what is below it once there is a plan.
        expect(page.get_by_role('heading', name='2 changes in 1 service')).to_be_visible()
        page.get_by_role('button', name='Back to the editor').click()
        page.get_by_role('button', name='Discard').click()
        page.locator('.cm-content').press('Control+z')
        page.keyboard.press('Control+Enter')
    expect(page.get_by_role('heading', name='Changes discarded')).to_have_count(3)
    apply = page.get_by_role('button', name='Apply')
    reached = """(button) => {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      return [top + 2, bottom - 2].every((y) => button.contains(document.elementFromPoint((left + right) / 2, y)));
    }"""
    page.evaluate('() => scrollTo(0, document.documentElement.scrollHeight)')
    assert apply.evaluate(reached)
    page.evaluate('() => scrollTo(0, 0)')
    apply.focus()
    assert apply.evaluate(reached)


def test_a_plan_that_something_overtook_is_not_applied(page: Page, product: Process, reviewed: str):
    page.get_by_label('Reason').fill('Less memory')
    product.api('PUT', f'/clusters/{reviewed}/services/web?message=first', {'desired_count': 0, 'image_tag': 'v2.2.6'})
    expect(page.get_by_text('after this draft was begun')).to_be_visible()
    expect(page.get_by_role('button', name=re.compile('^Apply'))).to_contain_text('changed the cluster: merge first')
    page.get_by_role('link', name='See both and merge').click()
    page.get_by_role('button', name='See both and merge').click()
    page.get_by_role('dialog').get_by_role('button', name='Merge').click()
    page.get_by_role('button', name=re.compile('^Review')).click()
    expect(page.get_by_role('heading', name='2 changes in 1 service')).to_be_visible()
    page.get_by_label('Reason').fill('Less memory')
    page.keyboard.press('Control+Enter')
    expect(page).to_have_url(re.compile(f'/cp/clusters/{reviewed}/rollout$'))
    services = product.api('GET', f'/clusters/{reviewed}/config').json['services']
    assert [each['image'].rpartition(':')[2] for entry in services for each in entry.values()] == ['v2.1.0', 'v2.2.6']


def test_a_freeze_is_overridden_with_a_reason_of_its_own(
    page: Page, product: Process, reviewed: str, violations: Callable[[], list[str]]
):
    page.get_by_label('Reason').fill('Less memory')
    product.api('PUT', f'/clusters/{reviewed}/freeze', {'reason': 'the big sale'}, X_Nysa_Actor='maria')
    # A freeze is a revision like any other, but changes nothing that the draft was made from: nothing is to be merged.
    page.get_by_role('link', name='See both and merge').click()
    page.get_by_role('button', name='Review', exact=True).click()
    expect(page.get_by_role('heading', name='2 changes in 1 service')).to_be_visible()
    expect(page.get_by_text(f'{reviewed} is frozen by maria, until manually lifted')).to_be_visible()
    page.get_by_label('Reason').fill('Less memory')
    apply = page.get_by_role('button', name=re.compile('^Apply'))
    expect(apply).to_contain_text('The cluster is frozen: override it with a reason')
    page.keyboard.press('Control+Enter')
    page.get_by_role('button', name='Override the freeze').click()
    expect(page.get_by_label('Why override the freeze?')).to_be_focused()
    expect(apply).to_have_attribute('aria-disabled', 'true')
    page.keyboard.type('The sale ends without it')
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    apply.click()
    expect(page).to_have_url(re.compile(f'/cp/clusters/{reviewed}/rollout$'))
    (change,) = product.api('GET', f'/clusters/{reviewed}/revisions?limit=1').json['content'][0]['changes']
    assert (change['message'], change['override']) == ('Less memory', 'The sale ends without it')
    assert product.api('GET', f'/clusters/{reviewed}/freeze').json['frozen']['by'] == 'maria'
