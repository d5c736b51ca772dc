"""Deployments in stages: the split of the traffic, the stages, a pause and a bake, and the dialogs that act on them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.dressing import dress
from tests.browser.waiting import until
from tests.moving import run_everything
from tests.server import Server

ARN = 'arn:aws:ecs:us-east-1:123456789012:service-deployment/c/web/1'
STAGES = ('SCALE_UP', 'POST_TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT', 'BAKE_TIME', 'CLEAN_UP')
CONFIG = {'services': [{'web': {'image': 'team/web:v2', 'desired_count': 2, 'memory': 64}}]}


def stamp(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def stages(at: str) -> list[dict[str, Any]]:
    now = STAGES.index(at)
    states = ['done'] * now + ['now'] + ['next'] * (len(STAGES) - now - 1)
    pairs = zip(STAGES, states, strict=True)
    return [{'stage': stage, 'state': state, 'since': None if state == 'next' else stamp(-5)} for stage, state in pairs]


def rolling(state: str, stage: str, new: float, **more: Any) -> dict[str, Any]:
    """The row of a service in a stage, as the live channel has it."""
    counts = {'desired': 2, 'running': 2, 'image_before': 'team/web:v1', 'image': 'team/web:v2'}
    head = {'sync': 'rolling-out', 'health': 'healthy', 'state': state, 'verdict': None}
    deployment = {'strategy': 'blue_green', 'deployment_arn': ARN, 'stage': stage, 'stages': stages(stage)}
    deployed = {'image': 'team/web:v1', 'desired': 2, 'running': 4, 'pending': 0}
    return {
        **counts,
        **head,
        **deployment,
        'deployed': deployed,
        'traffic': {'old': 100 - new, 'new': new},
        'alarms': {'names': ['web-5xx', 'web-p95'], 'triggered': []},
        **more,
    }


def paused() -> dict[str, Any]:
    stage = 'POST_TEST_TRAFFIC_SHIFT'
    waiting = {
        'hook': 'hook-1',
        'stage': stage,
        'since': stamp(-4),
        'until': stamp(25),
        'on_timeout': 'rollback',
        'message': 'Run the smoke test',
        'may': 'role deployer',
    }
    return rolling('paused', stage, 0, waiting=waiting)


@pytest.fixture
def cluster(server: Server) -> str:
    name = server.cluster(CONFIG)
    run_everything(server, name)
    return name


def opened(page: Page, server: Server, cluster: str, rest: str = '/services/web') -> None:
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}{rest}')


def sideways(page: Page) -> int:
    return page.evaluate('() => document.documentElement.scrollWidth - innerWidth')


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_a_pause_shows_what_it_waits_for_until_when_and_what_happens_then(
    page: Page, server: Server, cluster: str, violations: Callable[[], list[str]], theme: str
):
    page.emulate_media(color_scheme=theme)
    dress(page, 'web', paused())
    opened(page, server, cluster)
    rollout = page.get_by_role('region', name='Rollout of web')
    expect(rollout.get_by_role('heading', name='Run the smoke test')).to_be_visible()
    expect(rollout).to_contain_text(re.compile(r'2[45]:\d\d'))
    expect(rollout).to_contain_text('then ECS rolls back to v1')
    expect(rollout).to_contain_text('You may continue (role deployer)')
    expect(rollout.get_by_role('img', name=re.compile(r'^100 % on old tasks \(v1\), 0 %'))).to_be_visible()
    expect(rollout.get_by_role('listitem')).to_have_count(len(STAGES))
    expect(rollout.get_by_role('listitem').filter(has_text='Pause:')).to_contain_text('paused')
    expect(page.get_by_role('row').filter(has_text='web')).to_contain_text('Paused')
    assert violations() == []
    page.set_viewport_size({'width': 390, 'height': 844})
    assert sideways(page) <= 0
    assert violations() == []
    page.goto(f'http://127.0.0.1:{server.port}/cp?size=large&q={cluster}')
    tile = page.get_by_role('article').filter(has_text=cluster)
    expect(tile).to_contain_text('Waiting for you')
    expect(tile).to_contain_text('Run the smoke test')
    assert violations() == []


def answered(page: Page, action: str, status: int, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer a call on the rollout; returns the bodies that the page sends."""
    sent: list[dict[str, Any]] = []

    def reply(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or '{}'))
        route.fulfill(status=status, json=answer)

    page.route(re.compile(f'/services/web/rollout/{action}$'), reply)
    return sent


def test_a_pause_ends_by_keyboard_alone_with_what_the_viewer_saw(page: Page, server: Server, cluster: str):
    dress(page, 'web', paused())
    sent = answered(page, 'continue', 200, {'cluster': cluster, 'service': 'web', 'message': 'It goes on.'})
    opened(page, server, cluster)
    go_on = page.get_by_role('button', name='Continue', exact=True)
    go_on.focus()
    page.keyboard.press('Enter')
    dialog = page.get_by_role('dialog', name='Continue the rollout of web')
    expect(dialog.get_by_label('Reason')).to_be_focused()
    page.keyboard.type('Smoke test passed')
    page.keyboard.press('Enter')
    expect(dialog).to_have_count(0)
    until(page, lambda: bool(sent))
    assert sent == [{'action': 'continue', 'reason': 'Smoke test passed', 'hook': 'hook-1', 'deployment': ARN}]


def test_a_stop_names_the_deployment_that_was_seen_and_shows_a_refusal(
    page: Page, server: Server, cluster: str, violations: Callable[[], list[str]]
):
    row = rolling('baking', 'BAKE_TIME', 100, until=stamp(9))
    dress(page, 'web', row)
    refusal = {'error': 'deployment_moved', 'message': 'Another deployment has begun.', 'details': []}
    sent = answered(page, 'stop', 409, refusal)
    opened(page, server, cluster)
    rollout = page.get_by_role('region', name='Rollout of web')
    expect(rollout).to_contain_text('bakes until')
    expect(page.get_by_role('row').filter(has_text='web')).to_contain_text('Baking')
    rollout.get_by_role('button', name='Stop rollout').click()
    dialog = page.get_by_role('dialog', name='Stop the rollout of web')
    stop = dialog.get_by_role('button', name='Stop and roll back')
    expect(stop).to_have_attribute('aria-disabled', 'true')
    assert violations() == []
    dialog.get_by_label('Reason').fill('5xx in the logs')
    stop.click()
    expect(dialog.get_by_role('alert')).to_contain_text('Another deployment has begun.')
    assert sent == [{'mode': 'rollback', 'reason': '5xx in the logs', 'deployment': ARN}]
