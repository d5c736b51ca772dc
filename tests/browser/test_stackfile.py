"""The editor: mistakes at their lines, drafts that survive, and no edit lost."""

import re

from playwright.sync_api import Page, expect

from tests.process import Process


def opened(page: Page, cluster: str = 'staging') -> None:
    page.goto(f'/cp/clusters/{cluster}/stackfile')
    expect(page.locator('.cm-content')).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()


def type_at_end(page: Page, text: str) -> None:
    page.locator('.cm-content').click()
    page.keyboard.press('Control+End')
    page.keyboard.insert_text(text)


def config(product: Process, cluster: str) -> dict:
    return product.api('GET', f'/clusters/{cluster}/config').json


def test_a_mistake_is_shown_at_its_line(page: Page):
    opened(page)
    type_at_end(page, 'bogus_key: 1\n')
    problem = page.get_by_role('region', name='Problems').get_by_role('button').filter(has_text='bogus_key').first
    expect(problem).to_be_visible()
    expect(page.locator('.cm-lintRange-error').first).to_be_attached()
    expect(page.get_by_role('button', name=re.compile('^Review'))).to_have_attribute('aria-disabled', 'true')
    problem.click()
    expect(page.locator('.cm-activeLine')).to_contain_text('bogus_key')


def test_a_warning_is_shown_at_its_line_and_holds_up_nothing(page: Page):
    opened(page)
    type_at_end(page, '- untagged:\n    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/email-worker\n')
    problem = page.get_by_role('region', name='Problems').get_by_role('button').filter(has_text='untagged')
    expect(problem).to_contain_text('Warning: ')
    expect(page.locator('.cm-lintRange-warning').first).to_be_attached()
    expect(page.get_by_role('button', name='Review')).not_to_have_attribute('aria-disabled', 'true')
    problem.click()
    expect(page.locator('.cm-activeLine')).to_contain_text('image')


def test_the_draft_is_saved_and_reviewed_by_keys(page: Page):
    opened(page)
    expect(page.get_by_text('Esc Tab: leave editor')).to_be_visible()
    type_at_end(page, '# mine\n')
    page.keyboard.press('Control+s')
    expect(page.get_by_text('saved in this browser')).to_be_visible()
    page.keyboard.press('Control+Enter')
    expect(page).to_have_url(re.compile('/review$'))


def test_keys_are_completed_from_the_schema(page: Page):
    opened(page)
    type_at_end(page, '\n')
    page.keyboard.type('defa')
    page.keyboard.press('Control+Space')
    page.keyboard.press('Control+a')
    page.keyboard.insert_text('services:\n  - demo:\n      image: a:b\n      desired')
    page.keyboard.press('Control+Space')
    expect(page.locator('.cm-tooltip-autocomplete')).to_contain_text('desired_count')


def test_fields_are_explained_under_the_pointer_and_by_a_key(page: Page):
    opened(page)
    type_at_end(page, '- demo:\n    image: a:b\n    undeclared: keep')
    explanation = page.get_by_role('tooltip')
    page.keyboard.press('F1')
    expect(explanation).to_contain_text('Default: remove')
    expect(explanation).to_contain_text('Allowed: remove, keep')
    page.keyboard.press('Escape')
    expect(explanation).to_have_count(0)
    page.locator('.cm-line').filter(has_text='image: a:b').get_by_text('image', exact=True).hover()
    expect(explanation).to_contain_text('Type: string')


def test_a_draft_survives_a_reload_and_is_applied_with_a_reason(page: Page, product: Process):
    opened(page, 'production')
    type_at_end(page, '- night-worker:\n    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/email-worker:v1.0.0\n')
    expect(page.get_by_text('Unsaved changes', exact=True)).to_be_visible()
    page.keyboard.press('Control+s')
    page.reload()
    expect(page.get_by_text('Unsaved changes', exact=True)).to_be_visible()
    page.get_by_role('button', name=re.compile('^Review')).click()
    expect(page.get_by_role('heading', name='1 change in 1 service')).to_be_visible()
    expect(page.get_by_text('night-worker', exact=True).first).to_be_visible()
    expect(page.get_by_text('night-worker would not start')).to_contain_text(
        'has no repository email-worker with the tag'
    )
    page.get_by_label('Reason').fill('It works at night')
    page.keyboard.press('Control+Enter')
    expect(page).to_have_url(re.compile('/cp/clusters/production/rollout$'))
    assert any('night-worker' in each for each in config(product, 'production')['services'])


def test_a_change_by_another_user_never_touches_a_draft(page: Page, product: Process):
    opened(page)
    type_at_end(page, '# mine\n')
    product.api('PUT', '/clusters/staging/services/email-worker?message=theirs', {'desired_count': 4})
    expect(page.get_by_text('changed staging while you edited')).to_be_visible()
    expect(page.locator('.cm-content')).to_contain_text('# mine')
    page.get_by_role('button', name='See both and merge').click()
    dialog = page.get_by_role('dialog', name='Merge two versions')
    expect(dialog.get_by_text('No conflicts')).to_be_visible()
    dialog.get_by_role('button', name='Merge').click()
    expect(page.locator('.cm-content')).to_contain_text('# mine')
    expect(page.get_by_text('changed staging while you edited')).to_have_count(0)
    page.get_by_role('button', name='Show the changes').click()
    expect(page.locator('.cm-changedLine')).to_have_count(1)


def test_both_changed_the_same_line(page: Page, product: Process):
    count = next(s for s in config(product, 'staging')['services'] if 'routing-service' in s)
    now = count['routing-service'].get('desired_count', 1)
    opened(page)
    line = page.locator('.cm-line').filter(has_text='desired_count').first
    line.click()
    page.keyboard.press('End')
    page.keyboard.type('1')
    product.api('PUT', '/clusters/staging/services/routing-service?message=theirs', {'desired_count': now + 2})
    page.get_by_role('button', name='See both and merge').click()
    dialog = page.get_by_role('dialog', name='Merge two versions')
    take = dialog.get_by_role('button', name='Merge')
    expect(take).to_have_attribute('aria-disabled', 'true')
    dialog.get_by_role('radio', name='My draft').check()
    take.click()
    expect(line).to_contain_text(f'desired_count: {now}1')


def test_the_editor_is_no_trap_for_the_keyboard(page: Page):
    opened(page)
    page.locator('.cm-content').click()
    page.keyboard.press('Escape')
    page.keyboard.press('Tab')
    expect(page.locator('.cm-content')).not_to_be_focused()


def test_a_stackfile_that_is_typed_line_by_line_has_no_mistake(page: Page):
    opened(page)
    page.locator('.cm-content').click()
    page.keyboard.press('Control+a')
    page.keyboard.press('Delete')
    for line in ('services:', '- web:', 'image: nginx:1', 'environment:', '- MODE: test'):
        page.keyboard.type(line)
        page.keyboard.press('Escape')
        page.keyboard.press('Escape')
        page.keyboard.press('Enter')
    lines = page.locator('.cm-line').all_text_contents()
    assert [line.rstrip() for line in lines if line.strip()] == [
        'services:',
        '  - web:',
        '      image: nginx:1',
        '      environment:',
        '        - MODE: test',
    ]
    expect(page.get_by_role('region', name='Problems').get_by_role('status')).not_to_contain_text('error')
