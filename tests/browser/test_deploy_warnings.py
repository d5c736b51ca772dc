"""What the deploy dialog states of other services that fail."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_live_rules import run_tasks
from tests.client import path
from tests.moving import run_everything
from tests.server import Server


@pytest.fixture
def failing(server: Server) -> str:
    """A cluster whose second version of web runs no task; api runs."""
    services = [{name: {'image': f'team/{name}:1', 'desired_count': 2}} for name in ('web', 'api')]
    name = server.cluster({'services': services})
    assert server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'}).status == 202
    run_everything(server, name)
    run_tasks(server, name, 'web', 0)
    return name


@pytest.mark.parametrize(
    ('steps', 'words'),
    [
        ([], 'web is failing in this cluster. This deployment does not touch it.'),
        ([{'kind': 'service', 'service': 'web', 'text': 'Update the service web'}], 'This deployment changes web too.'),
    ],
)
def test_another_service_fails(page: Page, server: Server, failing: str, steps: list[dict], words: str):
    def planned(route: Route) -> None:
        answer = route.fetch().json()
        plan = answer.get('plan', answer)
        plan.get('ecs', plan)['steps'] = steps
        route.fulfill(json=answer)

    page.route(re.compile(f'/clusters/{failing}/.*dry_run'), planned)
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{failing}/services/api')
    page.get_by_role('button', name='Deploy', exact=True).click()
    dialog = page.get_by_role('dialog')
    dialog.get_by_label('Tag', exact=True).fill('3')
    dialog.get_by_text(re.compile('Use .3.')).click()
    expect(dialog.get_by_text(words)).to_be_visible()
