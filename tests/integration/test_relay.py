"""The relay as a process: what it posts to a webhook that is slow to take it, and how it ends."""

import asyncio
import json
import signal
import time
from pathlib import Path

import pytest

from tests.guarded import Guarded
from tests.process import run
from tests.relay_process import RelayProcess, relaying
from tests.rolling import eventually
from tests.server import Server
from tests.webhook import Webhook

CONFIG = {'services': [{'web': {'image': 'team/web:1', 'desired_count': 2}}]}


def origin(server: Server) -> str:
    return f'http://127.0.0.1:{server.port}'


def change(server: Server, cluster: str, tag: str) -> None:
    path = f'/clusters/{cluster}/services/web?message=faster'
    assert server.api('PUT', path, {'image_tag': tag}, X_Nysa_Actor='kim').status == 202


def line(server: Server, cluster: str, change: str) -> str:
    where = f'*<{origin(server)}/cp/clusters/{cluster}/rollout|{cluster}>*'
    return f':rocket: {where}: kim rolls out web: image {change} — faster'


def test_what_happens_is_posted(server: Server, webhook: Webhook):
    cluster = server.cluster(CONFIG)
    webhook.answers.append((429, '1'))
    with relaying(origin(server), webhook.url):
        change(server, cluster, '2')
        text = webhook.texts.get(timeout=60)
    assert text.splitlines()[0] == line(server, cluster, '1 → 2')
    assert webhook.refused == 1


def test_what_waits_is_posted_before_it_ends(server: Server, webhook: Webhook):
    cluster = server.cluster(CONFIG)
    with relaying(origin(server), webhook.url, NYSA_URL='https://nysa.example.com'):
        change(server, cluster, '2')
        first = webhook.texts.get(timeout=60)
        change(server, cluster, '3')
        change(server, cluster, '4')
        assert server.api('PUT', f'/clusters/{cluster}/freeze', {'reason': 'launch'}).status == 200
        server.run(server.context.live.hub.delivery.drain())
        # The relay answers a ping once it has read what was sent before.
        server.run(server.context.sockets.beat())
        asyncio.run(eventually(lambda: not any(server.context.sockets._unanswered.values())))
    lines = [first, *webhook.texts.queue]
    assert [each.split('*: ')[-1] for each in '\n'.join(lines).splitlines() if 'rocket' in each] == [
        f'kim rolls out web: image {tags} — faster' for tags in ('1 → 2', '2 → 3', '3 → 4')
    ]
    assert 'https://nysa.example.com/cp/clusters/' in first


def test_one_that_was_killed_goes_on_where_it_was(server: Server, webhook: Webhook, tmp_path: Path):
    """Nothing is published twice, and a change stored meanwhile is published."""
    cluster, file = server.cluster(CONFIG), tmp_path / 'state'
    state = str(file)
    first = RelayProcess(origin(server), webhook.url, NYSA_RELAY_STATE=state)
    change(server, cluster, '2')
    lines = webhook.texts.get(timeout=60).splitlines()
    while json.loads(file.read_text())['waiting']:
        time.sleep(0.01)  # a file has no notification of writes: poll it
    first.end(signal.SIGKILL)
    change(server, cluster, '3')
    webhook.answers.append((503, None))
    second = RelayProcess(origin(server), webhook.url, NYSA_RELAY_STATE=state)
    second.end(signal.SIGKILL)
    with relaying(origin(server), webhook.url, NYSA_RELAY_STATE=state):
        change(server, cluster, '4')
        while line(server, cluster, '3 → 4') not in lines:
            lines += webhook.texts.get(timeout=60).splitlines()
    assert [each for each in lines if 'rocket' in each] == [
        line(server, cluster, tags) for tags in ('1 → 2', '2 → 3', '3 → 4')
    ]


def test_a_refused_token_is_reported_and_ends_the_relay(guarded: Guarded, webhook: Webhook):
    ended = run('relay', NYSA_RELAY_SERVER=origin(guarded), SLACK_NOTIFICATIONS_WEBHOOK_URL=webhook.url)
    assert (ended.returncode, 'NYSA_RELAY_TOKEN' in ended.stderr) == (1, True)
    token = guarded.token('viewer')
    process = RelayProcess(origin(guarded), webhook.url, NYSA_RELAY_TOKEN=token)
    guarded.revoke(token)
    guarded.run(close_ended(guarded))
    status, lines = process.ended()
    assert (status, 'NYSA_RELAY_TOKEN' in lines, token in lines) == (1, True, False)
    assert 'Traceback' not in lines


async def close_ended(guarded: Guarded) -> None:
    """What the server does every 5 s."""
    guarded.context.sockets.close_ended(guarded.context.access.controlled().is_valid)


@pytest.mark.parametrize(
    'given',
    [
        {},
        {'SLACK_NOTIFICATIONS_WEBHOOK_URL': 'ftp://x'},
        {'NYSA_RELAY_SERVER': 'x'},
        {'NYSA_RELAY_STATE': 'there/is/none', 'SLACK_NOTIFICATIONS_WEBHOOK_URL': 'http://127.0.0.1:1/'},
    ],
)
def test_missing_settings_are_reported(given: dict[str, str]):
    ended = run('relay', **given)
    assert ended.returncode == 2
    assert next(iter(given), 'SLACK_NOTIFICATIONS_WEBHOOK_URL') in ended.stderr
    assert 'Traceback' not in ended.stderr
