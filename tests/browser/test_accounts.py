"""Clusters in two AWS accounts, one of which denies calls: where each cluster is, the filter, and what is wrong."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stack.sandbox.ecs import ManualClock
from stack.sandbox.faults import Fault
from stack.sandbox.server import EmbeddedAws, SeededFleet
from tests.aws import Aws
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'team/web:1', 'memory': 64}}]}


@pytest.fixture(scope='module')
def spoke() -> Iterator[EmbeddedAws]:
    """The account of the clusters `live-*`."""
    clock = ManualClock(time.time())
    with EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account='575757575757') as embedded:
        for name in ('live-shop', 'live-pay'):
            embedded.client('ecs').create_cluster(clusterName=name)
        yield embedded


@pytest.fixture
def server(aws: Aws, spoke: EmbeddedAws) -> Iterator[Server]:
    role = aws.embedded.trust(spoke)
    setting = {'live': {'role_arn': role, 'clusters': ['live-*']}}
    with Server(aws, NYSA_ACCOUNTS=json.dumps(setting)) as running:
        running.cluster(CONFIG, 'qa-shop')
        for name in ('live-shop', 'live-pay'):
            created = running.api('POST', '/clusters', {'name': name, 'config': CONFIG})
            assert created.status == 201, created.body
        yield running


def opened(page: Page, server: Server, path: str = '') -> None:
    page.goto(f'http://127.0.0.1:{server.port}/cp{path}')
    expect(page.get_by_text('Live', exact=True)).to_be_visible()


def tiles(page: Page) -> list[str]:
    return page.locator('main .tile [data-row]').evaluate_all('(all) => all.map((each) => each.dataset.row).sort()')


def test_each_cluster_has_its_account_and_the_wall_is_filtered_by_it(
    page: Page, server: Server, violations: Callable[[], list[str]]
):
    opened(page, server)
    live = page.locator('.tile').filter(has=page.locator('[data-row=live-shop]'))
    expect(live.locator('.acctof')).to_have_text('account live')
    expect(page.get_by_role('region', name='AWS accounts with problems')).to_have_count(0)
    choice = page.get_by_role('combobox', name='AWS account')
    totals = page.get_by_role('region', name='Totals')
    expect(totals).to_contain_text('3 services in 3 clusters')
    expect(totals.get_by_role('button', name='Rolling out')).to_contain_text('3')
    choice.select_option('live')
    expect(page).to_have_url(re.compile(r'/cp\?account=live$'))
    expect(totals).to_contain_text('2 services in 2 clusters')
    expect(totals.get_by_role('button', name='Rolling out')).to_contain_text('2')
    expect(page.get_by_text('2 of 3 clusters')).to_be_visible()
    assert tiles(page) == ['live-pay', 'live-shop']
    page.reload()
    expect(page.get_by_text('2 of 3 clusters')).to_be_visible()
    expect(choice).to_have_value('live')
    choice.select_option('')
    page.get_by_role('button', name='By account').click()
    expect(page.locator('.wallgroup > h2')).to_have_text([re.compile('^home'), re.compile('^live')])
    page.get_by_text('2 AWS accounts').click()
    expect(page.locator('.acctlist li')).to_have_text([re.compile('OK.*home.*1 cluster'), re.compile('OK.*live.*2 cl')])
    # What a click scrolled half below the masthead is too small a target for axe.
    page.evaluate('() => scrollTo(0, 0)')
    for theme in ('light', 'dark'):
        page.emulate_media(color_scheme=theme)
        assert violations() == []


def test_the_unmanaged_clusters_of_the_chosen_account_are_counted(
    page: Page, aws: Aws, server: Server, spoke: EmbeddedAws
):
    for each, names in ((aws.embedded, ['qa-unmanaged']), (spoke, ['live-unmanaged', 'live-other'])):
        for name in names:
            each.client('ecs').create_cluster(clusterName=name)
    opened(page, server, '?account=live')
    unmanaged = page.get_by_role('link', name=re.compile('unmanaged ECS cluster'))
    expect(unmanaged).to_have_text('2 unmanaged ECS clusters in live')
    page.get_by_role('combobox', name='AWS account').select_option('home')
    expect(unmanaged).to_have_text(re.compile(r'^\d+ unmanaged ECS clusters? in home$'))
    page.get_by_role('combobox', name='AWS account').select_option('')
    expect(unmanaged).to_have_text(re.compile(r'^\d+ unmanaged ECS clusters$'))


def test_the_activity_is_filtered_by_account(page: Page, server: Server, violations: Callable[[], list[str]]):
    opened(page, server, '/activity')
    entries = page.locator('section.activity').get_by_role('listitem')
    live, qa = (entries.filter(has_text=name) for name in ('live-shop', 'qa-shop'))
    expect(live).to_have_count(1)
    expect(qa).to_have_count(1)
    page.get_by_label('Cluster', exact=True).select_option('qa-shop')
    expect(live).to_have_count(0)
    with page.expect_request(re.compile(r'/stats/deployments\?account=live')):
        page.get_by_role('combobox', name='AWS account').select_option('live')
    # A cluster of another account is no filter any more.
    expect(page).to_have_url(re.compile(r'/cp/activity\?account=live$'))
    expect(live).to_have_count(1)
    expect(qa).to_have_count(0)
    expect(page.get_by_label('Cluster', exact=True).get_by_role('option')).to_have_text(
        ['All clusters', 'live-pay', 'live-shop']
    )
    for theme in ('light', 'dark'):
        page.emulate_media(color_scheme=theme)
        assert violations() == []
    page.reload()
    expect(live).to_have_count(1)
    expect(qa).to_have_count(0)
    # An account that is gone: the way back is offered.
    page.goto(f'http://127.0.0.1:{server.port}/cp/activity?account=gone')
    page.get_by_role('button', name='Clear the filter').click()
    expect(qa).to_have_count(1)


def test_the_versions_are_filtered_by_account_and_name_it(
    page: Page, server: Server, violations: Callable[[], list[str]]
):
    opened(page, server, '/versions')
    heads = page.get_by_role('columnheader').locator('a')
    expect(heads).to_have_count(3)
    shop = page.get_by_role('columnheader').filter(has_text='live-shop')
    expect(shop).to_contain_text('account live')
    page.get_by_role('combobox', name='AWS account').select_option('live')
    expect(page).to_have_url(re.compile(r'/cp/versions\?account=live$'))
    expect(heads).to_have_count(2)
    expect(page.get_by_role('columnheader').filter(has_text='qa-shop')).to_have_count(0)
    for theme in ('light', 'dark'):
        page.emulate_media(color_scheme=theme)
        assert violations() == []
    page.set_viewport_size({'width': 390, 'height': 800})
    page.get_by_text('web', exact=True).click()
    expect(page.locator('.versionlist li')).to_have_text([re.compile('live-.*account live')] * 2)
    assert violations() == []
    assert page.evaluate('() => document.documentElement.scrollWidth <= innerWidth')


def test_the_palette_leads_to_the_clusters_of_an_account(page: Page, server: Server):
    opened(page, server)
    expect(page.locator('.acctof')).to_have_count(3)
    page.keyboard.press('Control+k')
    page.get_by_role('dialog').get_by_role('combobox').fill('clusters of live')
    page.keyboard.press('Enter')
    expect(page).to_have_url(re.compile(r'/cp\?account=live$'))
    expect(page.get_by_text('2 of 3 clusters')).to_be_visible()


def test_an_account_that_denies_is_named_until_it_answers(
    page: Page, aws: Aws, server: Server, spoke: EmbeddedAws, violations: Callable[[], list[str]]
):
    opened(page, server)
    expect(page.locator('.acctof')).to_have_count(3)
    troubles = page.get_by_role('region', name='AWS accounts with problems')
    expect(troubles).to_have_count(0)
    with spoke.faults.during(Fault('deny', service='ecs')):
        listed = server.api('GET', '/ecs-clusters').json
        assert 'live' in listed['failing']
        # A new cluster has the page read the accounts.
        server.cluster(CONFIG)
        expect(troubles.get_by_role('listitem')).to_have_text(re.compile('Denied.*live.*AWS denies ecs:ListClusters'))
        expect(page.locator('.tile .acctstate')).to_have_text(['Denied', 'Denied'])
        for theme in ('light', 'dark'):
            page.emulate_media(color_scheme=theme)
            assert violations() == []
        troubles.get_by_role('link', name='live').click()
        expect(page.get_by_text('2 of 4 clusters')).to_be_visible()
        page.locator('.tile [data-row=live-shop]').click()
        expect(page.locator('.about .acctof')).to_contain_text('live')
        expect(page.locator('.about .acctstate')).to_have_text('Denied')
    assert server.api('GET', '/ecs-clusters').json['failing'] == {}
    server.cluster(CONFIG)
    expect(page.locator('.about .acctof')).to_have_text('account live')
    expect(page.locator('.about .acctstate')).to_have_count(0)


def test_an_ecs_cluster_of_another_account_is_adopted_under_another_name(
    page: Page, server: Server, spoke: EmbeddedAws, violations: Callable[[], list[str]]
):
    ecs = spoke.client('ecs')
    ecs.create_cluster(clusterName='default')
    task = ecs.register_task_definition(
        family='legacy', containerDefinitions=[{'name': 'legacy', 'image': 'team/legacy:7', 'memory': 64}]
    )['taskDefinition']['taskDefinitionArn']
    ecs.create_service(cluster='default', serviceName='legacy', taskDefinition=task, desiredCount=0)
    opened(page, server, '/new')
    page.get_by_role('radio', name='default 1 service, 0 tasks · account live').click()
    own = page.get_by_label('Name in Nysa')
    expect(own).to_have_value('live-default')
    for theme in ('light', 'dark'):
        page.emulate_media(color_scheme=theme)
        assert violations() == []
    own.fill('live-legacy')
    page.get_by_role('button', name='Import running services').click()
    page.get_by_role('button', name='Next').click()
    expect(page.locator('.cm-content')).to_contain_text('ecs_cluster: default')
    page.get_by_role('button', name='Next', exact=True).click()
    page.get_by_label('Reason').fill('Ours now')
    page.get_by_role('button', name=re.compile('^Adopt')).click()
    expect(page).to_have_url(re.compile('/cp/clusters/live-legacy'))
    stored = server.api('GET', '/clusters/live-legacy/config').json
    assert (stored['ecs_cluster'], [list(each) for each in stored['services']]) == ('default', [['legacy']])


def test_the_account_of_a_new_cluster_is_chosen(
    page: Page, aws: Aws, server: Server, spoke: EmbeddedAws, violations: Callable[[], list[str]]
):
    here, there = aws.cluster(), 'live-chosen'
    ecs = spoke.client('ecs')
    ecs.create_cluster(clusterName=there)
    opened(page, server, '/new')
    listed = page.get_by_role('radiogroup', name='Unmanaged ECS clusters')
    expect(listed.get_by_role('radio', name=f'{here} Nothing runs · account home')).to_be_visible()
    choice = page.get_by_role('combobox', name='AWS account')
    expect(choice.get_by_role('option')).to_have_text(['All accounts', 'home', 'live'])
    choice.select_option('live')
    expect(listed.get_by_role('radio', name=re.compile(f'^{there} '))).to_be_visible()
    expect(listed.get_by_role('radio', name=re.compile(f'^{here} '))).to_have_count(0)
    for theme in ('light', 'dark'):
        page.emulate_media(color_scheme=theme)
        assert violations() == []
    listed.get_by_role('radio', name=re.compile(f'^{there} ')).check()
    page.reload()
    expect(choice).to_have_value('live')
    expect(listed.get_by_role('radio', name=re.compile(f'^{there} '))).to_be_checked()
    page.get_by_role('button', name='Import running services').click()
    page.get_by_role('button', name='Next').click()
    expect(page.locator('.cm-content')).to_contain_text('account: live')
    page.get_by_role('button', name='Next', exact=True).click()
    expect(page.get_by_text(re.compile('in the account live'))).to_be_visible()
    page.get_by_label('Reason').fill('Ours now')
    page.get_by_role('button', name=re.compile('^Adopt')).click()
    expect(page).to_have_url(re.compile(f'/cp/clusters/{there}'))
    assert server.api('GET', f'/clusters/{there}/config').json == {'account': 'live', 'services': []}


def test_a_stackfile_of_a_new_cluster_states_the_chosen_account(page: Page, server: Server, tmp_path: Path):
    opened(page, server, '/new')
    page.get_by_role('combobox', name='AWS account').select_option('live')
    page.get_by_label('Name of the ECS cluster').fill('live-typed')
    page.get_by_role('button', name='From a stackfile').click()
    page.get_by_role('button', name='Next').click()
    text = page.locator('.cm-content')
    expect(text).to_contain_text('account: "live"')
    (tmp_path / 'stack.yml').write_text('services: []\n')
    chosen = page.get_by_label('Stackfile', exact=True).and_(page.locator('input'))
    chosen.set_input_files(tmp_path / 'stack.yml')
    expect(text).not_to_contain_text('account')
    expect(page.get_by_role('button', name='Next (Add the line account: live)')).to_be_visible()
    expect(page.get_by_role('region', name='Stackfile')).to_contain_text('Add the line account: live')
    (tmp_path / 'stack.yml').write_text('account: live\nservices: []\n')
    chosen.set_input_files(tmp_path / 'stack.yml')
    expect(page.get_by_role('button', name='Next', exact=True)).not_to_have_attribute('aria-disabled', 'true')


def test_an_account_that_denies_is_named_where_one_is_chosen(
    page: Page, aws: Aws, server: Server, spoke: EmbeddedAws, tolerated: list[str], violations: Callable[[], list[str]]
):
    tolerated.append('status of 502')
    here = aws.cluster()
    with spoke.faults.during(Fault('deny', service='ecs')):
        opened(page, server, '/new')
        expect(page.get_by_text("Clusters of live couldn't be listed")).to_be_visible()
        choice = page.get_by_role('combobox', name='AWS account')
        expect(choice.get_by_role('option')).to_have_text(['All accounts', 'home', 'live (denied)'])
        choice.select_option('live')
        expect(page.get_by_role('alert')).to_contain_text("Couldn't list the ECS clusters: type the name")
        expect(page.locator('.acctfield')).to_contain_text('AWS denies ecs:ListClusters')
        for theme in ('light', 'dark'):
            page.emulate_media(color_scheme=theme)
            assert violations() == []
        choice.select_option('home')
        expect(page.get_by_role('radio', name=re.compile(f'^{here} '))).to_be_visible()
        expect(page.locator('.acctfield')).not_to_contain_text('AWS denies')
        choice.select_option('live')
        expect(page.get_by_role('alert')).to_be_visible()
    page.get_by_role('alert').get_by_role('button', name='Retry').click()
    expect(page.get_by_role('alert')).to_have_count(0)
    expect(choice.get_by_role('option')).to_have_text(['All accounts', 'home', 'live'])


def test_health_is_read_again_from_time_to_time(page: Page, server: Server):
    page.clock.install()
    opened(page, server)
    expect(page.locator('.acctof')).to_have_count(3)
    with page.expect_response('**/api/v1/accounts'):
        page.clock.fast_forward(31_000)


def test_a_single_account_is_not_mentioned(page: Page, aws: Aws):
    loaded: list[str] = []
    page.on('request', lambda request: loaded.append(request.url))
    with Server(aws) as alone:
        alone.cluster(CONFIG)
        opened(page, alone)
        with page.expect_response('**/api/v1/accounts'):
            page.reload()
        expect(page.locator('.tile')).to_have_count(1)
        page.wait_for_load_state('networkidle')
        expect(page.get_by_role('combobox', name='AWS account')).to_have_count(0)
        expect(page.get_by_role('button', name='By account')).to_have_count(0)
        page.goto(f'http://127.0.0.1:{alone.port}/cp/new')
        expect(page.get_by_label('Name of the ECS cluster')).to_be_visible()
        expect(page.get_by_role('combobox', name='AWS account')).to_have_count(0)
    assert not [url for url in loaded if '/assets/accounts' in url]
