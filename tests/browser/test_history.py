"""The history of a cluster: compared, edited from, and gone back to."""

import json
import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.process import Process


class Past(NamedTuple):
    """A cluster, and what its revisions are called: the first, one with another tag of api, one of web as well."""

    cluster: str
    first: str
    second: str
    third: str


@pytest.fixture
def past(page: Page, product: Process, managed: str) -> Past:
    page.emulate_media(reduced_motion='reduce')
    first = product.api('GET', f'/clusters/{managed}').json['revision']
    services = f'/clusters/{managed}/services'
    second = product.api('PUT', f'{services}/api?message=Try+api', {'image_tag': 'v2.2.6'}).json['revision']
    third = product.api('PUT', f'{services}/web?message=Try+web', {'image_tag': 'v2.1.0'}).json['revision']
    page.goto(f'/cp/clusters/{managed}/history')
    expect(page.get_by_role('region', name=re.compile('^Revisions')).get_by_text('Try web', exact=True)).to_be_visible()
    return Past(managed, first, second, third)


def entry(page: Page, reason: str) -> Locator:
    return page.get_by_role('listitem').filter(has_text=reason)


def choose(page: Page, reason: str, action: str) -> None:
    entry(page, reason).get_by_role('button', name=re.compile('^Actions for revision')).click()
    page.get_by_role('menuitem', name=action).click()


def tags(product: Process, cluster: str) -> dict[str, str]:
    services = product.api('GET', f'/clusters/{cluster}/config').json['services']
    return {name: each['image'].rpartition(':')[2] for entry in services for name, each in entry.items()}


def confirm(page: Page, title: str, change: str) -> None:
    dialog = page.get_by_role('dialog', name=title)
    expect(dialog.get_by_text(change)).to_be_visible()
    dialog.get_by_label('Reason').fill('It loses sessions')
    dialog.get_by_role('button', name='Roll back').click()
    expect(page).to_have_url(re.compile('/rollout$'))


def test_the_whole_cluster_goes_back(page: Page, product: Process, past: Past):
    choose(page, 'begin', 'Roll back to this revision')
    confirm(page, f'Roll back {past.cluster} to', '2 changes in 2 services')
    assert tags(product, past.cluster) == {'api': 'v2.6.0', 'web': 'v2.6.0'}
    page.get_by_role('link', name='History').click()
    expect(entry(page, 'It loses sessions')).to_contain_text(f'Rollback of all to {past.first[:8]}')
    expect(entry(page, 'It loses sessions')).to_contain_text('Current')


def test_one_service_goes_back_alone(page: Page, product: Process, past: Past):
    choose(page, 'begin', 'Roll back one service')
    page.get_by_role('dialog').get_by_label('Service').select_option('web')
    page.get_by_role('button', name='Review', exact=True).click()
    confirm(page, 'Roll back web to', '1 change in 1 service')
    assert tags(product, past.cluster) == {'api': 'v2.2.6', 'web': 'v2.6.0'}
    page.get_by_role('link', name='History').click()
    expect(entry(page, 'It loses sessions')).to_contain_text(f'Rollback of web to {past.first[:8]}')


def test_any_two_are_compared_by_service_and_as_text(page: Page, past: Past, violations: Callable[[], list[str]]):
    entry(page, 'Try web').get_by_role('link', name='Changes').click()
    comparison = page.get_by_role('region', name='Comparison')
    expect(comparison.get_by_role('heading', name='1 change in 1 service')).to_be_visible()
    comparison.get_by_label('Before').select_option(past.first)
    expect(comparison.get_by_role('heading', name='2 changes in 2 services')).to_be_visible()
    assert violations() == []
    comparison.get_by_role('tab', name='As text').click()
    expect(comparison.get_by_role('row').filter(has_text='user-service:v2.2.6')).to_be_visible()
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    page.reload()
    expect(comparison.get_by_role('heading', name='2 changes in 2 services')).to_be_visible()


def test_an_old_revision_is_edited_and_no_draft_is_lost(page: Page, product: Process, past: Past):
    page.goto(f'/cp/clusters/{past.cluster}/stackfile')
    content = page.locator('.cm-content')
    content.press('Control+End')
    page.keyboard.insert_text('# my draft\n')
    expect(page.get_by_text('Unsaved changes', exact=True)).to_be_visible()
    page.keyboard.press('Control+s')
    page.get_by_role('link', name='History').click()
    choose(page, 'begin', 'Edit from this revision')
    expect(page.get_by_text('This draft began with the content of')).to_be_visible()
    expect(content).to_contain_text('user-service:v2.6.0')
    expect(content).not_to_contain_text('v2.1.0')
    content.press('Control+End')
    page.keyboard.insert_text('# and edited\n')
    page.keyboard.press('Control+s')
    page.reload()
    expect(content).to_contain_text('# and edited')
    page.get_by_role('button', name='Back to my earlier draft').click()
    expect(content).to_contain_text('# my draft')
    content.press('Control+z')
    expect(content).to_contain_text('# and edited')
    page.get_by_role('button', name=re.compile('^Review')).click()
    expect(page.get_by_role('heading', name='2 changes in 2 services')).to_be_visible()


def test_two_ticked_revisions_are_compared(page: Page, past: Past, violations: Callable[[], list[str]]):
    compare = page.get_by_role('button', name='Compare', exact=True)
    expect(page.get_by_role('button', name='Compare (Tick two revisions)')).to_be_visible()
    page.get_by_label(f'Select revision {past.first[:8]}').check()
    page.get_by_label(f'Select revision {past.third[:8]}').check()
    expect(page.get_by_text(f'2 selected: {past.first[:8]} and {past.third[:8]}')).to_be_visible()
    assert violations() == []
    compare.click()
    expect(page.get_by_role('region', name='Comparison').get_by_role('heading')).to_contain_text(
        ['2 changes in 2 services']
    )
    expect(page).to_have_url(re.compile(f'from={past.first}&to={past.third}'))


def test_a_freeze_is_a_band_on_the_line_and_failures_are_a_filter(page: Page, product: Process, past: Past):
    freeze = f'/clusters/{past.cluster}/freeze'
    assert product.api('PUT', freeze, {'reason': 'the big sale'}, X_Nysa_Actor='maria').status == 200
    band = page.get_by_role('listitem').filter(has_text='Frozen by maria, “the big sale”')
    expect(band).to_contain_text('until lifted')
    assert product.api('DELETE', freeze).status == 200
    expect(band).not_to_contain_text('until lifted')
    expect(page.get_by_role('listitem').filter(has_text='rozen')).to_have_count(1)
    page.get_by_role('button', name='Failures 0').click()
    expect(page.get_by_text(re.compile('^No such revision among the'))).to_be_visible()
    page.get_by_role('button', name='Deployments', exact=True).click()
    expect(entry(page, 'Try web')).to_be_visible()


def test_the_end_of_a_former_rollout_is_read_when_any_server_has_recorded_it(page: Page, past: Past):
    sockets: list[WebSocketRoute] = []

    def overhear(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket(re.compile('/events'), overhear)
    page.reload()
    expect(entry(page, 'Try web')).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    verdict = {'ending': 'rolled-back', 'reason': '', 'at': '2030-04-02T09:21:44+00:00', 'failed': True}
    ended = {'revision': past.second, 'state': 'rolled-back', 'verdict': verdict, 'services': ['api']}
    with page.expect_request(re.compile(f'/clusters/{past.cluster}/revisions')):
        sockets[-1].send(json.dumps({'type': 'rollout', 'cluster': past.cluster, 'rollouts': [ended], 'services': []}))
