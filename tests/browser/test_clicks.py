"""How many clicks each task takes from the fleet; keys are free, as a reason is typed."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_live_rules import run_tasks
from tests.client import path
from tests.moving import run_everything
from tests.process import Process
from tests.server import Server


class Clicks:
    """Clicks on a page, counted since the fleet was opened."""

    def __init__(self, page: Page, fleet: str):
        self.page = page
        self.fleet = fleet
        self.count = 0

    def begin(self) -> None:
        self.page.goto(self.fleet)
        self.count = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def tile(self, cluster: str) -> Locator:
        return self.page.get_by_role('article').filter(has=self.page.get_by_role('heading', name=cluster))


@pytest.fixture
def failing(server: Server) -> str:
    """A cluster whose second version of web runs no task."""
    services = [{'web': {'image': 'team/web:1', 'desired_count': 2}}]
    name = server.cluster({'services': services})
    changed = server.api('PUT', path('clusters', name, 'services', 'web') + '?message=Faster', {'image_tag': '2'})
    assert changed.status == 202, changed.body
    run_everything(server, name)
    run_tasks(server, name, 'web', 0)
    return name


def test_a_failure_is_explained_and_undone(page: Page, server: Server, failing: str):
    clicks = Clicks(page, f'http://127.0.0.1:{server.port}/cp?size=large&q={failing}')
    tile = clicks.tile(failing)
    clicks.begin()
    clicks.click(tile.get_by_role('link', name='web: failing'))
    expect(page.get_by_role('complementary').get_by_role('alert')).to_contain_text('No task runs')
    assert clicks.count == 1

    clicks.begin()
    clicks.click(tile.get_by_role('link', name='Logs'))
    expect(page).to_have_url(re.compile('/services/web.*tab=logs'))
    assert clicks.count <= 2

    clicks.begin()
    clicks.click(tile.get_by_role('button', name=re.compile('^Roll back')))
    dialog = page.get_by_role('dialog')
    expect(dialog.get_by_text('1 change in 1 service')).to_be_visible()
    dialog.get_by_label('Reason').fill('It does not start')
    clicks.click(dialog.get_by_role('button', name='Roll back', exact=True))
    expect(dialog).to_have_count(0)
    assert clicks.count == 2
    assert 'team/web:1' in str(server.document(failing))


def test_who_changed_a_service_is_found(page: Page, server: Server, failing: str):
    clicks = Clicks(page, f'http://127.0.0.1:{server.port}/cp?size=large&q={failing}')
    clicks.begin()
    clicks.click(clicks.tile(failing).get_by_role('link', name='web: failing'))
    clicks.click(page.get_by_role('link', name='Who changed it in the last week'))
    expect(page.locator('section.activity').get_by_role('listitem').filter(has_text='Faster')).to_be_visible()
    assert clicks.count == 2


def test_the_address_of_a_service_is_found(page: Page, base_url: str):
    clicks = Clicks(page, f'{base_url}/cp?size=large&q=staging')
    clicks.begin()
    clicks.click(clicks.tile('staging').get_by_role('link', name=re.compile('^user-service: ')))
    expect(page.get_by_role('button', name=re.compile(r'^Copy user\.staging'))).to_be_visible()
    assert clicks.count == 1


def test_a_version_is_deployed_and_promoted(page: Page, product: Process, base_url: str, managed: str, source: str):
    clicks = Clicks(page, f'{base_url}/cp?size=large&q={managed}')
    clicks.begin()
    tile = clicks.tile(source)
    clicks.click(tile.get_by_role('link', name=re.compile('^more: ')))
    clicks.click(page.get_by_role('complementary').get_by_role('button', name='Deploy', exact=True))
    dialog = page.get_by_role('dialog', name='Deploy more')
    dialog.get_by_label('Reason').fill('Newest')
    deploy = dialog.get_by_role('button', name=re.compile('^Deploy v'))
    expect(deploy).not_to_have_attribute('aria-disabled', 'true')
    clicks.click(deploy)
    expect(dialog).to_have_count(0)
    assert clicks.count == 3

    clicks.begin()
    clicks.click(page.get_by_role('link', name='Versions'))
    page.get_by_label('Filter clusters').fill(managed)
    page.get_by_label('Filter services').fill('api')
    page.get_by_role('gridcell').filter(has_text='behind').hover()
    clicks.click(page.get_by_role('button', name=f'Promote api from {source} to {managed}'))
    plan = page.get_by_role('dialog', name=f'Promote from {source} to {managed}')
    plan.get_by_label('Reason').fill('It did well')
    confirm = plan.get_by_role('button', name='Promote', exact=True)
    expect(confirm).not_to_have_attribute('aria-disabled', 'true')
    clicks.click(confirm)
    expect(plan).to_have_count(0)
    assert clicks.count == 3
