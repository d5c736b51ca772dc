"""Freeze windows, in a stackfile and in the calendar: refused as in a freeze, shown ahead of time, and recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.client import path
from tests.server import Server

SERVICES = [{'web': {'image': 'nginx:1'}}]


def window(starts: timedelta, **more: Any) -> dict[str, Any]:
    """A window of a day that begins once, so long after now, at a whole minute."""
    at = (datetime.now(UTC) + starts).replace(second=0)
    cron = f'{at.minute} {at.hour} {at.day} {at.month} ? {at.year}'
    return {'cron': cron, 'duration': '1d', 'reason': 'stock-taking', **more}


def now(**more: Any) -> dict[str, Any]:
    return window(timedelta(hours=-1), **more)


def later(**more: Any) -> dict[str, Any]:
    return window(timedelta(hours=1), **more)


def put(server: Server, name: str, query: str = '', **document: Any):
    return server.api('PUT', path('clusters', name, 'config') + query, {'services': SERVICES, **document})


def schedule(server: Server, *windows: dict[str, Any], query: str = '', **headers: str):
    return server.api('PUT', '/freezes' + query, {'content': list(windows)}, **headers)


def test_a_window_of_a_stackfile_refuses_changes_until_it_ends_or_is_overridden(server: Server):
    name = server.cluster({'services': SERVICES})
    assert put(server, name, freezes=[now()]).status == 202
    shown = server.api('GET', path('clusters', name)).json
    assert shown['frozen']['by'] == 'freeze window'
    assert shown['freeze_windows']['now']['until'] == shown['frozen']['until']
    current = server.stored(name)['VersionId']
    for refused in (put(server, name), server.api('POST', path('clusters', name, 'deploy'))):
        assert (refused.status, refused.json['error']) == (423, 'frozen')
        assert 'frozen by a freeze window until' in refused.json['message']
        assert 'stock-taking' in refused.json['message']
    assert server.stored(name)['VersionId'] == current
    thaw = server.api('DELETE', path('clusters', name, 'freeze'))
    assert (thaw.status, 'ends by itself' in thaw.json['message']) == (404, True)
    plan = server.api('PUT', path('clusters', name, 'config') + '?dry_run=true', {'services': SERVICES}).json
    assert [note['code'] for note in plan['notes']] == ['frozen']
    assert put(server, name, '?override=urgent').status == 202, 'a change that removes it, overridden'
    assert put(server, name, freezes=[later()]).status == 202
    assert 'freeze_windows' not in server.api('GET', path('clusters', server.cluster({'services': SERVICES}))).json


def test_windows_of_the_past_are_listed_since_a_time(server: Server):
    name = server.cluster({'services': SERVICES})
    over = window(timedelta(days=-3))
    put(server, name, freezes=[over, later()])
    freeze = path('clusters', name, 'freeze')
    assert 'past' not in server.api('GET', freeze).json['freeze_windows']
    [found] = server.api('GET', freeze + '?since=7d').json['freeze_windows']['past']
    assert found['reason'] == 'stock-taking'
    assert datetime.fromisoformat(found['until']) < datetime.now(UTC)
    assert server.api('GET', freeze + '?since=1d').json['freeze_windows']['past'] == []
    assert server.api('GET', freeze + '?since=yesterday').status == 400


def test_windows_to_come_are_shown_and_refuse_nothing(server: Server):
    name = server.cluster({'services': SERVICES})
    in_half_a_year = (datetime.now(UTC).month + 5) % 12 + 1
    put(server, name, freezes=[later(), later(reason='audit', cron=f'0 0 15 {in_half_a_year} ? *')])
    shown = server.api('GET', path('clusters', name, 'freeze')).json
    assert shown['frozen'] is None
    assert shown['freeze_windows']['now'] is None
    assert [each['reason'] for each in shown['freeze_windows']['next']].count('audit') >= 4
    assert put(server, name).status == 202


def test_a_window_that_cannot_be_is_refused(server: Server):
    name = server.cluster({'services': SERVICES})
    current = server.stored(name)['VersionId']
    refused = put(server, name, freezes=[now(), now(cron='0 22 * * *')])
    assert (refused.status, refused.json['details'][0]['path']) == (400, 'freezes[1].cron')
    refused = schedule(server, now(clusters=['x']), later(clusters=[]), later(clusters=['y'], duration='1y'))
    assert refused.status == 400
    assert [each['path'] for each in refused.json['details']] == ['content[2].duration']
    assert server.stored(name)['VersionId'] == current
    for body in (None, [], {'content': None}, {'content': 5}, {'windows': []}):
        assert server.api('PUT', '/freezes', body).status == 400


@pytest.fixture
def scheduled(server: Server) -> Any:
    """A server whose calendar is emptied in the end."""
    yield server
    assert schedule(server, query='?override=end+of+the+test').status == 200


def test_the_calendar_freezes_the_clusters_that_it_names(scheduled: Server):
    server = scheduled
    frozen, free = server.cluster({'services': SERVICES}), server.cluster({'services': SERVICES})
    stored = schedule(
        server, now(clusters=[frozen]), later(clusters=[f'{free}*']), query='?message=plan', X_Nysa_Actor='maria'
    )
    assert stored.status == 200, stored.body
    assert [each['clusters'] for each in stored.json['content']] == [[frozen], [f'{free}*']]
    assert put(server, frozen).status == 423
    assert put(server, free).status == 202
    assert put(server, frozen, '?override=urgent').status == 202
    read = server.api('GET', '/freezes')
    assert (read.json['content'], read.headers['ETag']) == (stored.json['content'], stored.headers['ETag'])
    assert read.json['next'][0]['reason'] == 'stock-taking'
    entries = server.api('GET', path('clusters', frozen, 'audit')).json['content']
    [entry] = [each for each in entries if each['did'].get('verb') == 'freeze windows']
    assert (entry['kind'], entry['by'], entry['message'], entry['did']['added']) == ('change', 'maria', 'plan', 1)


def test_the_calendar_is_changed_on_its_condition(scheduled: Server):
    server, name = scheduled, scheduled.cluster({'services': SERVICES})
    first = schedule(server, later(clusters=[name]))
    assert schedule(server, later(clusters=[name], reason='x'), If_Match=first.headers['ETag']).status == 200
    outdated = schedule(server, If_Match=first.headers['ETag'])
    assert (outdated.status, outdated.json['error']) == (412, 'revision_conflict')
    tried = schedule(server, later(clusters=[name], reason='tried'), query='?dry_run=true')
    assert tried.json['content'][0]['reason'] == 'tried'
    assert server.api('GET', '/freezes').json['content'][0]['reason'] == 'x'


def test_a_window_of_the_calendar_in_progress_ends_early_by_an_override_alone(scheduled: Server):
    server, name = scheduled, scheduled.cluster({'services': SERVICES})
    schedule(server, now(clusters=[name]))
    refused = schedule(server)
    assert (refused.status, refused.json['error']) == (423, 'frozen')
    assert schedule(server, now(clusters=[name]), later(clusters=[name])).status == 200
    assert schedule(server, query='?override=urgent').status == 200
    assert put(server, name).status == 202
    entries = server.api('GET', path('clusters', name, 'audit')).json['content']
    assert ('override', 'urgent') in [(each['kind'], each.get('override')) for each in entries]
