"""A rollout as somebody sees it: on its way, arrived; or failed, and why."""

import re

from playwright.sync_api import Page, expect

from tests.process import Process

# A rollout, and the first tasks that fail, on a machine that does other things too.
LONG_MS = 60_000


def deploy(page: Page, cluster: str, service: str, tag: str) -> None:
    page.goto(f'/cp/clusters/{cluster}/services/{service}')
    page.get_by_role('button', name='Change tag', exact=True).click()
    page.get_by_label('Tag', exact=True).fill(tag)
    page.get_by_role('radio').first.check()
    page.get_by_role('button', name=f'Plan {tag}').click()
    page.get_by_label('Why?').fill('Try it')
    page.get_by_role('button', name=f'Deploy {tag}').click()
    expect(page.get_by_role('heading', name=f'{tag} is on its way to {service}')).to_be_visible()


def test_a_broken_version_says_why_it_failed(page: Page, product: Process):
    page.goto('/cp/clusters/staging')
    row = page.get_by_role('row').filter(has_text='search-service')
    expect(row).to_contain_text('In sync', timeout=LONG_MS)
    tags = product.api('GET', '/clusters/staging/services/search-service/tags?limit=100').json['content']
    deploy(page, 'staging', 'search-service', next(each['tag'] for each in tags if 'broken' in each['tag']))
    expect(row).to_contain_text(re.compile('Tasks fail|Rolled back|Failed'), timeout=LONG_MS)
    drawer = page.get_by_role('complementary', name='Service search-service')
    expect(drawer.get_by_role('alert')).to_be_visible()
    drawer.get_by_role('tab', name='Tasks and events').click()
    expect(drawer.get_by_role('heading', name='Why tasks stopped')).to_be_visible()
    page.get_by_role('link', name='Rollout', exact=True).click()
    expect(page.get_by_role('alert').filter(has_text='search-service')).to_be_visible()
