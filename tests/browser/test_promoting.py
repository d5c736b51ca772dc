"""Versions taken over from another cluster: chosen service by service, planned, given a reason."""

import re
from collections.abc import Callable
from threading import Event

from playwright.sync_api import Page, Route, expect

from tests.process import Process

IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service'


def test_chosen_services_take_over_what_another_cluster_has(
    page: Page, product: Process, managed: str, source: str, violations: Callable[[], list[str]]
):
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'/cp/clusters/{managed}')
    page.get_by_role('button', name='More actions').click()
    page.get_by_role('menuitem', name='Promote from').click()
    dialog = page.get_by_role('dialog', name=f'Promote to {managed}')
    dialog.get_by_label('From', exact=True).select_option(source)
    api, web = (dialog.get_by_role('checkbox', name=each) for each in ('api', 'web'))
    expect(api).to_be_checked()
    expect(dialog.locator('label').filter(has_text='api')).to_contain_text(re.compile(r'v2\.6\.0.* to .*v2\.6\.1'))
    expect(dialog.get_by_role('checkbox', name='more')).to_have_count(0)
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    web.uncheck()
    dialog.get_by_role('button', name='Review', exact=True).click()
    plan = page.get_by_role('dialog', name=f'Promote from {source} to {managed}')
    expect(plan.get_by_text('1 change in 1 service')).to_be_visible()
    plan.get_by_label('Reason').fill('It did well')
    plan.get_by_role('button', name='Promote').click()
    expect(page).to_have_url(re.compile(f'/cp/clusters/{managed}/rollout$'))
    config = product.api('GET', f'/clusters/{managed}/config').json
    images = {name: each['image'] for entry in config['services'] for name, each in entry.items()}
    assert 'v2.6.1' in images['api']
    assert images['web'] == f'{IMAGE}:v2.6.0'


def promoted(page: Page, managed: str, source: str) -> None:
    plan = page.get_by_role('dialog', name=f'Promote from {source} to {managed}')
    expect(plan.get_by_text('1 change in 1 service')).to_be_visible()
    plan.get_by_label('Reason').fill('It did well')
    plan.get_by_role('button', name='Promote', exact=True).click()
    expect(plan).to_have_count(0)


def test_a_version_that_is_behind_is_promoted_from_its_cell_by_keyboard(
    page: Page, product: Process, managed: str, source: str, violations: Callable[[], list[str]]
):
    page.emulate_media(reduced_motion='reduce')
    page.goto('/cp')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    page.keyboard.press('g')
    page.keyboard.press('v')
    expect(page.get_by_role('heading', name='Versions', level=1)).to_be_visible()
    page.goto(f'{page.url}?q=api&clusters={managed}')
    row = page.get_by_role('row').filter(has_text='api')
    expect(row.get_by_role('gridcell')).to_have_text([re.compile('v2.6.1'), re.compile('v2.6.0.* behind')])
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    row.get_by_role('link', name='v2.6.1').focus()
    page.keyboard.press('ArrowRight')
    expect(row.get_by_role('link', name='v2.6.0')).to_be_focused()
    page.keyboard.press('Tab')
    expect(page.get_by_role('button', name=f'Promote api from {source} to {managed}')).to_be_focused()
    page.keyboard.press('Enter')
    promoted(page, managed, source)
    expect(row.get_by_role('gridcell').filter(has_text='behind')).to_have_count(0)


def test_versions_are_shown_before_it_is_known_what_ecr_has(page: Page, managed: str, source: str):
    held: list[Route] = []
    answers = Event()
    page.route('**/api/v1/versions?*', lambda route: route.continue_() if answers.is_set() else held.append(route))
    page.goto(f'/cp/versions?q=api&clusters={managed}')
    cells = page.get_by_role('row').filter(has_text='api').get_by_role('gridcell')
    expect(cells).to_have_count(2)
    expect(cells.filter(has_text='v2.6.1')).to_have_text('v2.6.1')
    expect(cells.filter(has_text='v2.6.0')).to_have_text('v2.6.0')
    expect(page.get_by_text('between clusters')).to_have_count(0)
    answers.set()
    for route in held:
        route.continue_()
    expect(cells).to_have_text(['v2.6.1', re.compile('v2.6.0.* behind')])
    expect(page.get_by_text('between clusters')).to_be_visible()


def test_the_columns_follow_the_versions_while_nothing_holds_them(
    page: Page, product: Process, managed: str, source: str
):
    def deploy(cluster: str, tag: str) -> None:
        for service in ('api', 'web'):
            changed = product.api('PUT', f'/clusters/{cluster}/services/{service}', {'image_tag': tag})
            assert changed.status == 202

    newest, behind = 'v2.6.1', re.compile('v2.6.0.* behind')
    page.goto(f'/cp/versions?q=api&clusters={managed}')
    row = page.get_by_role('row').filter(has_text='api')
    cells, heads = row.get_by_role('gridcell'), page.get_by_role('columnheader').filter(has_text=managed)
    expect(cells).to_have_text([newest, behind])
    row.get_by_role('link', name='v2.6.1').focus()
    deploy(managed, 'v2.6.1')
    deploy(source, 'v2.6.0')
    expect(cells).to_have_text([behind, newest])
    expect(heads.first).to_contain_text(source)
    page.get_by_label('Filter services').focus()
    expect(cells).to_have_text([newest, behind])
    expect(heads.last).to_contain_text(source)


def test_all_that_is_behind_in_a_cluster_is_promoted_from_its_head(
    page: Page, product: Process, managed: str, source: str
):
    # What still rolls out in the source is not chosen.
    assert product.api('GET', f'/clusters/{source}/rollout?wait=60').json['settled']
    page.goto(f'/cp/versions?clusters={managed}')
    # The offer is computed for the column that the pointer, or the focus, is in. Nothing that moves takes the focus.
    head = page.get_by_role('columnheader', name=f'{managed} 2 behind', exact=True)
    head.get_by_role('link', name=managed).focus()
    page.get_by_role('button', name=f'Promote 2 from {source} to {managed}').click()
    dialog = page.get_by_role('dialog', name=f'Promote to {managed}')
    expect(dialog.get_by_label('From', exact=True)).to_have_value(source)
    expect(dialog.get_by_role('checkbox', checked=True)).to_have_count(2)


def test_on_a_phone_versions_are_a_list_of_services(
    page: Page, managed: str, source: str, violations: Callable[[], list[str]]
):
    page.emulate_media(reduced_motion='reduce')
    page.set_viewport_size({'width': 390, 'height': 800})
    page.goto(f'/cp/versions?q=web&clusters={managed}')
    page.get_by_text('1 of 2 clusters behind').click()
    item = page.get_by_role('listitem').filter(has_text=re.compile('v2.6.0.* behind'))
    expect(item).to_contain_text(managed)
    assert violations() == []
    item.get_by_role('button', name=re.compile('^Promote')).click()
    promoted(page, managed, source)
