"""Tasks that run by themselves: runs of a schedule, gates of a rollout, restarts after secrets changed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dressing import dress
from tests.contract.test_runs import Stage
from tests.moving import run_everything
from tests.server import Server


def test_a_run_appears_while_one_looks_and_its_log_is_read(
    page: Page, server: Server, violations: Callable[[], list[str]]
):
    stage = Stage(server)
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{stage.name}/services/report?tab=runs')
    drawer = page.get_by_role('complementary', name='Service report')
    expect(drawer.get_by_text('cron(0 3 * * ? 2199)')).to_be_visible()
    expect(drawer.get_by_role('heading', name='No run yet')).to_be_visible()
    assert stage.call('POST', '/report/run?message=after%20the%20import').status == 202
    stage.start()
    server.aws.advance(120)
    stage.follow()
    line = drawer.get_by_role('listitem').filter(has_text='after the import')
    expect(line).to_contain_text('succeeded')
    expect(line).to_contain_text('exit code 0')
    expect(drawer.get_by_role('img', name='The last 1 run, the newest last')).to_be_visible()
    line.get_by_role('button', name='Log').click()
    expect(line.get_by_role('button', name='Hide log')).to_be_visible()
    assert violations() == []
    page.get_by_role('tab', name='Runs').press('ArrowRight')
    expect(page.get_by_role('tab', name='Configuration')).to_be_focused()


@pytest.fixture
def cluster(server: Server) -> str:
    name = server.cluster({'services': [{'web': {'image': 'team/web:v2', 'desired_count': 1, 'memory': 64}}]})
    run_everything(server, name)
    return name


def test_the_gates_of_a_rollout_state_how_they_ended(
    page: Page, server: Server, cluster: str, violations: Callable[[], list[str]]
):
    times = {'started_at': '2030-04-02T09:20:00Z', 'ended_at': '2030-04-02T09:21:00Z'}
    gates = [
        {
            'name': 'migrate',
            'stage': 'pre_deploy',
            'state': 'failed',
            'exit_code': 3,
            'lines': ['no such table'],
            **times,
        }
        | {'reason': 'The task exited with code 3.'},
        {'name': 'smoke', 'stage': 'post_deploy', 'state': 'running', 'exit_code': None, 'lines': [], **times},
    ]
    waits = {'services': [], 'gate': 'migrate', 'wave': 1}
    dress(page, 'web', {'sync': 'rolling-out', 'state': 'queued', 'verdict': None, 'gates': gates, 'waits': waits})
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}/rollout')
    region = page.get_by_role('region', name='Tasks before and after rollouts')
    migrate = region.get_by_role('listitem').filter(has_text='migrate')
    for text in ('Failed', 'before web', 'exit code 3', 'The task exited with code 3.', 'no such table'):
        expect(migrate).to_contain_text(text)
    expect(region.get_by_role('listitem').filter(has_text='smoke')).to_contain_text('after web')
    expect(page.get_by_role('region', name='In progress')).to_contain_text('Waits for migrate')
    assert violations() == []


def test_secrets_that_changed_are_taken_over_by_a_restart(
    page: Page, server: Server, cluster: str, violations: Callable[[], list[str]]
):
    dress(page, 'web', {'stale_secrets': [{'name': 'API_KEY', 'since': '2030-04-02T09:20:00Z'}]})
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}/services/web')
    banner = page.get_by_role('status').filter(has_text='1 secret changed after the tasks started')
    expect(banner.get_by_text('API_KEY')).to_be_visible()
    assert violations() == []
    banner.get_by_role('button', name='Restart').click()
    expect(page.get_by_role('dialog', name='Restart web')).to_contain_text('Replaces all tasks')
