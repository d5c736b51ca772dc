"""The commands in docs/ do what they are there for: each succeeds, in the order of its document."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.server import Server

ROOT = Path(__file__).parents[2]
BASE = '$NYSA'

# What a shell would have to put together first, or what waits for a rollout: shown, and not tried here.
UNTRIED = re.compile(r'[|;]|\$\(|\$[a-z]|wait=')


@dataclass(frozen=True)
class Command:
    verb: str
    path: str
    body: bytes | None
    headers: dict[str, str]


def commands(document: Path) -> list[list[str]]:
    """The words of every curl command in the document's shell blocks."""
    blocks = re.findall(r'^```sh\n(.*?)^```$', document.read_text(), re.MULTILINE | re.DOTALL)
    lines = '\n'.join(blocks).replace('\\\n', ' ').splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith('curl') and not UNTRIED.search(line)]


def read(words: list[str], files: dict[str, str]) -> Command:
    """What curl would send, as far as the documents use it."""
    verb, body, headers, address = '', None, {}, ''
    rest = iter(words[1:])
    for word in rest:
        match word:
            case '-X':
                verb = next(rest)
            case '-H':
                name, _, value = next(rest).partition(':')
                headers[name] = value.strip()
            case '--json' | '--data-binary':
                given = next(rest)
                body = (files[given[1:]] if given.startswith('@') else given).encode()
                if word == '--json':
                    headers['Content-Type'] = 'application/json'
            case _ if word.startswith(BASE):
                address = word.removeprefix(BASE)
            case _:
                raise AssertionError(f'{word!r} in {words}')
    return Command(verb or ('POST' if body else 'GET'), address, body, headers)


@pytest.mark.parametrize('document', ['docs/tour.md', 'docs/api.md'])
def test_every_command_succeeds(document: str, server: Server):
    aws = server.aws
    image = aws.image(aws.repository(tags=['v2.6.0', 'v2.6.1', 'latest']), 'v2.6.0')
    config = {'services': [{'user-service': {'image': image}}, {'email-worker': {'image': image}}]}
    for name in ('staging', 'demo', 'legacy'):
        aws.cluster(name)
    server.api('POST', '/clusters', {'name': 'staging', 'config': config})
    tried = commands(ROOT / document)
    assert tried
    for words in tried:
        command = read(words, {'staging.yml': yaml.safe_dump(config)})
        headers = {name.replace('-', '_'): value for name, value in command.headers.items()}
        answer = server.api(command.verb, command.path, command.body, **headers)
        if command.path == '/stackfiles/validate':
            assert (answer.status, len(answer.json['details'])) == (400, 3), 'the example shows mistakes'
            continue
        assert answer.status < 300, (words, answer.body)
