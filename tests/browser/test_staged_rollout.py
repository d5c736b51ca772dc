"""A deployment in stages on the real product: it waits for a person, goes on, and is stopped."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import IMAGE
from tests.process import Process

SERVICE = 'staged-web'
PATH = f'/clusters/staging/services/{SERVICE}'

# Minutes of the embedded ECS take seconds, on a machine that does other things too.
PATIENCE_S = 180.0
LONG_MS = 1000 * PATIENCE_S

HOOK = {'type': 'pause', 'stages': ['post_scale_up'], 'timeout': '10d', 'message': 'Run the smoke test'}
# The bake lasts 20 minutes here: nothing ends it but the stop.
STAGED = {'strategy': 'blue_green', 'bake_time': '20h', 'hooks': [HOOK]}


def settings(tag: str, **more: Any) -> dict[str, Any]:
    return {'image': f'{IMAGE}:{tag}', 'desired_count': 1, 'memory': 64, **more}


def store(product: Process, reason: str, spec: dict[str, Any]) -> None:
    answer = product.api('PUT', f'{PATH}/spec?message={reason}', spec)
    assert answer.status in (200, 201, 202), answer.json


def until_row(product: Process, holds: Callable[[dict[str, Any]], object]) -> None:
    """Return once the service is as it is waited for."""
    end = time.monotonic() + PATIENCE_S
    while not holds(row := product.api('GET', PATH).json):
        assert time.monotonic() < end, row
        time.sleep(0.2)  # polls: the row is all that shows it


def former_version_runs(page: Page, product: Process) -> None:
    """While the new version has no traffic: in the API, the row, the matrix and the list of versions to deploy."""
    assert product.api('GET', PATH).json['deployed']['image_tag'] == 'v2.6.0'
    page.goto('/cp/clusters/staging')
    row = page.get_by_role('row').filter(has_text=SERVICE)
    expect(row).to_contain_text('v2.6.0 to v2.6.1')
    expect(row).to_contain_text('0 % of traffic')
    row.hover()
    row.get_by_role('button', name='Deploy').click()
    versions = page.get_by_role('dialog').get_by_role('radiogroup', name='Versions')
    # Another service of the cluster has images of the same repository.
    expect(versions.locator('label').filter(has_text='Running here, paused')).to_contain_text('v2.6.0')
    page.goto(f'/cp/versions?q={SERVICE}')
    cell = page.get_by_role('gridcell').filter(has_text='paused')
    expect(cell).to_contain_text('v2.6.0 to v2.6.1')


def test_a_deployment_waits_for_a_person_goes_on_and_is_stopped(page: Page, product: Process):
    store(product, 'begin', settings('v2.6.0'))
    until_row(product, lambda row: row['state'] == 'steady')
    store(product, 'faster', settings('v2.6.1', deployment=STAGED))
    until_row(product, lambda row: row['state'] == 'paused')

    page.emulate_media(reduced_motion='reduce')
    former_version_runs(page, product)
    page.goto(f'/cp{PATH}')
    rollout = page.get_by_role('region', name=f'Rollout of {SERVICE}')
    expect(rollout.get_by_role('heading', name='Run the smoke test')).to_be_visible()
    rollout.get_by_role('button', name='Continue', exact=True).click()
    page.get_by_label('Reason').fill('It answers')
    page.get_by_role('dialog').get_by_role('button', name='Continue', exact=True).click()
    expect(page.get_by_role('dialog')).to_have_count(0, timeout=LONG_MS)

    expect(rollout).to_contain_text('bakes until', timeout=LONG_MS)
    assert product.api('GET', PATH).json['deployed']['image_tag'] == 'v2.6.1'
    rollout.get_by_role('button', name='Stop rollout').click()
    page.get_by_label('Reason').fill('Too many errors')
    page.get_by_role('dialog').get_by_role('button', name='Stop and roll back').click()
    expect(page.get_by_role('dialog')).to_have_count(0, timeout=LONG_MS)
    page.get_by_role('navigation', name='staging').get_by_role('link', name='History').click()
    expect(page.get_by_role('listitem').filter(has_text='Too many errors').first).to_be_visible(timeout=LONG_MS)

    until_row(product, lambda row: row['image_tag'] == 'v2.6.0' and row['state'] == 'steady')
    assert product.api('DELETE', f'{PATH}?message=end').status in (200, 202)
