"""Versions taken over from another cluster: chosen service by service, planned, given a reason."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.process import Process

IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service'


@pytest.fixture
def source(product: Process, ecs, managed: str) -> str:
    """A cluster with other versions of both services."""
    name = ecs.create_cluster(clusterName=f'from-{managed}')['cluster']['clusterName']
    tags = {'api': 'v2.6.1', 'web': 'v2.6.1', 'more': 'v2.6.0'}
    services = [{each: {'image': f'{IMAGE}:{tag}', 'desired_count': 0, 'memory': 64}} for each, tag in tags.items()]
    assert product.api('POST', '/clusters', {'name': name, 'config': {'services': services}}).status == 201
    return name


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
