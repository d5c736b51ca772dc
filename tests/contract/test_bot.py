"""The chat bot of the system that this one replaced, as it calls: Basic auth in the address, 200 and 202, `message`."""

import json
import urllib.request
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.server import Server


class Bot:
    """The bot's client: it knows one address, sends JSON, and prints `message` to the user."""

    def __init__(self, address: str):
        parts = urlsplit(address)
        self._base = f'{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}'
        self._key = b64encode(f'{parts.username}:{parts.password}'.encode()).decode()

    def call(self, method: str, path: str, expected: int, body: Any = None) -> Any:
        headers = {'Authorization': f'Basic {self._key}', 'Content-Type': 'application/json'}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            assert answer.status == expected
            return json.load(answer)

    def tags(self, cluster: str, service: str) -> list[str]:
        found = self.call('GET', f'/v1/clusters/{quote(cluster)}/services/{quote(service)}/tags', 200)
        return [each['tag'] for each in found['content']]

    def deploy(self, cluster: str, service: str, tag: str) -> str:
        path = f'/v1/clusters/{quote(cluster)}/services/{quote(service)}'
        return self.call('PUT', path, 202, {'image_tag': tag})['message']

    def set_variable(self, cluster: str, service: str, name: str, value: str) -> str:
        config = self.call('GET', f'/v1/clusters/{quote(cluster)}/config', 200)
        for each in config['services']:
            if service in each:
                each[service].setdefault('environment', []).append({name: value})
        return self.call('PUT', f'/v1/clusters/{quote(cluster)}/config', 202, config)['message']


@pytest.fixture
def bot(server: Server) -> Bot:
    return Bot(f'http://hubot:token@127.0.0.1:{server.port}/api')


def test_the_bot_deploys_a_tag_that_it_was_offered(server: Server, bot: Bot):
    repository = server.aws.repository('team/user-service', ['v1.2.2', 'v1.2.3', 'latest'])
    image = server.aws.image(repository, 'v1.2.2')
    cluster = server.cluster({'services': [{'user-service': {'image': image}}]}, 'eu-staging-1')
    assert bot.tags(cluster, 'user-service') == ['latest', 'v1.2.3', 'v1.2.2']
    assert bot.deploy(cluster, 'user-service', 'v1.2.3') == 'deploying...'
    assert server.document(cluster) == {'services': [{'user-service': {'image': image.replace('v1.2.2', 'v1.2.3')}}]}
    [message] = server.messages()
    assert message['requested_by'] == 'hubot'


@pytest.mark.parametrize(
    ('image', 'deployed'),
    [
        ('nginx', 'nginx:v1.2.3'),
        ('nginx:1', 'nginx:v1.2.3'),
        ('localhost:5000/app', 'localhost:5000/app:v1.2.3'),
        ('registry.example.com:5000/team/app:1', 'registry.example.com:5000/team/app:v1.2.3'),
        ('team/app@sha256:' + '0' * 64, 'team/app:v1.2.3'),
        ('team/app:1@sha256:' + '0' * 64, 'team/app:v1.2.3'),
    ],
)
def test_the_bot_changes_nothing_but_the_tag(server: Server, bot: Bot, image: str, deployed: str):
    cluster = server.cluster({'services': [{'app': {'image': image}}]})
    bot.deploy(cluster, 'app', 'v1.2.3')
    assert server.document(cluster) == {'services': [{'app': {'image': deployed}}]}


def test_the_bot_edits_the_document(server: Server, bot: Bot):
    cluster = server.cluster({'services': [{'app': {'image': 'nginx:1'}}]})
    assert bot.set_variable(cluster, 'app', 'LEVEL', 'debug') == 'deploying...'
    assert server.document(cluster)['services'][0]['app']['environment'] == [{'LEVEL': 'debug'}]
