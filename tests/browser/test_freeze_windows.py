"""Freezes of the calendar: shown ahead of time on the page of the cluster and in its history."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.server import Server


def test_the_next_freeze_is_shown_ahead_of_time(page: Page, server: Server, violations: Callable[[], list[str]]):
    ahead = datetime.now(UTC) + timedelta(hours=3)
    window = {'cron': f'{ahead.minute} {ahead.hour} * * ? *', 'duration': '1h', 'timezone': 'UTC', 'reason': 'payroll'}
    services = [{'web': {'image': 'team/web:1', 'memory': 64, 'desired_count': 1}}]
    cluster = server.cluster({'freezes': [window], 'services': services})
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    expect(page.get_by_role('main')).to_contain_text('Freezes')
    expect(page.get_by_role('main')).to_contain_text('payroll')
    assert violations() == []
    page.get_by_role('navigation', name=cluster).get_by_role('link', name='History').click()
    band = page.get_by_role('listitem').filter(has_text='Next freeze window')
    expect(band.first).to_contain_text('payroll')
    assert violations() == []
